package gguf

// windowRule says which layers have a sliding window, and of what kind.
type windowRule struct {
	kind       WindowKind
	when       windowWhen
	size       int  // unless the key says another
	fixed      bool // size stands whatever the key says
	pattern    int  // each so many layers have none, 0: all have one; unless the key says otherwise
	denseFirst bool // of each such group, the first has none instead of the last
	list       bool // the key must list all layers
	attention  bool // the layers that are not recurrent have it
	rope       windowRoPE
}

// windowWhen says on what a window depends.
type windowWhen uint8

const (
	windowAlways   windowWhen = iota
	windowIfSize              // the key has a size above 0
	windowNotZero             // the key is absent, or not 0
	windowLayers64            // the model has 64 layers
	windowNever               // the engine ignores the key
)

// windowRoPE says what layers with a window take from those without.
type windowRoPE uint8

const (
	ropeOwn  windowRoPE = iota // nothing
	ropeBase                   // the base
	ropeSame                   // base and scale
)

func (r *hyperReader) readWindow() {
	rule, h := r.arch.window, r.h
	if rule == nil || r.err != nil {
		return
	}
	given := r.count(kWindow, 0)
	h.Window.Size = given
	switch rule.when {
	case windowNever:
		h.Window.Size = 0
		return
	case windowIfSize:
		if given == 0 {
			return
		}
	case windowNotZero:
		if given == 0 && r.has(kWindow) {
			return
		}
	case windowLayers64:
		if h.Main() != 64 {
			return
		}
	}
	h.Window.Kind = rule.kind
	if rule.fixed || !r.has(kWindow) {
		h.Window.Size = rule.size
	}
	r.windowRoPE(rule.rope)
	r.windowLayers(rule)
}

func (r *hyperReader) windowRoPE(rule windowRoPE) {
	p := &r.h.RoPE
	if rule == ropeBase || rule == ropeSame {
		p.BaseWindow = p.Base
	}
	if rule == ropeSame {
		p.ScaleWindow = p.Scale
	}
	if r.has(kRoPEBaseWindow) {
		r.check(kRoPEBaseWindow)
	}
	p.BaseWindow = r.float(kRoPEBaseWindow, p.BaseWindow)
}

// windowLayers is llama_model_base::load_swa_pattern, and set_swa_pattern.
func (r *hyperReader) windowLayers(rule *windowRule) {
	h := r.h
	if r.has(kPattern) {
		r.check(kPattern)
	}
	if r.has(kPattern) && r.value(kPattern).Type == Array {
		r.list(kPattern, len(h.Layers), func(i, n int) { h.Layers[i].Window = n != 0 })
		return
	}
	if rule.list {
		r.fail(kPattern, "must be an array with one element a layer")
		return
	}
	n := r.count(kPattern, rule.pattern)
	for i := range h.Main() {
		l := &h.Layers[i]
		switch {
		case rule.attention:
			l.Window = !l.Recurrent
		case n == 0:
			l.Window = true
		case rule.denseFirst:
			l.Window = i%n != 0
		default:
			l.Window = i%n < n-1
		}
	}
}
