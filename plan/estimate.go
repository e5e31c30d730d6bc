package plan

import (
	"context"

	"github.com/seed-f87006eb/llm/gguf"
)

// Estimator plans one model by arithmetic. Any goroutine may use it.
type Estimator struct {
	h       *gguf.Hyper
	weights []weight
	cache   []gguf.CacheTensor
	parts   *parts
	repack  Repack
}

// NewEstimator reads what it needs of a header. Tensors of unknown types are left out.
// Repack is the kind of processor that the host has: [RepackNone] where that is not known.
func NewEstimator(h *gguf.Hyper, tensors []gguf.Tensor, repack Repack) *Estimator {
	e := &Estimator{h: h, weights: weightsOf(h, tensors), cache: h.Cache(), repack: repack}
	e.parts = partsOf(h, e.weights, e.cache)
	return e
}

// Estimate plans a model from its header alone: weights and KV cache as the engine takes
// them, compute buffers by the model that docs/plan.md describes. An error is an
// *[Impossible].
func Estimate(h *gguf.Hyper, tensors []gguf.Tensor, devices []Device, r Request) (*Memory, error) {
	return NewEstimator(h, tensors, RepackNone).Measure(context.Background(), devices, r)
}

// Measure implements [Measurer].
func (e *Estimator) Measure(_ context.Context, devices []Device, r Request) (*Memory, error) {
	s, err := newSetting(e.h, &r)
	if err != nil {
		return nil, err
	}
	p, err := place(e.h, devices, &r)
	if err != nil {
		return nil, err
	}
	s.attention(p)
	s.index(p)
	m := &Memory{Devices: make([]Use, len(devices)), Layers: p.layers, Context: s.context, ContextSeq: s.cells}
	home, err := e.placeWeights(p, &r, m)
	if err != nil {
		return nil, err
	}
	e.placeCache(p, s, m)
	e.compute(p, s, home, m)
	m.Host.Output = s.outputBuffer()
	return m, nil
}

// use is where the bytes of a place count.
func (m *Memory) use(where int) *Use {
	if where == host {
		return &m.Host
	}
	return &m.Devices[where]
}

// placeCache adds the KV cache and the states: each tensor lies with its layer.
func (e *Estimator) placeCache(p *placement, s *setting, m *Memory) {
	for _, c := range e.cache {
		rows, streams := s.rowsOf(c)
		kind, width := s.typeOf(c), s.widthOf(c)
		block, size := kind.Block()
		bytes := uint64(width/block) * uint64(size) * uint64(rows) * uint64(streams)
		where := s.cachePlace(p, c)
		m.use(where).KV += p.size(where, kind, uint64(width), bytes)
	}
}

func (s *setting) cachePlace(p *placement, c gguf.CacheTensor) int {
	if s.r.NoKVOffload {
		return host
	}
	return p.layer(c.Layer)
}

// rowsOf is how many rows a cache has, and how many caches lie beside one another.
func (s *setting) rowsOf(c gguf.CacheTensor) (rows, streams int) {
	window, shared := s.cells, 1
	if s.r.Unified {
		shared = s.sequences
	}
	if c.Own {
		shared = 1
	}
	if !s.r.FullWindow {
		window = s.h.WindowCells(s.cells, s.ubatch, shared)
	}
	if c.Own {
		return c.Rows(s.cells, window), s.sequences
	}
	return c.Rows(s.cells, window), s.streams
}

// widthOf is the numbers of a row. Values lie across where there is no flash attention, and
// are then as wide as the widest layer's.
func (s *setting) widthOf(c gguf.CacheTensor) int {
	if c.Type != gguf.CacheValue || s.flash {
		return c.Width
	}
	widest := 0
	for _, l := range s.h.Layers {
		widest = max(widest, l.ValueWidth())
	}
	return widest
}

// outputBuffer is what logits and embeddings are handed out in: output_reserve of
// src/llama-context.cpp@v0.5.0, for one row of each sequence.
func (s *setting) outputBuffer() uint64 {
	n := uint64(s.h.Vocabulary)
	if s.r.Embeddings || s.h.Architecture == "t5" {
		n += uint64(s.h.EmbeddingOut)
	}
	return n * uint64(s.sequences) * 4
}
