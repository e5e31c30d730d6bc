package speed

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// ticks is how many of /proc/stat's units a second has: USER_HZ, which is 100 on all of
// Linux's architectures that the engine is built for.
const ticks = 100

// leastWatched is how many seconds a measurement must take for shares of CPUs to mean something:
// all counters are in hundredths of a second.
const leastWatched = 0.25

// Sensors are a Sensor for what Linux tells in /proc and /sys. Elsewhere all is unknown.
type Sensors struct {
	root   fs.FS // "/"
	meters []meter
	gpu    *nvidia
	begun  counters
	joules []float64
}

// counters are what grows while the machine works; nil: not told.
type counters struct {
	busy, own, stolen *float64 // seconds of all CPUs
	wall              *float64 // seconds
	held              *float64 // seconds
	throttles         *uint64
}

// OpenSensors looks for what there is. root is the file system, os.DirFS("/"). smi is the
// command that tells of NVIDIA's devices, nil where none of them is used. The notes say what
// is there and cannot be read. The caller closes the Sensors.
func OpenSensors(root fs.FS, smi []string) (s *Sensors, notes []string) {
	s = &Sensors{root: root}
	var note string
	if s.meters, note = packages(root); note != "" {
		notes = append(notes, note)
	}
	if len(smi) > 0 {
		if s.gpu, note = startNVIDIA(smi); note != "" {
			notes = append(notes, note)
		}
	}
	if governor := read(root, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"); governor == "powersave" || governor == "conservative" {
		if driver := read(root, "sys/devices/system/cpu/cpu0/cpufreq/scaling_driver"); driver != "intel_pstate" && driver != "amd-pstate-epp" {
			notes = append(notes, "the CPUs are governed to save power ("+governor+"): they may be slower than they can be")
		}
	}
	return s, notes
}

// Close ends what reads the devices.
func (s *Sensors) Close() {
	if s.gpu != nil {
		s.gpu.close()
	}
}

// PeakRSS is the most host memory that this process had so far, mapped files included; 0: not
// known.
func (s *Sensors) PeakRSS() uint64 {
	for line := range strings.Lines(read(s.root, "proc/self/status")) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			if v := numbers(rest); len(v) > 0 {
				return uint64(v[0]) << 10
			}
		}
	}
	return 0
}

// Begin reads the counters.
func (s *Sensors) Begin(onDevice bool) {
	s.begun = s.count()
	s.joules = s.joules[:0]
	for i := range s.meters {
		s.joules = append(s.joules, s.meters[i].read(s.root))
	}
	if s.gpu != nil {
		s.gpu.begin()
	}
	s.begunOn(onDevice)
}

// begunOn forgets energy that would be of a part of the machine only.
func (s *Sensors) begunOn(onDevice bool) {
	if onDevice && s.gpu == nil {
		s.joules = s.joules[:0]
	}
}

// End reads them again.
func (s *Sensors) End() (c Conditions) {
	gpu, gpuKnown := 0.0, false
	if s.gpu != nil {
		gpu, gpuKnown = s.gpu.end()
	}
	whole := s.gpu == nil || gpuKnown
	var energy []Energy
	for i, before := range s.joules {
		after := s.meters[i].read(s.root)
		if before < 0 || after < 0 {
			whole = false
			break
		}
		if after < before {
			after += s.meters[i].turns
		}
		energy = append(energy, Energy{s.meters[i].name, after - before})
	}
	if gpuKnown {
		energy = append(energy, Energy{"GPUs", gpu})
	}
	if whole {
		c.Energy = energy
	}
	now, then := s.count(), s.begun
	if wall := minus(now.wall, then.wall); wall != nil && *wall >= leastWatched {
		if busy, own := minus(now.busy, then.busy), minus(now.own, then.own); busy != nil && own != nil {
			others := max((*busy-*own) / *wall, 0)
			c.Others = &others
		}
		if stolen := minus(now.stolen, then.stolen); stolen != nil {
			share := *stolen / *wall
			c.Stolen = &share
		}
	}
	c.Held = minus(now.held, then.held)
	if now.throttles != nil && then.throttles != nil {
		n := *now.throttles - *then.throttles
		c.Throttles = &n
	}
	c.MHz, c.Celsius = s.megahertz(), s.celsius()
	return c
}

