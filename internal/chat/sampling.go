package chat

import (
	"fmt"
	"math"
)

// Sampling says how tokens are chosen: by steps with llama.cpp's names and meanings (see
// docs/sampler.md). Start from DefaultSampling.
type Sampling struct {
	Seed uint32 // RandomSeed: another one each time
	// Order are the names of the steps, first to last; nil: llama.cpp's default order. A
	// step that it lacks is not made.
	Order []string

	Temperature      float64 // 0: always the likeliest token
	DynatempRange    float64 // the temperature moves so far with the entropy; 0: off
	DynatempExponent float64

	TopK           int     // 0: off
	TopP           float64 // 1: off
	MinP           float64 // 0: off
	TypicalP       float64 // 1: off
	TopNSigma      float64 // 0 or less: off
	XTCProbability float64 // 0: off
	XTCThreshold   float64 // above 0.5: off

	RepeatLast       int     // tokens that the penalties look back; -1: the context
	RepeatPenalty    float64 // 1: off
	FrequencyPenalty float64 // 0: off
	PresencePenalty  float64 // 0: off
	DRY              DRY

	Mirostat    int     // 1 or 2: in place of Order; 0: off
	MirostatTau float64 // target surprise, bits
	MirostatEta float64 // learning rate

	AdaptiveTarget float64 // draws near this probability; negative: off
	AdaptiveDecay  float64

	Bias   []TokenBias // added to the logits before all steps
	Forbid []int32     // tokens that are never chosen
}

// DRY makes tokens less likely that go on with a repetition.
type DRY struct {
	Multiplier    float64 // 0: off
	Base          float64
	AllowedLength int      // tokens that may repeat
	Last          int      // tokens looked back; -1: the context, 0: off
	Breakers      []string // texts that a repetition does not go beyond
}

// TokenBias is added to the logit of a token.
type TokenBias struct {
	Token int32
	Bias  float64
}

// RandomSeed stands for a seed that the engine draws itself.
const RandomSeed = 0xFFFFFFFF

// DefaultSampling are llama.cpp's defaults (common_params_sampling,
// common/common.h@v0.5.0).
func DefaultSampling() Sampling {
	return Sampling{
		Seed: RandomSeed, Temperature: 0.8, DynatempExponent: 1, TopK: 40, TopP: 0.95, MinP: 0.05, TypicalP: 1, TopNSigma: -1, XTCThreshold: 0.1,
		RepeatLast: 64, RepeatPenalty: 1,
		DRY:         DRY{Base: 1.75, AllowedLength: 2, Last: 64, Breakers: []string{"\n", ":", "\"", "*"}},
		MirostatTau: 5, MirostatEta: 0.1, AdaptiveTarget: -1, AdaptiveDecay: 0.9,
	}
}

// within is a number with the least and the most that it may be. above: it must be more
// than the least.
type within struct {
	name      string
	value     float64
	low, high float64
	above     bool
}

var inf = math.Inf(1)

func (s *Sampling) validate() error {
	for _, w := range []within{
		{"temperature", s.Temperature, 0, inf, false},
		{"dynamic temperature range", s.DynatempRange, 0, inf, false},
		{"dynamic temperature exponent", s.DynatempExponent, 0, inf, false},
		{"top-p", s.TopP, 0, 1, true},
		{"min-p", s.MinP, 0, 1, false},
		{"typical-p", s.TypicalP, 0, 1, true},
		{"top-n-sigma", s.TopNSigma, -inf, inf, false},
		{"XTC probability", s.XTCProbability, 0, 1, false},
		{"XTC threshold", s.XTCThreshold, 0, inf, false},
		{"repeat penalty", s.RepeatPenalty, 0, inf, true},
		{"frequency penalty", s.FrequencyPenalty, -inf, inf, false},
		{"presence penalty", s.PresencePenalty, -inf, inf, false},
		{"DRY multiplier", s.DRY.Multiplier, 0, inf, false},
		{"DRY base", s.DRY.Base, 0, inf, false},
		{"mirostat tau", s.MirostatTau, 0, inf, false},
		{"mirostat eta", s.MirostatEta, 0, inf, false},
		{"adaptive target", s.AdaptiveTarget, -inf, 1, false},
		{"adaptive decay", s.AdaptiveDecay, 0, 0.99, false},
	} {
		if err := w.check(); err != nil {
			return err
		}
	}
	for _, w := range []struct {
		name      string
		value     int
		low, high int
	}{
		{"top-k", s.TopK, 0, math.MaxInt32},
		{"repeat last", s.RepeatLast, -1, math.MaxInt32},
		{"DRY last", s.DRY.Last, -1, math.MaxInt32},
		{"DRY allowed length", s.DRY.AllowedLength, 0, math.MaxInt32},
		{"mirostat", s.Mirostat, 0, 2},
	} {
		if w.value < w.low || w.value > w.high {
			return fmt.Errorf("%w: %s %d; it must be from %d to %d", ErrRequest, w.name, w.value, w.low, w.high)
		}
	}
	for _, b := range s.Bias {
		if math.IsNaN(b.Bias) || math.IsInf(b.Bias, 0) {
			return fmt.Errorf("%w: bias %g of token %d; it must be a finite number", ErrRequest, b.Bias, b.Token)
		}
	}
	return checkTexts("DRY sequence breaker", s.DRY.Breakers...)
}

func (w within) check() error {
	if math.IsInf(float64(float32(w.value)), 0) || math.IsNaN(w.value) {
		return fmt.Errorf("%w: %s %g; it must be a finite number", ErrRequest, w.name, w.value)
	}
	if w.value > w.low && w.value <= w.high || w.value == w.low && !w.above {
		return nil
	}
	words := fmt.Sprintf("from %g to %g", w.low, w.high)
	switch {
	case w.above && w.high == inf:
		words = fmt.Sprintf("above %g", w.low)
	case w.above:
		words = fmt.Sprintf("above %g and at most %g", w.low, w.high)
	case w.high == inf:
		words = fmt.Sprintf("%g or more", w.low)
	case w.low == -inf:
		words = fmt.Sprintf("at most %g", w.high)
	}
	return fmt.Errorf("%w: %s %g; it must be %s", ErrRequest, w.name, w.value, words)
}
