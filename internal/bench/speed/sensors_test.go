package speed

import (
	"io/fs"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// machineAt is what a machine shows after seconds of work in which this process used one CPU
// and others used half of one.
func machineAt(seconds float64) fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	number := func(v float64) string { return strconv.FormatInt(int64(math.Round(v)), 10) }
	t := seconds * ticks
	return fstest.MapFS{
		"proc/stat":                                                         file("cpu  " + number(1000+1.2*t) + " 0 " + number(500+0.2*t) + " 9000 10 0 " + number(0.1*t) + " " + number(0.25*t) + " 0 0\ncpu0 1 2 3\n"),
		"proc/self/stat":                                                    file("77 (a (strange) name) R 1 1 1 0 -1 4194560 1 0 0 0 " + number(100+0.9*t) + " " + number(0.1*t) + " 0 0 20 0"),
		"proc/uptime":                                                       file(number(1000+seconds) + ".00 500.00\n"),
		"proc/self/status":                                                  file("Name:\tllm\nVmPeak:\t  999 kB\nVmHWM:\t  2048 kB\n"),
		"sys/fs/cgroup/cpu.stat":                                            file("usage_usec 5\nnr_throttled 1\nthrottled_usec " + number(50000*seconds) + "\n"),
		"sys/class/hwmon/hwmon0/name":                                       file("nvme\n"),
		"sys/class/hwmon/hwmon0/temp1_input":                                file("90000\n"),
		"sys/class/hwmon/hwmon1/name":                                       file("k10temp\n"),
		"sys/class/hwmon/hwmon1/temp1_input":                                file(number(50000+1000*seconds) + "\n"),
		"sys/class/hwmon/hwmon1/temp2_input":                                file("41000\n"),
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq":              file("3000000\n"),
		"sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq":              file("4000000\n"),
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor":              file("powersave\n"),
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_driver":                file("acpi-cpufreq\n"),
		"sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count":  file(number(3*seconds) + "\n"),
		"sys/devices/system/cpu/cpu10/thermal_throttle/core_throttle_count": file("1\n"),
		"sys/class/powercap/intel-rapl:0/name":                              file("package-0\n"),
		"sys/class/powercap/intel-rapl:0/energy_uj":                         file(number(math.Mod(90e6+20e6*seconds, 100e6)) + "\n"),
		"sys/class/powercap/intel-rapl:0/max_energy_range_uj":               file("100000000\n"),
		"sys/class/powercap/intel-rapl:0:0/name":                            file("core\n"),
		"sys/class/powercap/intel-rapl:0:0/energy_uj":                       file("5\n"),
		"sys/class/powercap/intel-rapl:0:1/name":                            file("dram\n"),
		"sys/class/powercap/intel-rapl:0:1/energy_uj":                       file(number(2e6*seconds) + "\n"),
		"sys/class/powercap/intel-rapl:0:1/max_energy_range_uj":             file("100000000\n"),
		"sys/class/powercap/intel-rapl:1/name":                              file("psys\n"),
		"sys/class/powercap/intel-rapl:1/energy_uj":                         file("7\n"),
	}
}

func near(a *float64, b float64) bool { return a != nil && math.Abs(*a-b) < 1e-9 }

func TestSensors(t *testing.T) {
	root := machineAt(0)
	s, notes := OpenSensors(root, nil)
	defer s.Close()
	if len(notes) != 1 || !strings.Contains(notes[0], "powersave") {
		t.Errorf("%q", notes)
	}
	s.Begin(false)
	maps.Copy(root, machineAt(2))
	c := s.End()
	if !near(c.Others, 0.5) || !near(c.Stolen, 0.25) || !near(c.Held, 0.1) || !near(c.MHz, 3500) || !near(c.Celsius, 52) || c.Throttles == nil || *c.Throttles != 6 {
		t.Errorf("%+v: others %v", c, *c.Others)
	}
	// The package's counter began again at 100 J.
	if len(c.Energy) != 2 || c.Energy[0] != (Energy{"package-0", 40}) || c.Energy[1] != (Energy{"dram", 4}) {
		t.Errorf("%+v", c.Energy)
	}
	if n := s.PeakRSS(); n != 2<<20 {
		t.Errorf("%d bytes", n)
	}
	// A device without a meter did a part: what the CPU took is not the energy of the test.
	s.Begin(true)
	if c := s.End(); c.Energy != nil || c.Others != nil { // and no time has passed
		t.Errorf("%+v", c)
	}
}

// TestUnknown: what a machine does not tell is absent, and said.
func TestUnknown(t *testing.T) {
	s, notes := OpenSensors(fstest.MapFS{"proc/stat": {Data: []byte("cpu  a b\n")}, "proc/self/stat": {Data: []byte("nonsense")}}, nil)
	s.Begin(false)
	c := s.End()
	if c.Others != nil || c.Stolen != nil || c.Held != nil || c.MHz != nil || c.Celsius != nil || c.Throttles != nil || c.Energy != nil || s.PeakRSS() != 0 {
		t.Errorf("%+v", c)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "no meter for it (RAPL)") {
		t.Errorf("%q", notes)
	}
	root := machineAt(0)
	if _, notes := OpenSensors(secret{root}, []string{"/no/such/command"}); len(notes) != 3 || !strings.Contains(notes[0], "root only") || !strings.Contains(notes[1], "/no/such/command") {
		t.Errorf("%q", notes)
	}
}

// secret does not let meters be read.
type secret struct{ fstest.MapFS }

func (s secret) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, "energy_uj") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return s.MapFS.Open(name)
}

func (s secret) ReadFile(name string) ([]byte, error) {
	if strings.HasSuffix(name, "energy_uj") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return s.MapFS.ReadFile(name)
}

// TestNVIDIA: power counts from one reading to the next, of all devices; lines that are no
// readings are passed over.
func TestNVIDIA(t *testing.T) {
	n := &nvidia{watts: map[string]float64{}}
	at := time.Unix(1000, 0)
	n.follow(strings.NewReader("0, 100.00\n1, 50.00\n0, [N/A]\nnonsense\n0, 200.00\n1, 50.00\n"), func() time.Time {
		at = at.Add(time.Second)
		return at
	})
	// 0 W, then 100 W for a second, 150 W, 250 W, until the last line.
	if n.joules != 100+150+250 || n.readings != 2 {
		t.Errorf("%g J of %d readings", n.joules, n.readings)
	}
	n.begin()
	if _, ok := n.end(); ok {
		t.Error("energy after the command's end")
	}
}

// TestNVIDIACommand: a command is followed, and ended.
func TestNVIDIACommand(t *testing.T) {
	s, notes := OpenSensors(fstest.MapFS{}, []string{"sh", "-c", "while true; do echo 0, 100.0; sleep 0.01; done"})
	if len(notes) != 1 { // no meter of the CPU
		t.Errorf("%q", notes)
	}
	defer s.Close()
	var c Conditions
	for range 100 {
		s.Begin(true)
		time.Sleep(200 * time.Millisecond)
		if c = s.End(); c.Energy != nil {
			break
		}
	}
	if len(c.Energy) != 1 || c.Energy[0].Of != "GPUs" || c.Energy[0].Joules < 5 {
		t.Errorf("%+v", c)
	}
	if !slices.Contains(NVIDIASMI(), "100") {
		t.Errorf("%q", NVIDIASMI())
	}
}
