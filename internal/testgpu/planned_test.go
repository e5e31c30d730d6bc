package testgpu

import (
	"testing"

	"github.com/seed-f87006eb/llm"
)

// TestPlanned: each device takes what was planned, however the model is divided, also in a
// child.
func TestPlanned(t *testing.T) {
	for name, options := range map[string][]llm.Option{
		"all":      nil,
		"two":      {llm.UseDevices("FAKE1", "FAKE0")},
		"some":     {llm.GPULayers(7)},
		"none":     {llm.GPULayers(0)},
		"override": {llm.UseDevices("FAKE0"), llm.OverrideTensor("ffn_down", "CPU")},
		"host":     {llm.NoKVOffload(), llm.NoOpOffload()},
		"child":    {llm.Isolated()},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, append(options, llm.NoMmap(), llm.ComparePlan())...)
			defer m.Close()
			r := m.Info().Plan
			if r == nil || r.Problem != "" {
				t.Fatalf("%+v", r)
			}
			var devices int
			for _, row := range r.Rows {
				if row.Difference() != 0 || row.Planned != row.Real {
					t.Errorf("%s: planned %+v, real %+v", row.Device, row.Planned, row.Real)
				}
				if row.Device != "CPU" && row.Real.Total() > 0 {
					devices++
				}
			}
			if devices == 0 || r.Rows[len(r.Rows)-1].Device != "CPU" {
				t.Errorf("%+v", r.Rows)
			}
		})
	}
}
