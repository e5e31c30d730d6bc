package sampler

import (
	"fmt"
	"math"
	"slices"
)

// RandomSeed asks for a seed drawn at random (LLAMA_DEFAULT_SEED, llama.h@v0.5.0).
const RandomSeed = 0xFFFFFFFF

// Bias is added to the logit of a token; minus infinity forbids it.
type Bias struct {
	Token int32
	Value float32
}

// Vocabulary is what infill and the breakers of DRY need of a model.
type Vocabulary interface {
	Tokens() int                   // how many there are
	Piece(token int32) []byte      // its text, as the engine's token_to_piece without special tokens
	EndsText(token int32) bool     // end of generation
	EndOfTurn() int32              // the token that infill ends with; negative: none
	Tokenize(text string) []int32  // without special tokens
	Detokenize(token int32) []byte // its text, special tokens included
}

// Params are the choices of a chain, with the engine's names and meanings
// (common_params_sampling, common/common.h@v0.5.0).
type Params struct {
	Seed    uint32
	Order   []Step // nil: DefaultOrder
	Bias    []Bias
	MinKeep int // tokens that top-p, min-p, typical and XTC leave at least

	TopK           int     // 0 or less: off
	TopP           float32 // 1: off
	MinP           float32 // 0: off
	TypicalP       float32 // 1: off
	TopNSigma      float32 // 0 or less: off
	XTCProbability float32 // 0: off
	XTCThreshold   float32 // above 0.5: off

	Temperature      float32 // 0 or less: the likeliest
	DynatempRange    float32 // 0: off
	DynatempExponent float32

	PenaltyLast      int     // tokens looked back; 0: off
	RepeatPenalty    float32 // 1: off
	FrequencyPenalty float32 // 0: off
	PresencePenalty  float32 // 0: off
	DRY              DRY

	Mirostat    int     // 1 or 2: instead of Order; 0: off
	MirostatTau float32 // target surprise, bits
	MirostatEta float32 // learning rate

	AdaptiveTarget float32 // probability aimed at; negative: off
	AdaptiveDecay  float32

	Vocabulary Vocabulary // needed by the step infill alone

	// Plain takes every step as it is written down upstream, over a list of all
	// candidates: slow, and what the tests hold the rest to.
	Plain bool
}

// Defaults are the engine's.
func Defaults() Params {
	return Params{
		Seed: RandomSeed, TopK: 40, TopP: 0.95, MinP: 0.05, TypicalP: 1, TopNSigma: -1,
		XTCThreshold: 0.1, Temperature: 0.8, DynatempExponent: 1,
		PenaltyLast: 64, RepeatPenalty: 1,
		DRY:         DRY{Base: 1.75, AllowedLength: 2, Last: 64},
		MirostatTau: 5, MirostatEta: 0.1, AdaptiveTarget: -1, AdaptiveDecay: 0.9,
	}
}

// MaxLast is how many tokens penalties and DRY look back at most.
const MaxLast = 1 << 20

// Check says why New would refuse the parameters for a vocabulary of so many tokens.
func (p *Params) Check(vocab int) error {
	if vocab < 1 || vocab > math.MaxInt32 {
		return fmt.Errorf("sampler: a vocabulary of %d tokens; it must have 1 to %d", vocab, math.MaxInt32)
	}
	for _, v := range []struct {
		name  string
		value float32
	}{
		{"top-p", p.TopP}, {"min-p", p.MinP}, {"typical", p.TypicalP}, {"top-n-sigma", p.TopNSigma},
		{"XTC probability", p.XTCProbability}, {"XTC threshold", p.XTCThreshold},
		{"temperature", p.Temperature}, {"dynamic temperature range", p.DynatempRange},
		{"dynamic temperature exponent", p.DynatempExponent}, {"repeat penalty", p.RepeatPenalty},
		{"frequency penalty", p.FrequencyPenalty}, {"presence penalty", p.PresencePenalty},
		{"DRY multiplier", p.DRY.Multiplier}, {"DRY base", p.DRY.Base},
		{"mirostat tau", p.MirostatTau}, {"mirostat eta", p.MirostatEta},
		{"adaptive target", p.AdaptiveTarget}, {"adaptive decay", p.AdaptiveDecay},
	} {
		if d := float64(v.value); math.IsNaN(d) || math.IsInf(d, 0) {
			return fmt.Errorf("sampler: %s is %v; it must be a finite number", v.name, v.value)
		}
	}
	if p.RepeatPenalty <= 0 || math.IsInf(float64(1/p.RepeatPenalty), 0) {
		return fmt.Errorf("sampler: repeat penalty %v; it must be above 0 (1 is off)", p.RepeatPenalty)
	}
	for _, v := range []struct {
		name string
		n    int
	}{{"penalty", p.PenaltyLast}, {"DRY", p.DRY.Last}} {
		if v.n < 0 || v.n > MaxLast {
			return fmt.Errorf("sampler: %s over the last %d tokens; it must be 0 to %d", v.name, v.n, MaxLast)
		}
	}
	if p.Mirostat < 0 || p.Mirostat > 2 {
		return fmt.Errorf("sampler: mirostat %d; there are 1 and 2, and 0 is off", p.Mirostat)
	}
	if p.MinKeep < 0 || p.DRY.AllowedLength < 0 {
		return fmt.Errorf("sampler: keep at least %d tokens, repeat %d; neither can be negative", p.MinKeep, p.DRY.AllowedLength)
	}
	return p.checkParts(vocab)
}

// Candidates of infill at most.
const maxInfill = 2000

func (p *Params) checkParts(vocab int) error {
	for _, b := range p.Bias {
		if b.Token < 0 || int(b.Token) >= vocab {
			return fmt.Errorf("sampler: bias of token %d; the vocabulary has %d", b.Token, vocab)
		}
		if d := float64(b.Value); math.IsNaN(d) || math.IsInf(d, 1) {
			return fmt.Errorf("sampler: bias %v of token %d; it must be a finite number, or minus infinity to forbid the token", b.Value, b.Token)
		}
	}
	for _, breaker := range p.DRY.Breakers {
		for _, t := range breaker {
			if t < 0 || int(t) >= vocab {
				return fmt.Errorf("sampler: token %d in a sequence breaker of DRY; the vocabulary has %d", t, vocab)
			}
		}
	}
	for i, s := range p.Order {
		if s < 0 || s >= numSteps {
			return fmt.Errorf("sampler: step number %d; use ParseOrder", s)
		}
		if s == Infill && p.Vocabulary == nil {
			return fmt.Errorf("sampler: infill needs a vocabulary")
		}
		if s == Infill && (p.TopK < 1 || p.TopK > maxInfill || !slices.Contains(p.Order[:i], TopK)) {
			return fmt.Errorf("sampler: infill compares every pair of candidates; put top_k before it, with %d at most", maxInfill)
		}
	}
	if p.Vocabulary != nil && p.Vocabulary.Tokens() != vocab {
		return fmt.Errorf("sampler: a chain for %d tokens with a vocabulary of %d", vocab, p.Vocabulary.Tokens())
	}
	return nil
}
