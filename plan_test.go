package llm_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/gguf"
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
