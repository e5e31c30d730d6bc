package doctor_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/doctor"
)

// fake is a machine with one device.
type fake struct {
	model              doctor.Model
	devices, examining error
}

func (fake) Build() doctor.Build                 { return doctor.Build{Backend: "fake"} }
func (fake) System() doctor.System               { return doctor.System{Cores: 4} }
func (f fake) Model() doctor.Model               { return f.model }
func (fake) Backends() ([]doctor.Backend, error) { return []doctor.Backend{{Name: "m"}}, nil }
func (f fake) Devices() ([]doctor.Device, error) {
	return []doctor.Device{{Name: "one"}}, f.devices
}

func (f fake) Examine(_ context.Context, d doctor.Device, progress func(string, float64)) (doctor.Device, error) {
	progress("copy", 0.5)
	d.Copy = &doctor.Speed{Rounds: 1, Best: 10e9}
	d.Products = []doctor.Product{{Type: "f16", Columns: 1, Weights: &doctor.Speed{Best: 12e9}}, {Type: "q4_K", Unsupported: true}}
	return d, f.examining
}

func TestCollect(t *testing.T) {
	var steps []string
	collect := func(f fake) (*doctor.Facts, error) {
		return doctor.Collect(context.Background(), f, func(device, step string, _ float64) { steps = append(steps, device+" "+step) })
	}
	f, err := collect(fake{model: doctor.Model{Name: "a.gguf", Bytes: 6e9}})
	if err != nil || f.Build.Backend != "fake" || f.System.Cores != 4 || len(f.Backends) != 1 || f.Devices[0].Bound != 2 {
		t.Errorf("%+v, %v", f, err)
	}
	if got := strings.Join(steps, ";"); got != "one copy" {
		t.Errorf("steps: %s", got)
	}
	if f, err := collect(fake{model: doctor.Model{Bytes: 6e9, Synthetic: true}}); err != nil || f.Devices[0].Bound != 0 {
		t.Errorf("a bound for a model that nobody named: %+v, %v", f, err)
	}
	broken := errors.New("broken")
	if _, err := collect(fake{devices: broken}); !errors.Is(err, broken) || !strings.Contains(err.Error(), "devices: ") {
		t.Error(err)
	}
	if _, err := collect(fake{examining: broken}); !errors.Is(err, broken) || !strings.Contains(err.Error(), "examine one: ") {
		t.Error(err)
	}
}
