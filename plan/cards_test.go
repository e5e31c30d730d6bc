package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/plan"
)

// describe is devices on one line: memory and what is free of it in MiB, and what is known.
func describe(devices []plan.Device) string {
	texts := make([]string, len(devices))
	for i, d := range devices {
		texts[i] = fmt.Sprintf("%s %s %d/%d", d.Name, d.Backend, d.Total>>20, d.Free>>20)
		if d.ComputeCapability > 0 {
			texts[i] += fmt.Sprintf(" %d.%d", d.ComputeCapability/10, d.ComputeCapability%10)
		}
		if d.Bandwidth > 0 {
			texts[i] += fmt.Sprintf(" %d", d.Bandwidth/1e9)
		}
	}
	return strings.Join(texts, ", ")
}

// TestCards: each is found by each of its names and as one device, and its figures are of the
// size that such figures have.
func TestCards(t *testing.T) {
	all := plan.Cards()
	if len(all) < 60 {
		t.Errorf("%d cards", len(all))
	}
	seen := map[string]bool{}
	for _, c := range all {
		if seen[c.Short] {
			t.Errorf("%s is there twice", c.Short)
		}
		seen[c.Short] = true
		for _, name := range []string{c.Name, c.Short, strings.ToUpper(c.Short)} {
			if found, ok := plan.FindCard(name); !ok || found.Short != c.Short {
				t.Errorf("%q is %q", name, found.Short)
			}
		}
		devices, err := plan.ParseDevices(c.Short)
		if err != nil || len(devices) != 1 || devices[0].Total != c.Memory[0] || devices[0].Backend != c.Backend || devices[0].Bandwidth != c.Bandwidth {
			t.Errorf("%s: %v, %s", c.Short, err, describe(devices))
		}
		for _, memory := range c.Memory {
			if memory < 3<<30 || memory > 512<<30 {
				t.Errorf("%s: %d bytes", c.Short, memory)
			}
		}
		if c.Bandwidth < 60e9 || c.Bandwidth > 8000e9 || (c.Backend == "cuda") != (c.ComputeCapability >= 60) {
			t.Errorf("%s: %d B/s, capability %d", c.Short, c.Bandwidth, c.ComputeCapability)
		}
	}
}
