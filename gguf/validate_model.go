package gguf

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// model checks the hyper-parameters: what [File.Hyper] refuses, as load_hparams of the
// engine does by exceptions and assertions, and what its graphs do not survive.
func (v *validator) model() {
	if len(v.f.Tensors) == 0 {
		return // a vocabulary
	}
	h, err := v.f.Hyper()
	var bad *HyperError
	switch {
	case errors.Is(err, ErrArchitecture):
		v.key(Error, KeyArchitecture, newerVersion, "the architecture %s is not known", Quote(h.Architecture))
		return
	case errors.As(err, &bad):
		v.add(Problem{Level: Error, Key: bad.Key, Offset: bad.Offset, What: itsValue(bad.What), Remedy: convertAgain})
		return
	case err != nil:
		v.err = err
		return
	}
	v.epsilons(h)
	v.tensorTypes()
	v.heads(h)
	v.rope(h)
	v.window(h)
	v.experts(h)
	v.demands(h)
}

// itsValue makes a sentence of what a HyperError says: "is 0", "7 is out of range".
func itsValue(what string) string {
	if strings.IndexAny(what, "-0123456789") == 0 {
		return "its value of " + what
	}
	return "it " + what
}

// hyper adds an error of a key of the architecture.
func (v *validator) hyper(h *Hyper, key, format string, args ...any) {
	v.key(Error, h.Architecture+"."+key, convertAgain, format, args...)
}

// epsilons of norms must not be negative: the engine asserts it while it computes.
func (v *validator) epsilons(h *Hyper) {
	for _, k := range v.f.Keys {
		name, ok := strings.CutPrefix(k.Name, h.Architecture+".")
		if !ok || !strings.Contains(name, "epsilon") {
			continue
		}
		if x, ok := k.Float(); ok && !(x >= 0) {
			v.hyper(h, name, "the epsilon is negative or not a number: %v", x)
		}
	}
}

// experts of no layer may be without work, unless the architecture says that they can.
func (v *validator) experts(h *Hyper) {
	idle := slices.IndexFunc(h.Layers, func(l Layer) bool { return l.ExpertsUsed == 0 })
	if h.Experts.Count > 0 && idle >= 0 && !strings.HasPrefix(h.Architecture, "nemotron_h") {
		v.hyper(h, "expert_used_count", "none of %d experts in layer %d", h.Experts.Count, idle)
	}
}

// floats are tensors, beside norms, biases and scales, that the engine adds or multiplies
// by, or reads as 32-bit floats in operations that know no other type: it aborts.
var floats = []string{"ssm_a", "ssm_d", "ssm_conv1d", "ssm_conv1d_q", "ssm_conv1d_k", "ssm_conv1d_v", "shortconv.conv",
	"rope_freqs", "rope_factors_long", "rope_factors_short", "attn_sinks", "token_types"}

// unusable are types that the engine cannot multiply by, nor look up rows of.
var unusable = []TensorType{F64, I8, I16, I32, I64, Q8_1, Q8_K}

// tensorTypes finds tensors of types that the engine does not compute with.
func (v *validator) tensorTypes() {
	rows := v.rows()
	for i := range v.f.Tensors {
		t := &v.f.Tensors[i]
		what := ""
		base, weight := strings.CutSuffix(t.Name, ".weight")
		switch {
		case t.Type == F32:
		case strings.HasSuffix(t.Name, ".bias") || strings.HasSuffix(t.Name, ".scale") || needsFloat(base):
			what = fmt.Sprintf("the engine needs F32 for it, not %v", t.Type)
		case weight && slices.Contains(unusable, t.Type) && !strings.HasSuffix(base, "tid2eid"):
			what = fmt.Sprintf("the engine cannot compute with weights of %v", t.Type)
		}
		if what != "" {
			v.add(Problem{Level: Error, Tensor: t.Name, Part: v.partName(t.Part), Offset: rows[i], What: what, Remedy: convertAgain})
		}
	}
}

// needsFloat is by the name without the layer: blk.0.attn_norm.
func needsFloat(base string) bool {
	if rest, ok := strings.CutPrefix(base, "blk."); ok {
		if _, name, ok := strings.Cut(rest, "."); ok {
			base = name
		}
	}
	return strings.Contains(base, "norm") || slices.Contains(floats, base)
}
