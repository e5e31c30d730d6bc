package speed

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// meter is a counter of energy of the powercap framework (RAPL), a folder of /sys.
type meter struct {
	name  string
	file  string
	turns float64 // joules after which it begins again
}

// read is the counter in joules; negative: it could not be read.
func (m *meter) read(root fs.FS) float64 {
	micro, err := strconv.ParseFloat(read(root, m.file), 64)
	if err != nil {
		return -1
	}
	return micro / 1e6
}

// packages are the meters of the CPU's packages and of memory that is counted apart from
// them. The note says why there are none.
func packages(root fs.FS) (meters []meter, note string) {
	zones, _ := fs.Glob(root, "sys/class/powercap/intel-rapl:*")
	var denied error
	for _, zone := range zones {
		name := read(root, path.Join(zone, "name"))
		if !strings.HasPrefix(name, "package") && name != "dram" {
			continue
		}
		m := meter{name: name, file: path.Join(zone, "energy_uj")}
		if _, err := fs.ReadFile(root, m.file); err != nil {
			denied = err
			continue
		}
		if most, err := strconv.ParseFloat(read(root, path.Join(zone, "max_energy_range_uj")), 64); err == nil {
			m.turns = most / 1e6
		}
		meters = append(meters, m)
	}
	switch {
	case denied != nil && errors.Is(denied, fs.ErrPermission):
		return nil, "the CPU's energy is not known: /" + zones[0] + "/energy_uj can be read by root only (chmod a+r it, or run as root)"
	case denied != nil:
		return nil, fmt.Sprintf("the CPU's energy is not known: %v", denied)
	case len(meters) == 0:
		return nil, "the CPU's energy is not known: this machine has no meter for it (RAPL)"
	}
	return meters, ""
}

// nvidiaEvery is how often power is read. Its driver averages over about as long.
const nvidiaEvery = 100 * time.Millisecond

// leastReadings is how many a measurement must have had for its energy to be told.
const leastReadings = 5

// NVIDIASMI asks for the power of all devices, again and again: nvidia-smi(1).
func NVIDIASMI() []string {
	return []string{"nvidia-smi", "--query-gpu=index,power.draw", "--format=csv,noheader,nounits", "-lms", strconv.Itoa(int(nvidiaEvery.Milliseconds()))}
}

// nvidia sums the energy of all NVIDIA devices from readings of their power.
type nvidia struct {
	stop func()
	done chan struct{}

	mu       sync.Mutex
	watts    map[string]float64
	last     time.Time
	joules   float64 // since the start, up to last
	readings int

	begun         float64
	begunReadings int
}

// startNVIDIA starts the command, whose lines are INDEX, WATTS. The note says why it cannot.
func startNVIDIA(command []string) (*nvidia, string) {
	c := exec.Command(command[0], command[1:]...)
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return nil, fmt.Sprintf("the GPUs' energy is not known: %v", err)
	}
	n := &nvidia{watts: map[string]float64{}, done: make(chan struct{})}
	n.stop = func() {
		c.Process.Kill()
		<-n.done
		c.Wait()
	}
	go func() {
		defer close(n.done)
		n.follow(out, time.Now)
	}()
	return n, ""
}

// follow reads lines until there are no more.
func (n *nvidia) follow(lines io.Reader, now func() time.Time) {
	for s := bufio.NewScanner(lines); s.Scan(); {
		index, watts, _ := strings.Cut(s.Text(), ",")
		if w, err := strconv.ParseFloat(strings.TrimSpace(watts), 64); err == nil && w >= 0 {
			n.reading(strings.TrimSpace(index), w, now())
		}
	}
	n.mu.Lock()
	n.last = time.Time{} // what follows is not known
	n.mu.Unlock()
}

// reading is one device's power, which counts until its next.
func (n *nvidia) reading(index string, watts float64, at time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.advance(at)
	if _, known := n.watts[index]; known {
		n.readings++
	}
	n.watts[index] = watts
}

// advance counts energy up to a time.
func (n *nvidia) advance(to time.Time) {
	if !n.last.IsZero() {
		sum := 0.0
		for _, w := range n.watts {
			sum += w
		}
		n.joules += sum * max(to.Sub(n.last).Seconds(), 0)
	}
	n.last = to
}

func (n *nvidia) begin() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.last.IsZero() {
		n.advance(time.Now())
	}
	n.begun, n.begunReadings = n.joules, n.readings
}

// end is the energy since begin; false where there were too few readings.
func (n *nvidia) end() (joules float64, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.last.IsZero() || len(n.watts) == 0 {
		return 0, false
	}
	n.advance(time.Now())
	return n.joules - n.begun, (n.readings-n.begunReadings)/len(n.watts) >= leastReadings
}

func (n *nvidia) close() { n.stop() }