func minus(a, b *float64) *float64 {
	if a == nil || b == nil {
		return nil
	}
	d := *a - *b
	return &d
}

// count reads what grows.
func (s *Sensors) count() (c counters) {
	// proc(5): "cpu" user nice system idle iowait irq softirq steal
	line, _, _ := strings.Cut(read(s.root, "proc/stat"), "\n")
	if v := numbers(strings.TrimPrefix(line, "cpu ")); strings.HasPrefix(line, "cpu ") && len(v) >= 8 {
		busy, stolen := (v[0]+v[1]+v[2]+v[5]+v[6])/ticks, v[7]/ticks
		c.busy, c.stolen = &busy, &stolen
	}
	// The name of the program, in brackets, may have spaces; behind it are fields 3 and on.
	text := read(s.root, "proc/self/stat")
	if v := strings.Fields(text[strings.LastIndexByte(text, ')')+1:]); len(v) > 12 {
		user, err := strconv.ParseFloat(v[11], 64)
		system, err2 := strconv.ParseFloat(v[12], 64)
		if err == nil && err2 == nil {
			own := (user + system) / ticks
			c.own = &own
		}
	}
	if v := numbers(read(s.root, "proc/uptime")); len(v) > 0 {
		c.wall = &v[0]
	}
	for line := range strings.Lines(read(s.root, "sys/fs/cgroup/cpu.stat")) {
		if usec, ok := strings.CutPrefix(strings.TrimSpace(line), "throttled_usec "); ok {
			if n, err := strconv.ParseFloat(usec, 64); err == nil {
				n /= 1e6
				c.held = &n
			}
		}
	}
	c.throttles = s.throttled()
	return c
}

// throttled is how often the packages slowed down; where they do not tell, how often the cores
// did.
func (s *Sensors) throttled() *uint64 {
	sum, known := uint64(0), false
	found, _ := fs.Glob(s.root, "sys/devices/system/cpu/cpu[0-9]*/thermal_throttle/core_throttle_count")
	for _, name := range found {
		if n, err := strconv.ParseUint(read(s.root, name), 10, 64); err == nil {
			sum, known = sum+n, true
		}
	}
	if !known {
		return nil
	}
	return &sum
}

// megahertz is the mean clock of the CPUs.
func (s *Sensors) megahertz() *float64 {
	found, _ := fs.Glob(s.root, "sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_cur_freq")
	sum, n := 0.0, 0
	for _, name := range found {
		if kHz, err := strconv.ParseFloat(read(s.root, name), 64); err == nil && kHz > 0 {
			sum, n = sum+kHz/1000, n+1
		}
	}
	if n == 0 {
		return nil
	}
	mean := sum / float64(n)
	return &mean
}

// sensorsOfCPUs are the names that drivers of CPUs give their sensors (hwmon) and zones.
var sensorsOfCPUs = []string{"coretemp", "k10temp", "zenpower", "cpu_thermal", "x86_pkg_temp"}

// celsius is what the warmest sensor of the CPU says.
func (s *Sensors) celsius() (warmest *float64) {
	look := func(kinds, values string) {
		found, _ := fs.Glob(s.root, kinds)
		for _, name := range found {
			if !slices.Contains(sensorsOfCPUs, read(s.root, name)) {
				continue
			}
			readings, _ := fs.Glob(s.root, path.Join(path.Dir(name), values))
			for _, r := range readings {
				milli, err := strconv.ParseFloat(read(s.root, r), 64)
				if t := milli / 1000; err == nil && t > 0 && (warmest == nil || t > *warmest) {
					warmest = &t
				}
			}
		}
	}
	look("sys/class/hwmon/hwmon*/name", "temp*_input")
	look("sys/class/thermal/thermal_zone*/type", "temp")
	return warmest
}

// numbers are the words of a text as long as they are numbers.
func numbers(text string) (v []float64) {
	for _, word := range strings.Fields(text) {
		n, err := strconv.ParseFloat(word, 64)
		if err != nil {
			break
		}
		v = append(v, n)
	}
	return v
}

// read is a file of the system without the space around it; "": there is none.
func read(root fs.FS, name string) string {
	b, err := fs.ReadFile(root, name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
