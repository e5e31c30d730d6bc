package gguf

import "math"

// recurrentRule says which layers keep a state.
type recurrentRule uint8

const (
	recurrentNone     recurrentRule = iota
	recurrentAll                    // all
	recurrentNoKV                   // those without heads for keys and values
	recurrentNoKVNoFF               // those that also have no feed-forward
	recurrentInterval               // all but each so many, unless a list says so
)

func (r *hyperReader) readRecurrent() {
	s := &r.h.Recurrent
	s.SSMConv, s.SSMInner = r.count(kSSMConvKernel, 0), r.count(kSSMInnerSize, 0)
	s.SSMState, s.SSMTimeStepRank = r.count(kSSMStateSize, 0), r.count(kSSMTimeStepRank, 0)
	s.SSMGroups = r.count(kSSMGroupCount, 0)
	s.WKVHead, s.TokenShift = r.count(kWKVHeadSize, 0), r.count(kTokenShiftCount, 2)
	s.DecayRank, s.LearningRank = r.count(kDecayLoRARank, 0), r.count(kIclrLoRARank, 0)
	s.ValueRank, s.GateRank = r.count(kValueResidualMixLoRARank, 0), r.count(kGateLoRARank, 0)
	s.MixRank, s.TimeDecayRank = r.count(kTimeMixExtraDim, 0), r.count(kTimeDecayExtraDim, 0)
	s.ShortConv = r.count(kShortconvLCache, 0)
	s.KDAHead = r.count(kKDAHeadDim, 0)
}

func (r *hyperReader) readRecurrentLayers() {
	h := r.h
	if r.arch.recurrent == recurrentInterval && r.layers(kRecurrentLayers, len(h.Layers), func(l *Layer, n int) { l.Recurrent = n != 0 }) {
		return
	}
	interval := r.count(kFullAttentionInterval, r.arch.interval)
	if r.arch.recurrent == recurrentInterval && interval == 0 {
		r.fail(kFullAttentionInterval, "is 0")
		return
	}
	for i := range h.Layers {
		l, main := &h.Layers[i], i < h.Main()
		switch r.arch.recurrent {
		case recurrentAll:
			l.Recurrent = true
		case recurrentNoKV:
			l.Recurrent = main && l.KVHeads == 0
		case recurrentNoKVNoFF:
			l.Recurrent = main && l.KVHeads == 0 && l.FeedForward == 0
		case recurrentInterval:
			l.Recurrent = main && (i+1)%interval != 0
		}
	}
}

// product of numbers that are not negative; one that is too large ends up far beyond
// any size of memory.
func product(numbers ...int) int {
	const limit = math.MaxInt / 4
	n := 1
	for _, next := range numbers {
		if next != 0 && n > limit/next {
			return limit
		}
		n *= next
	}
	return n
}

// finishState is n_embd_r, n_embd_s and ple_conv_state of src/llama-hparams.cpp@v0.5.0.
func (r *hyperReader) finishState() {
	h := r.h
	s, heads := &h.Recurrent, h.First().Heads
	switch before := max(s.SSMConv-1, 0); {
	case s.WKVHead != 0:
		s.Rolling = s.TokenShift * h.Embedding
	case s.ShortConv != 0:
		s.Rolling = h.Embedding * (s.ShortConv - 1)
	case s.KDAHead != 0:
		if s.SSMConv == 0 {
			before = 3
		}
		s.Rolling = product(3*before, heads, s.KDAHead)
	default:
		s.Rolling = product(before, s.SSMInner+product(2, s.SSMGroups, s.SSMState))
	}
	switch {
	case s.WKVHead != 0:
		s.State = h.Embedding * s.WKVHead
	case s.KDAHead != 0:
		s.State = product(s.KDAHead, s.KDAHead, heads)
	case s.LinearHead != 0:
		s.State = product(s.LinearHead, s.LinearHead, heads)
	default:
		s.State = s.SSMState * s.SSMInner
	}
	if s.PLELayer >= 0 && !h.Layers[s.PLELayer].Recurrent {
		r.fail(kPLELayers, "layer %d has no linear attention", s.PLELayer)
	}
}
