package gguf

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Parameters are the numbers that a model learnt, counted from its tensors.
type Parameters struct {
	Total         int64
	Active        int64 // of a token: all but the experts that are not used for it
	Bytes         int64 // of the tensors
	BitsPerWeight float64
	Types         []TypeUse // the one with most bytes first
}

// TypeUse is what a file has of one type of tensor.
type TypeUse struct {
	Type              TensorType
	Tensors           int
	Parameters, Bytes int64
}

// Parameters counts. The Hyper says how many experts are used; nil: all are. Tensors
// whose size does not fit, or is unknown, count no bytes: Validate names them.
func (f *File) Parameters(h *Hyper) Parameters {
	var p Parameters
	for _, t := range f.Tensors {
		n, ok := t.Elements()
		if !ok {
			n = 0
		}
		size, _ := t.Size()
		i := slices.IndexFunc(p.Types, func(u TypeUse) bool { return u.Type == t.Type })
		if i < 0 {
			i = len(p.Types)
			p.Types = append(p.Types, TypeUse{Type: t.Type})
		}
		u := &p.Types[i]
		u.Tensors, u.Parameters, u.Bytes = u.Tensors+1, u.Parameters+n, u.Bytes+size
		p.Total, p.Bytes = p.Total+n, p.Bytes+size
		p.Active += h.Active(t.Name, n)
	}
	if p.Total > 0 {
		p.BitsPerWeight = 8 * float64(p.Bytes) / float64(p.Total)
	}
	slices.SortStableFunc(p.Types, func(a, b TypeUse) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return p
}

// Active is how many of a tensor's n numbers, or bytes, a token meets: of experts that a
// router chooses, those that are used; else all, also of a nil Hyper.
func (h *Hyper) Active(name string, n int64) int64 {
	if h == nil || h.Experts.Count == 0 || !ofExperts(name) {
		return n
	}
	layer := layerOf(name)
	if layer < 0 || layer >= len(h.Layers) {
		return n
	}
	count, used := int64(h.Experts.Count), int64(h.Layers[layer].ExpertsUsed)
	return n/count*used + n%count*used/count
}

// ofExperts is whether a tensor is of experts that a router chooses: one of all, as
// blk.0.ffn_up_exps.weight, or of one, as blk.0.ffn_up.3.weight of old files.
func ofExperts(name string) bool {
	parts := strings.Split(name, ".")
	if len(parts) < 4 || parts[0] != "blk" {
		return false
	}
	if _, err := strconv.Atoi(parts[3]); err == nil && len(parts) == 5 {
		return true
	}
	return strings.HasSuffix(parts[2], "_exps") && parts[2] != "ffn_norm_exps" || strings.HasSuffix(parts[2], "_chexps")
}
