package reference

// #include "reference.h"
// #include <stdlib.h>
import "C"

import (
	"errors"
	"runtime"
	"unsafe"

	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/sampler"
)

// Chain is the engine's chain of samplers for parameters of ours.
type Chain struct{ c *C.llm_reference_chain }

// NewChain makes a chain. path is a model whose vocabulary infill and the breakers of DRY
// that are text use, or empty. With greedy the likeliest of what the steps leave is taken,
// without a draw.
func NewChain(vocab int, p sampler.Params, path string, greedy bool, breakers ...string) (*Chain, error) {
	llama.BuildInfo()
	var pin runtime.Pinner
	defer pin.Unpin()
	order := p.Order
	if order == nil {
		order = sampler.DefaultOrder()
	}
	var steps, tokens, sizes, tails []C.int
	var texts []*C.char
	for _, b := range breakers {
		text := C.CString(b)
		defer C.free(unsafe.Pointer(text))
		texts = append(texts, text)
	}
	var values []C.float
	for _, s := range order {
		steps = append(steps, C.int(s))
	}
	for _, b := range p.Bias {
		tokens, values = append(tokens, C.int(b.Token)), append(values, C.float(b.Value))
	}
	for _, b := range p.DRY.Breakers {
		sizes = append(sizes, C.int(len(b)))
		for _, t := range b {
			tails = append(tails, C.int(t))
		}
	}
	cp := C.struct_llm_reference_sampling{
		seed: C.uint(p.Seed), n_order: C.int(len(steps)), order: pinned(&pin, steps),
		n_bias: C.int(len(tokens)), bias_tokens: pinned(&pin, tokens), bias_values: pinned(&pin, values),
		min_keep: C.int(p.MinKeep), top_k: C.int(p.TopK), top_p: C.float(p.TopP), min_p: C.float(p.MinP), typ_p: C.float(p.TypicalP),
		top_n_sigma: C.float(p.TopNSigma), xtc_probability: C.float(p.XTCProbability), xtc_threshold: C.float(p.XTCThreshold),
		temp: C.float(p.Temperature), dynatemp_range: C.float(p.DynatempRange), dynatemp_exponent: C.float(p.DynatempExponent),
		penalty_last_n: C.int(p.PenaltyLast), penalty_repeat: C.float(p.RepeatPenalty), penalty_freq: C.float(p.FrequencyPenalty),
		penalty_present: C.float(p.PresencePenalty),
		dry_multiplier:  C.float(p.DRY.Multiplier), dry_base: C.float(p.DRY.Base), dry_allowed_length: C.int(p.DRY.AllowedLength),
		dry_penalty_last_n: C.int(p.DRY.Last), n_dry_breakers: C.int(len(sizes)), dry_breaker_sizes: pinned(&pin, sizes),
		dry_breakers: pinned(&pin, tails), n_dry_strings: C.int(len(texts)), dry_strings: pinned(&pin, texts),
		mirostat: C.int(p.Mirostat), mirostat_tau: C.float(p.MirostatTau), mirostat_eta: C.float(p.MirostatEta),
		adaptive_target: C.float(p.AdaptiveTarget), adaptive_decay: C.float(p.AdaptiveDecay),
	}
	if greedy {
		cp.greedy = 1
	}
	var cpath *C.char
	if path != "" {
		cpath = C.CString(path)
		defer C.free(unsafe.Pointer(cpath))
	}
	c := C.llm_reference_chain_new(&cp, C.int(vocab), cpath)
	if c == nil {
		return nil, errors.New("reference: there is no such chain")
	}
	return &Chain{c}, nil
}

func pinned[T any](pin *runtime.Pinner, s []T) *T {
	if len(s) == 0 {
		return nil
	}
	pin.Pin(&s[0])
	return &s[0]
}

// Sample is the token chosen; negative: none.
func (c *Chain) Sample(logits []float32) int32 {
	return int32(C.llm_reference_chain_sample(c.c, (*C.float)(unsafe.SliceData(logits))))
}

// Accept adds a token to the text.
func (c *Chain) Accept(token int32) { C.llm_reference_chain_accept(c.c, C.int(token)) }

// Reset forgets the text and begins the sequence of draws anew.
func (c *Chain) Reset() { C.llm_reference_chain_reset(c.c) }

// Close frees the chain.
func (c *Chain) Close() {
	C.llm_reference_chain_free(c.c)
	c.c = nil
}
