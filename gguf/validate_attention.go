package gguf

import "strings"

// attentive is whether each layer has attention: the engine divides by its heads.
func attentive(h *Hyper) bool {
	switch h.Kind {
	case KindRecurrent, KindHybrid, KindCodec, KindDraft:
		return false
	}
	return h.Architecture != "deci"
}

// heads checks the sizes of attention against each other.
func (v *validator) heads(h *Hyper) {
	first, graph := h.First(), graphs[h.Architecture]
	if first.Heads == 0 {
		if attentive(h) {
			v.hyper(h, "attention.head_count", "it is missing or 0: this architecture has attention in each layer")
		}
		return
	}
	if first.KeyLength == 0 {
		v.hyper(h, "attention.head_count", "an embedding of %d cannot be split among %d heads", h.Embedding, first.Heads)
	}
	if graph&sameHeads != 0 && first.KeyLength != first.ValueLength {
		v.hyper(h, "attention.key_length", "keys of %d and values of %d: this architecture needs them equal", first.KeyLength, first.ValueLength)
	}
	for i, l := range h.Layers {
		if l.KVHeads > 0 && l.Heads%l.KVHeads != 0 {
			v.hyper(h, "attention.head_count_kv", "%d heads cannot share %d heads of keys (layer %d)", l.Heads, l.KVHeads, i)
			return
		}
	}
}

// rope checks how many numbers of a head are rotated: pairs, and no more than there are.
// With none the engine never ends.
func (v *validator) rope(h *Hyper) {
	graph := graphs[h.Architecture]
	if h.RoPE.Kind == RoPENone || h.Architecture == "starcoder" || h.First().Heads == 0 {
		return // it has no RoPE
	}
	for i, l := range h.Layers {
		key := "rope.dimension_count"
		if _, ok := v.f.Lookup(h.Architecture + "." + key + "_swa"); ok && l.Window {
			key += "_swa"
		}
		_, said := v.f.Lookup(h.Architecture + "." + key)
		what := ""
		switch {
		case said && l.RoPE%2 != 0:
			what = "cannot be rotated in pairs"
		case said && l.RoPE > l.KeyLength:
			what = "are more than it has"
		case said && l.RoPE == 0 && attentive(h) && h.Architecture != "bert" && (graph&sameHeads != 0 || strings.HasPrefix(h.Architecture, "gemma")):
			what = "are none"
		case graph&wholeRope != 0 && i == 0 && l.RoPE != l.ValueLength:
			what = "are not all, which this architecture needs"
		default:
			continue
		}
		v.hyper(h, key, "%d numbers of a head of %d %s", l.RoPE, l.KeyLength, what)
		return
	}
}

// maxWindow is of a sliding window, in tokens, far above all that are in use. The engine
// makes room for as many numbers at each step.
const maxWindow = 1 << 24

// window checks sliding windows: an architecture that has them needs a layer with one.
func (v *validator) window(h *Hyper) {
	if h.Window.Size > maxWindow {
		v.hyper(h, "attention.sliding_window", "a window of %d tokens; the limit is %d", h.Window.Size, maxWindow)
	}
	if h.Window.Kind == WindowNone || h.Kind == KindEncoder {
		return
	}
	for _, l := range h.Layers {
		if l.Window {
			return
		}
	}
	v.hyper(h, "attention.sliding_window_pattern", "no layer has a window, and the file has one of %d tokens", h.Window.Size)
}
