package machine

import (
	"cmp"
	"io/fs"
	"path"
	"regexp"
	"runtime"
	"strings"

	"github.com/seed-f87006eb/llm/internal/doctor"
	"github.com/seed-f87006eb/llm/llama"
)

// System is what the operating system tells without asking a driver.
func (m *Machine) System() doctor.System {
	root := m.o.Root
	cores := llama.DefaultThreads()
	s := doctor.System{
		OS: runtime.GOOS, Arch: runtime.GOARCH, CPU: cpuName(root), Cores: cores, LogicalCPUs: runtime.NumCPU(),
		Threads: cmp.Or(m.o.Threads, cores), Graphics: graphics(root), NVIDIADriver: nvidiaDriver(root),
	}
	for _, pattern := range []string{"dev/nvidia[0-9]*", "dev/nvidiactl", "dev/dxg", "dev/kfd", "dev/dri/renderD*"} {
		found, _ := fs.Glob(root, pattern)
		for _, name := range found {
			s.Nodes = append(s.Nodes, "/"+name)
		}
	}
	return s
}

var nvidiaVersion = regexp.MustCompile(`Kernel Module[^\n]*?\s(\d+\.\d+(\.\d+)?)\s`)

// nvidiaDriver is the version of the kernel's module; "": there is none.
func nvidiaDriver(root fs.FS) string {
	text := read(root, "proc/driver/nvidia/version")
	if m := nvidiaVersion.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	line, _, _ := strings.Cut(text, "\n")
	return line
}

var cpuModel = regexp.MustCompile(`(?m)^model name\s*:\s*(.*)$`)

func cpuName(root fs.FS) string {
	if m := cpuModel.FindStringSubmatch(read(root, "proc/cpuinfo")); m != nil {
		return m[1]
	}
	return ""
}

var vendors = map[string]string{"10de": "NVIDIA", "1002": "AMD", "8086": "Intel"}

// graphics are the display controllers (class 03) of the PCI bus.
func graphics(root fs.FS) (list []doctor.Graphics) {
	found, _ := fs.Glob(root, "sys/bus/pci/devices/*")
	for _, dir := range found {
		if !strings.HasPrefix(read(root, dir+"/class"), "0x03") {
			continue
		}
		number := func(name string) string { return strings.TrimPrefix(read(root, dir+"/"+name), "0x") }
		vendor := number("vendor")
		g := doctor.Graphics{Address: path.Base(dir), Vendor: cmp.Or(vendors[vendor], vendor), ID: vendor + ":" + number("device")}
		for line := range strings.Lines(read(root, dir+"/uevent")) {
			if name, ok := strings.CutPrefix(strings.TrimSpace(line), "DRIVER="); ok {
				g.Driver = name
			}
		}
		list = append(list, g)
	}
	return list
}

// read is a file of the system without the space around it; "": there is none.
func read(root fs.FS, name string) string {
	b, err := fs.ReadFile(root, name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
