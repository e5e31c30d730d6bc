package gguf

import (
	"cmp"
	"slices"
	"strings"
)

// Mix is the tensors of one type.
type Mix struct {
	Type       TensorType
	Tensors    int
	Parameters int64
	Bytes      int64
}

// Weights are the numbers of a model, counted.
type Weights struct {
	Parameters int64 // in all
	Active     int64 // used for a token: of the experts, those that are chosen
	Bytes      int64 // of all tensors, without padding
	Mix        []Mix // the one with the most bytes first
}

// Bits per parameter; 0 where there are none.
func (w Weights) Bits() float64 {
	if w.Parameters == 0 {
		return 0
	}
	return 8 * float64(w.Bytes) / float64(w.Parameters)
}

// Weights counts. Tensors whose size is not known, which Validate names, do not count.
// Experts are told by the names that the engine gives their tensors, and how many of
// them are used by h, which may be nil: then all are.
func (f *File) Weights(h *Hyper) Weights {
	var w Weights
	for _, t := range f.Tensors {
		bytes, ok := t.Size()
		n, okElements := t.Elements()
		if !ok || !okElements || w.Parameters+n < 0 || w.Bytes+bytes < 0 {
			continue
		}
		w.Parameters += n
		w.Active += active(t, n, h)
		w.Bytes += bytes
		i := slices.IndexFunc(w.Mix, func(m Mix) bool { return m.Type == t.Type })
		if i < 0 {
			i = len(w.Mix)
			w.Mix = append(w.Mix, Mix{Type: t.Type})
		}
		w.Mix[i].Tensors++
		w.Mix[i].Parameters += n
		w.Mix[i].Bytes += bytes
	}
	slices.SortFunc(w.Mix, func(a, b Mix) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Type, b.Type))
	})
	return w
}

// active is how many of the n numbers of a tensor a token uses. The experts of a layer
// lie in one tensor, blk.N.ffn_…exps, the last dimension of which counts them:
// ggml-org/llama.cpp src/llama-arch.cpp@v0.5.0.
func active(t Tensor, n int64, h *Hyper) int64 {
	layer, name, ok := blockName(t.Name)
	if !ok || h == nil || len(t.Dims) < 2 || !strings.Contains(name, "exps.") || layer >= len(h.Layers) {
		return n
	}
	used, count := int64(h.Layers[layer].ExpertsUsed), int64(t.Dims[len(t.Dims)-1])
	if used == 0 || count == 0 {
		return n
	}
	return n / count * min(used, count)
}

// blockName takes blk.12.attn_q.weight apart.
func blockName(tensor string) (layer int, name string, ok bool) {
	number, name, ok := strings.Cut(strings.TrimPrefix(tensor, "blk."), ".")
	if !ok || !strings.HasPrefix(tensor, "blk.") || number == "" || len(number) > 4 {
		return 0, "", false
	}
	for _, c := range number {
		if c < '0' || c > '9' {
			return 0, "", false
		}
		layer = 10*layer + int(c-'0')
	}
	return layer, name, true
}
