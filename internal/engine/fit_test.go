package engine

import (
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// TestTooLargeForHost: it is said where the memory is known and too small.
func TestTooLargeForHost(t *testing.T) {
	m := &plan.Memory{Host: plan.Use{Weights: 40 << 30, KV: 1 << 30, Compute: 1 << 29, Output: 1 << 20}}
	for free, want := range map[uint64]string{0: "", 64 << 30: "", m.Host.Total(): "", 24 << 30: "takes 41.50 GiB of the host's memory, and 24.00 GiB are free"} {
		got := strings.Join(tooLargeForHost(m, free), "")
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%d bytes free: %q, want %q", free, got, want)
		}
	}
}

// TestFitOnHost: without devices nothing is chosen, and the context is what it was.
func TestFitOnHost(t *testing.T) {
	o := Options{Threads: 1, Fit: true}
	o.Placement.Devices = []string{llama.NoDevice}
	for _, context := range []int{0, -1, 96} {
		o.Context = context
		e, err := Open(t.Context(), testgguf.Decoder(1).Write(t, "decoder"), o)
		if err != nil {
			t.Fatal(err)
		}
		o.Fit = false
		plain, err := Open(t.Context(), e.Info().Path, o)
		if err != nil {
			t.Fatal(err)
		}
		a, b := e.Info(), plain.Info()
		if a.Chosen != "" || len(a.Notices) != len(b.Notices) || a.Context != b.Context || a.ContextReason != b.ContextReason {
			t.Errorf("%+v with, %+v without", a, b)
		}
		o.Fit = true
		e.Close()
		plain.Close()
	}
}

// TestHeadroom: small devices keep less free.
func TestHeadroom(t *testing.T) {
	device := func(n uint64) plan.Device { return plan.Device{Total: n << 30} }
	if n := headroom([]plan.Device{device(24)}); n != plan.DefaultHeadroom {
		t.Error(n)
	}
	if n := headroom([]plan.Device{device(24), device(4)}); n != 1<<29 {
		t.Error(n)
	}
}
