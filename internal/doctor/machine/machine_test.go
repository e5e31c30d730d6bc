package machine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/seed-f87006eb/llm/internal/doctor"
	"github.com/seed-f87006eb/llm/internal/doctor/machine"
	"github.com/seed-f87006eb/llm/internal/testgguf"
)

// TestMain is the process of a device, too, and what such a process may become.
func TestMain(m *testing.M) {
	if len(os.Args) != 2 || !strings.HasPrefix(os.Args[1], "examine") {
		os.Exit(m.Run())
	}
	switch os.Args[1] {
	case "examine-crash":
		fmt.Println(`{"step":"products","device":{"name":"CPU","description":"half of it"}}`)
		fmt.Fprintln(os.Stderr, "CUDA error:\nan illegal memory access")
		os.Exit(134)
	case "examine-hang":
		fmt.Println(`{"step":"copy"}`)
		time.Sleep(time.Minute)
	}
	if err := machine.Serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func open(t *testing.T, as, model string) *machine.Machine {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	m, err := machine.New(machine.Options{Version: "test", Command: []string{program, as}, Model: model})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left, _ := filepath.Glob(os.TempDir() + "/*"); len(left) != 1 {
			t.Errorf("in the folder for temporary files: %v", left)
		}
		m.Close()
		if left, _ := filepath.Glob(os.TempDir() + "/*"); len(left) != 0 {
			t.Errorf("what stays behind: %v", left)
		}
	})
	return m
}

// examine examines the CPU.
func examine(t *testing.T, m *machine.Machine, ctx context.Context) (doctor.Device, []string, error) {
	t.Helper()
	all, err := m.Devices()
	cpu := slices.IndexFunc(all, func(d doctor.Device) bool { return d.Type == "CPU" })
	if err != nil || cpu < 0 {
		t.Fatal(all, err)
	}
	var steps []string
	d, err := m.Examine(ctx, all[cpu], func(step string, _ float64) {
		if !slices.Contains(steps, step) {
			steps = append(steps, step)
		}
	})
	return d, steps, err
}

// TestExamine: the CPU agrees with itself, whichever way the tokens come.
func TestExamine(t *testing.T) {
	m := open(t, "examine", "")
	d, steps, err := examine(t, m, context.Background())
	if err != nil || len(d.Failures) > 0 || fmt.Sprint(steps) != "[device copy products accuracy logits]" {
		t.Fatalf("%v, %v, %+v", steps, err, d)
	}
	c := d.Logits
	if c == nil || !c.Passed() || c.Tokens != 64 || c.Prompt != 32 || c.Vocab != doctor.SyntheticVocab || c.Limit != doctor.SyntheticLimit || c.Top1 < 56 {
		t.Errorf("%+v", c)
	}
	if d.Copy == nil || d.Copy.Best < d.Copy.Median || len(d.Products) != 4 || len(d.Accuracy) != 16 || d.MemoryTotal == 0 {
		t.Errorf("%+v", d)
	}
	if b := m.Build(); b.Backend == "" || len(b.Features) == 0 || m.Model().Bytes < 1<<20 || !m.Model().Synthetic || m.System().Cores < 1 {
		t.Errorf("%+v, %+v", b, m.Model())
	}
	facts := &doctor.Facts{Build: m.Build(), System: m.System(), Model: m.Model(), Devices: []doctor.Device{d}}
	if r := doctor.NewReport(facts); !r.Passed {
		t.Errorf("%+v", r.Findings)
	}
}

// TestCrash: what was known before stays, and the last words are kept.
func TestCrash(t *testing.T) {
	d, _, err := examine(t, open(t, "examine-crash", ""), context.Background())
	if err != nil || len(d.Failures) != 1 || d.Description != "half of it" {
		t.Fatalf("%+v, %v", d, err)
	}
	if f := d.Failures[0]; f.Step != "products" || f.Error != "the process that examined it ended: exit status 134; its last words: CUDA error: an illegal memory access" {
		t.Errorf("%+v", f)
	}
}

// TestCancel: a process that hangs does not hold anybody up.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, _, err := examine(t, open(t, "examine-hang", ""), ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 30*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

// TestServeEnds: the process of a device ends with its parent, in the middle of its work.
func TestServeEnds(t *testing.T) {
	task := strings.NewReader(`{"Device":{"name":"CPU"},"Model":"none.gguf","Time":3600000000000}`)
	var out strings.Builder
	start := time.Now()
	if err := machine.Serve(task, &out); err != nil || time.Since(start) > time.Minute || strings.Contains(out.String(), "accuracy") {
		t.Errorf("%v after %v: %s", err, time.Since(start), out.String())
	}
	if err := machine.Serve(strings.NewReader("no JSON"), &out); err == nil {
		t.Error("it took nonsense for a task")
	}
}

// TestModel: a model that has no logits is refused before anything is measured.
func TestModel(t *testing.T) {
	for want, path := range map[string]string{
		"no such file":                 "none.gguf",
		"its kind is encoder; a model": testgguf.Encoder(1, testgguf.PoolingMean).Write(t, "bert.gguf"),
		"key llama.block_count (byte ": testgguf.Decoder(1).Set("llama.block_count", uint32(0)).Write(t, "bad.gguf"),
	} {
		if m, err := machine.New(machine.Options{Model: path}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", path, m, err)
		}
	}
}

func TestSystem(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text + "\n")} }
	root := fstest.MapFS{
		"proc/driver/nvidia/version":              file("NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\nGCC version: 12"),
		"proc/cpuinfo":                            file("processor\t: 0\nmodel name\t: A CPU @ 3 GHz\n\nprocessor\t: 1\nmodel name\t: Another"),
		"dev/nvidia0":                             file(""),
		"dev/nvidiactl":                           file(""),
		"dev/nvidia-uvm":                          file(""),
		"dev/dri/renderD128":                      file(""),
		"dev/dri/card0":                           file(""),
		"sys/bus/pci/devices/0000:01:00.0/class":  file("0x030000"),
		"sys/bus/pci/devices/0000:01:00.0/vendor": file("0x10de"),
		"sys/bus/pci/devices/0000:01:00.0/device": file("0x2684"),
		"sys/bus/pci/devices/0000:01:00.0/uevent": file("PCI_CLASS=30000\nDRIVER=nvidia\nPCI_ID=10DE:2684"),
		"sys/bus/pci/devices/0000:02:00.0/class":  file("0x030200"),
		"sys/bus/pci/devices/0000:02:00.0/vendor": file("0x1234"),
		"sys/bus/pci/devices/0000:02:00.0/device": file("0x1111"),
		"sys/bus/pci/devices/0000:03:00.0/class":  file("0x020000"),
	}
	m, err := machine.New(machine.Options{Root: root, Threads: 7})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s := m.System()
	want := "[{0000:01:00.0 NVIDIA 10de:2684 nvidia} {0000:02:00.0 1234 1234:1111 }] [/dev/nvidia0 /dev/nvidiactl /dev/dri/renderD128] 550.54.14 A CPU @ 3 GHz 7"
	if got := fmt.Sprintf("%v %v %v %v %v", s.Graphics, s.Nodes, s.NVIDIADriver, s.CPU, s.Threads); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	empty, err := machine.New(machine.Options{Root: fstest.MapFS{}})
	if err != nil {
		t.Fatal(err)
	}
	defer empty.Close()
	if s := empty.System(); s.Graphics != nil || s.Nodes != nil || s.NVIDIADriver != "" || s.CPU != "" || s.Threads != s.Cores {
		t.Errorf("%+v", s)
	}
}
