package llm_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testheader"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/plan"
)

// A model is planned for a card that is not there.
func ExamplePlan() {
	devices, err := plan.ParseDevices("rtx4090")
	if err != nil {
		log.Fatal(err)
	}
	choice, err := llm.Plan(context.Background(), model, llm.PlanWishes{
		Devices: devices, Request: plan.DefaultRequest(), Context: 4096, Headroom: plan.DefaultHeadroom,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("layers on the card:", choice.Layers, "of", choice.LayersAll)
	fmt.Println("KV cache:", choice.Memory.Devices[0].KV, "bytes")
	// Output:
	// layers on the card: 31 of 31
	// KV cache: 94371840 bytes
}

// TestPlanIsTheLoad: a model opens with the options of a choice, and takes what was planned.
func TestPlanIsTheLoad(t *testing.T) {
	path := testmodel.SmolLM2(t)
	r, devices, err := llm.PlanRequest(llm.ContextSize(1024), llm.KVCache("q8_0", "f16"), llm.UseDevices("none"), llm.BatchSize(512, 128), llm.FlashAttention(true))
	if err != nil || len(devices) != 1 || r.KeyType != gguf.Q8_0 || r.ValueType != gguf.F16 || r.Ubatch != 128 || r.FlashAttention != plan.FlashAttentionOn {
		t.Fatalf("%v, %+v, %q", err, r, devices)
	}
	choice, err := llm.Plan(t.Context(), path, llm.PlanWishes{Request: r, Context: 1024})
	if err != nil {
		t.Fatal(err)
	}
	m, err := llm.Open(path, append(llm.PlanOptions(choice), llm.NoMmap(), llm.Threads(1, 1))...)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var weights, kv, compute uint64
	for _, u := range m.Info().Memory {
		weights, kv, compute = weights+u.Model, kv+u.Context, compute+u.Compute
	}
	if h := choice.Memory.Host; h.Weights != weights || h.KV != kv || h.Compute != compute {
		t.Errorf("planned %+v, taken %d, %d, %d", h, weights, kv, compute)
	}
}

func TestPlanErrors(t *testing.T) {
	w := llm.PlanWishes{Request: plan.DefaultRequest(), Context: 4096, HostMemory: 1 << 20}
	var nothing *llm.ErrNothingFits
	if _, err := llm.Plan(t.Context(), testmodel.SmolLM2(t), w); !errors.As(err, &nothing) || len(nothing.Lacks) != 1 {
		t.Error(err)
	}
	if _, err := llm.Plan(t.Context(), "README.md", w); !errors.Is(err, gguf.ErrNotGGUF) {
		t.Error(err)
	}
	var impossible *llm.ErrImpossible
	w.Request.ValueType, w.Request.FlashAttention = gguf.Q8_0, plan.FlashAttentionOff
	if _, err := llm.Plan(t.Context(), testmodel.SmolLM2(t), w); !errors.As(err, &impossible) {
		t.Error(err)
	}
}

// TestPlanTiny: a model of every architecture is planned; what is refused, the engine refuses.
func TestPlanTiny(t *testing.T) {
	devices, err := plan.ParseDevices("2x8GiB")
	if err != nil {
		t.Fatal(err)
	}
	planned := 0
	for _, path := range testheader.Tiny(t) {
		f, err := gguf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		p, err := llm.OpenPlanner(t.Context(), f, nil)
		f.Close()
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		r := plan.DefaultRequest()
		r.Sequences = 2
		choice, err := p.Search(t.Context(), llm.PlanWishes{Devices: devices, Request: r, Context: 1024, Headroom: plan.DefaultHeadroom})
		r.Context = 1024
		if _, engine := p.Measure(t.Context(), devices, r); (engine == nil) != (err == nil) {
			t.Errorf("%s: %v, the engine %v", path, err, engine)
		}
		if err == nil && choice.Layers == choice.LayersAll {
			planned++
		}
		p.Close()
	}
	if planned < 100 {
		t.Errorf("%d models were planned", planned)
	}
}

// BenchmarkSearch is the search for a 70B on three cards, the header being open.
func BenchmarkSearch(b *testing.B) {
	f, err := gguf.Open(testheader.Write(b, "llama-3.1-70b", "Q4_K_M"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	p, err := llm.OpenPlanner(b.Context(), f, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	devices, err := plan.ParseDevices("24GiB+12GiB+8GiB")
	if err != nil {
		b.Fatal(err)
	}
	measured := 0
	for b.Loop() {
		c, err := p.Search(b.Context(), llm.PlanWishes{Devices: devices, Request: plan.DefaultRequest(), Headroom: plan.DefaultHeadroom})
		if err != nil || c.Layers != 80 {
			b.Fatal(err, c)
		}
		measured = len(c.Tried)
	}
	b.ReportMetric(float64(measured), "measured")
}
