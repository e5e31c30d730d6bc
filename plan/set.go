package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// Companion is what is loaded beside a model and takes memory too.
type Companion interface {
	// With adds what the companion takes when a model lies in memory like this.
	With(ctx context.Context, devices []Device, r Request, m *Memory) error
}

// Set measures a model together with its companions. It is as exact as they are.
type Set struct {
	Model      Measurer
	Companions []Companion
}

// Measure implements [Measurer].
func (s Set) Measure(ctx context.Context, devices []Device, r Request) (*Memory, error) {
	m, err := s.Model.Measure(ctx, devices, r)
	if err != nil || len(s.Companions) == 0 {
		return m, err
	}
	sum := *m
	sum.Devices = slices.Clone(m.Devices)
	for _, c := range s.Companions {
		if err := c.With(ctx, devices, r, &sum); err != nil {
			return nil, err
		}
	}
	return &sum, nil
}

// Draft is a small model that drafts for the other: all of it on the devices, with an f16 KV
// cache and the other's context.
type Draft struct{ Model Measurer }

// With implements [Companion].
func (d Draft) With(ctx context.Context, devices []Device, r Request, m *Memory) error {
	own := DefaultRequest()
	own.Context, own.Sequences, own.Unified = m.Context, r.Sequences, r.Unified
	own.Batch, own.Ubatch, own.Outputs, own.FlashAttention = r.Batch, r.Ubatch, r.Outputs, r.FlashAttention
	more, err := d.Model.Measure(ctx, devices, own)
	if err != nil {
		return fmt.Errorf("plan for the draft model: %w", err)
	}
	m.Host.plus(more.Host)
	for i := range m.Devices {
		m.Devices[i].plus(more.Devices[i])
	}
	return nil
}

func (u *Use) plus(more Use) {
	u.Weights += more.Weights
	u.KV += more.KV
	u.Compute += more.Compute
	u.Output += more.Output
	u.Repacked += more.Repacked
}

// Weights of a file that follow those of the model: an adapter's, each where the layer is that
// it changes.
type Weights struct{ Tensors []gguf.Tensor }

// With implements [Companion].
func (w Weights) With(_ context.Context, _ []Device, _ Request, m *Memory) error {
	for _, t := range w.Tensors {
		size, ok := t.Size()
		if !ok {
			continue
		}
		where := -1
		if n, _ := numberOf(t.Name); n >= 0 && n < len(m.Layers) {
			where = m.Layers[n]
		} else if strings.HasPrefix(t.Name, "output") && len(m.Layers) > 0 {
			where = m.Layers[len(m.Layers)-1]
		}
		if where < 0 || where >= len(m.Devices) {
			m.Host.Weights += uint64(size)
		} else {
			m.Devices[where].Weights += uint64(size)
		}
	}
	return nil
}

// Projector is the weights of a file that sees or hears for the model: all on the first device. What it
// takes to compute is not known.
type Projector struct{ Tensors []gguf.Tensor }

// With implements [Companion].
func (p Projector) With(_ context.Context, _ []Device, _ Request, m *Memory) error {
	where := &m.Host
	if len(m.Devices) > 0 {
		where = &m.Devices[0]
	}
	for _, t := range p.Tensors {
		if size, ok := t.Size(); ok {
			where.Weights += uint64(size)
		}
	}
	return nil
}
