package engine

import (
	"testing"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

// TestComparePlan: what was planned is what is taken, and what is mapped is said.
func TestComparePlan(t *testing.T) {
	read, mapped := llama.LoadRead, llama.LoadMmap
	for name, c := range map[string]struct {
		path string
		mode *llama.LoadMode
	}{
		"read":       {testmodel.SmolLM2(t), &read},
		"mapped":     {testmodel.SmolLM2(t), &mapped},
		"embeddings": {testgguf.Encoder(1, 1).Write(t, "encoder"), &read},
		"recurrent":  {testgguf.Recurrent(1).Write(t, "recurrent"), &read},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Context: 256, Threads: 1, LoadMode: c.mode, ComparePlan: true}
			o.Placement.Devices = []string{llama.NoDevice}
			e, err := Open(t.Context(), c.path, o)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			r := e.Info().Plan
			if r == nil || r.Problem != "" || len(r.Rows) != 1 || r.Rows[0].Device != "CPU" || r.Time <= 0 {
				t.Fatalf("%+v", r)
			}
			row := r.Rows[0]
			if row.Planned.Weights == 0 || row.Planned.Compute == 0 || row.Planned.KV != row.Real.KV || row.Planned.Compute != row.Real.Compute {
				t.Errorf("%+v", row)
			}
			if row.Difference() != 0 {
				t.Errorf("%d bytes more than planned: %+v", row.Difference(), row)
			}
			if wanted := row.Real.Weights - row.Real.Repacked; name == "mapped" && row.Mapped != wanted || name != "mapped" && row.Mapped != 0 {
				t.Errorf("%d bytes mapped: %+v", row.Mapped, row)
			}
			if resident := residentMemory(); (r.Resident == 0) != (resident == 0) || r.Resident > 0 && r.Resident < row.Real.KV {
				t.Errorf("%d bytes resident, with %+v", r.Resident, row)
			}
		})
	}
}

// TestNoPlan: nobody asked.
func TestNoPlan(t *testing.T) {
	e, err := Open(t.Context(), testgguf.Decoder(1).Write(t, "decoder"), Options{Context: 128, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.Info().Plan != nil {
		t.Errorf("%+v", e.Info().Plan)
	}
}
