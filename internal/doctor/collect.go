package doctor

import (
	"context"
	"fmt"
)

// Machine is what doctor asks. Package machine has the real one.
type Machine interface {
	Build() Build
	System() System
	Model() Model
	Backends() ([]Backend, error)
	// Devices are those that the engine found, not examined.
	Devices() ([]Device, error)
	// Examine measures a device and compares it with the CPU. What goes wrong with the
	// device is among its Failures; an error is that of ctx, or of the machine.
	Examine(ctx context.Context, d Device, progress func(step string, fraction float64)) (Device, error)
}

// Collect asks a machine for all there is to know. Progress is called with the device's
// name and the step.
func Collect(ctx context.Context, m Machine, progress func(device, step string, fraction float64)) (*Facts, error) {
	f := &Facts{Build: m.Build(), System: m.System(), Model: m.Model()}
	var err error
	if f.Backends, err = m.Backends(); err != nil {
		return nil, fmt.Errorf("backends: %w", err)
	}
	devices, err := m.Devices()
	if err != nil {
		return nil, fmt.Errorf("devices: %w", err)
	}
	f.Devices = make([]Device, len(devices))
	for i, d := range devices {
		f.Devices[i], err = m.Examine(ctx, d, func(step string, fraction float64) { progress(d.Name, step, fraction) })
		if err != nil {
			return nil, fmt.Errorf("examine %s: %w", d.Name, err)
		}
		f.Devices[i].Bound = bound(f.Devices[i], f.Model)
	}
	return f, nil
}

// bound is Device.Bound: by the fastest that memory was seen.
func bound(d Device, m Model) float64 {
	if m.Synthetic || m.Bytes == 0 {
		return 0
	}
	fastest := 0.0
	if d.Copy != nil {
		fastest = d.Copy.Best
	}
	for _, p := range d.Products {
		if p.Weights != nil {
			fastest = max(fastest, p.Weights.Best)
		}
	}
	return fastest / float64(m.Bytes)
}

// fastestPrompt is the product that multiplies fastest; nil: none.
func (d *Device) fastestPrompt() (best *Product) {
	for i, p := range d.Products {
		if p.Flop != nil && p.Columns > 1 && (best == nil || p.Flop.Best > best.Flop.Best) {
			best = &d.Products[i]
		}
	}
	return best
}
