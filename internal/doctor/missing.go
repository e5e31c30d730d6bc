package doctor

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// missing are graphics cards that the system has and the engine did not find.
func missing(f *Facts) (list []Finding) {
	for _, vendor := range []string{"NVIDIA", "AMD", "Intel"} {
		cards := cardsOf(f, vendor)
		nodes := nodesOf(f, vendor)
		if len(cards) == 0 && (vendor != "NVIDIA" || len(nodes) == 0) || hasGPU(f, vendor) {
			continue
		}
		x := Finding{Level: Warning, About: vendor, Expected: "a GPU among the devices", Observed: "the engine found none", Evidence: evidence(f, vendor, cards, nodes)}
		switch vendor {
		case "NVIDIA":
			x.Suggestion = adviseNVIDIA(f, nodes)
		default:
			x.Suggestion = adviseVulkan(f, vendor, nodes)
		}
		if vendor == "Intel" { // a CPU's own graphics are seldom faster than the CPU
			x.Level = Note
		}
		list = append(list, x)
	}
	return list
}

func cardsOf(f *Facts, vendor string) (list []Graphics) {
	for _, g := range f.System.Graphics {
		if g.Vendor == vendor {
			list = append(list, g)
		}
	}
	return list
}

// nodesOf are the device files through which a vendor's cards are used.
func nodesOf(f *Facts, vendor string) (list []string) {
	for _, n := range f.System.Nodes {
		nvidia := strings.HasPrefix(n, "/dev/nvidia") || n == "/dev/dxg"
		if nvidia == (vendor == "NVIDIA") {
			list = append(list, n)
		}
	}
	return list
}

// hasGPU: whether a device is of a vendor, by the name that its driver gives it.
func hasGPU(f *Facts, vendor string) bool {
	words := map[string][]string{"NVIDIA": {"nvidia", "geforce", "tesla", "quadro"}, "AMD": {"amd", "radeon"}, "Intel": {"intel", "arc"}}[vendor]
	return slices.ContainsFunc(f.Devices, func(d Device) bool {
		text := strings.ToLower(d.Description)
		return d.Type != "CPU" && slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	})
}

func evidence(f *Facts, vendor string, cards []Graphics, nodes []string) string {
	var parts []string
	for _, g := range cards {
		driver := "no kernel driver"
		if g.Driver != "" {
			driver = "kernel driver " + g.Driver
		}
		parts = append(parts, fmt.Sprintf("PCI %s is %s (%s)", g.Address, g.ID, driver))
	}
	if nodes != nil {
		parts = append(parts, strings.Join(nodes, ", ")+" can be seen")
	}
	if vendor == "NVIDIA" && f.System.NVIDIADriver != "" {
		parts = append(parts, "its driver is "+f.System.NVIDIADriver)
	}
	var names []string
	for _, b := range f.Backends {
		if b.Name != "" {
			names = append(names, b.Name)
		}
		if b.Name != "" && b.Devices == 0 && b.Reason != "" {
			parts = append(parts, b.Name+" says: "+b.Reason)
		}
	}
	parts = append(parts, "the engine has the backends "+strings.Join(names, ", "))
	return strings.Join(parts, "; ")
}

func adviseNVIDIA(f *Facts, nodes []string) string {
	switch module := broken(f, "cuda"); {
	case module != "":
		return "Make " + module + " load, as said of it"
	case len(nodes) == 0 && f.System.NVIDIADriver == "":
		return "Install NVIDIA's driver (Debian, Ubuntu: apt install nvidia-driver) until nvidia-smi lists the card"
	case !has(f, "cuda") && !has(f, "vulkan"):
		return "This program computes on the CPU only: make build BACKEND=cuda makes bin/llm-cuda"
	case len(nodes) == 0:
		return "The driver is loaded, but its devices are not here: in a container, start it with --gpus all"
	}
	return "Run nvidia-smi: it must list the card for this user; a driver older than the CUDA libraries hides it too"
}

func adviseVulkan(f *Facts, vendor string, nodes []string) string {
	switch module := broken(f, "vulkan"); {
	case module != "":
		return "Make " + module + " load, as said of it"
	case len(nodes) == 0:
		return "Load the kernel's driver of the card until there is a /dev/dri/renderD128; in a container, give it --device /dev/dri"
	case !has(f, "vulkan") && !has(f, "hip") && !has(f, "sycl"):
		return "This program computes on the CPU only: make build BACKEND=vulkan makes bin/llm-vulkan"
	}
	return "Install the Vulkan driver of " + vendor + " (Debian, Ubuntu: apt install mesa-vulkan-drivers), and join the group render"
}

// has: whether the engine has a backend.
func has(f *Facts, backend string) bool {
	return slices.ContainsFunc(f.Backends, func(b Backend) bool { return strings.EqualFold(b.Name, backend) })
}

// broken is the module of a backend that is there and did not load; "": there is none.
func broken(f *Facts, backend string) string {
	for _, b := range f.Backends {
		if name := filepath.Base(b.Module); b.Name == "" && strings.Contains(name, backend) {
			return name
		}
	}
	return ""
}

// modules that did not load.
func modules(f *Facts) (list []Finding) {
	for _, b := range f.Backends {
		if b.Name != "" {
			continue
		}
		list = append(list, Finding{
			Level: Warning, About: filepath.Base(b.Module),
			Expected:   "the module loads",
			Observed:   "it does not",
			Evidence:   b.Module + ": " + b.Reason,
			Suggestion: "Install the library that the reason names, or the driver that brings it; the other devices work without",
		})
	}
	return list
}

// threads that wait for each other.
func threads(f *Facts) []Finding {
	s := f.System
	if s.Threads <= s.Cores {
		return nil
	}
	kind := "threads"
	if slices.Contains(f.Build.Features, "OPENMP") {
		kind = "OpenMP threads, which spin while they wait"
	}
	return []Finding{{
		Level: Warning, About: "threads",
		Expected:   fmt.Sprintf("a thread a core: %d", s.Cores),
		Observed:   fmt.Sprintf("%d %s", s.Threads, kind),
		Evidence:   fmt.Sprintf("%d physical cores, %d logical", s.Cores, s.LogicalCPUs),
		Suggestion: fmt.Sprintf("Leave -t out, or say -t %d", s.Cores),
	}}
}
