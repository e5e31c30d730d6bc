// Package testsampler is chains of each step and logits like those of a model, and worse
// ones, for the tests that hold package sampler to its reference and to the engine.
// Nothing but tests may import it.
package testsampler

import (
	"math"
	"math/rand/v2"

	"github.com/seed-f87006eb/llm/sampler"
)

// Bare are parameters with every step turned off but the draw.
func Bare() sampler.Params {
	p := sampler.Defaults()
	p.Seed, p.TopK, p.TopP, p.MinP, p.Temperature = 1, 0, 1, 0, 1
	return p
}

func with(change func(*sampler.Params)) sampler.Params {
	p := Bare()
	change(&p)
	return p
}

// Chains are one of each step, and some together.
func Chains() map[string]sampler.Params {
	return map[string]sampler.Params{
		"dist":        Bare(),
		"temp":        with(func(p *sampler.Params) { p.Temperature = 0.8 }),
		"hot":         with(func(p *sampler.Params) { p.Temperature = 1.5 }),
		"greedy":      with(func(p *sampler.Params) { p.Temperature = 0 }),
		"default":     func() sampler.Params { p := sampler.Defaults(); p.Seed = 2; return p }(),
		"top-k":       with(func(p *sampler.Params) { p.TopK = 40 }),
		"top-k large": with(func(p *sampler.Params) { p.TopK = 3000 }),
		"top-p":       with(func(p *sampler.Params) { p.TopP = 0.95; p.Temperature = 0.8 }),
		"top-p low":   with(func(p *sampler.Params) { p.TopP = 0.3 }),
		"min-p":       with(func(p *sampler.Params) { p.MinP = 0.05; p.Temperature = 0.8 }),
		"min-p keep":  with(func(p *sampler.Params) { p.MinP = 0.2; p.MinKeep = 30 }),
		"top-p keep":  with(func(p *sampler.Params) { p.TopP = 0.2; p.MinKeep = 2000 }),
		"typical":     with(func(p *sampler.Params) { p.TypicalP = 0.95 }),
		"typical hot": with(func(p *sampler.Params) { p.TypicalP = 0.7; p.Temperature = 1.4 }),
		"sigma":       with(func(p *sampler.Params) { p.TopNSigma = 1 }),
		"sigma, top-p": with(func(p *sampler.Params) {
			p.TopNSigma, p.TopP, p.Temperature = 1.5, 0.9, 1.3
		}),
		"xtc":      with(func(p *sampler.Params) { p.XTCProbability, p.XTCThreshold, p.MinP = 0.5, 0.05, 0.02 }),
		"dynatemp": with(func(p *sampler.Params) { p.Temperature, p.DynatempRange = 0.9, 0.5 }),
		"dynatemp, min-p": with(func(p *sampler.Params) {
			p.Temperature, p.DynatempRange, p.DynatempExponent, p.MinP = 1, 0.7, 1.5, 0.03
		}),
		"mirostat":        with(func(p *sampler.Params) { p.Mirostat, p.Temperature = 1, 0.9 }),
		"mirostat v2":     with(func(p *sampler.Params) { p.Mirostat = 2 }),
		"mirostat v2 hot": with(func(p *sampler.Params) { p.Mirostat, p.MirostatTau, p.Temperature = 2, 8, 1.3 }),
		"adaptive-p": with(func(p *sampler.Params) {
			p.Order, p.MinP, p.AdaptiveTarget = []sampler.Step{sampler.MinP, sampler.AdaptiveP}, 0.01, 0.3
		}),
		"penalties": func() sampler.Params {
			p := sampler.Defaults()
			p.Seed, p.RepeatPenalty, p.FrequencyPenalty, p.PresencePenalty = 3, 1.1, 0.1, 0.2
			return p
		}(),
		"dry": with(func(p *sampler.Params) {
			p.DRY.Multiplier, p.DRY.Breakers, p.TopK = 0.8, [][]int32{{7}, {9, 11}}, 20
		}),
		"bias": with(func(p *sampler.Params) {
			p.Bias, p.TopP = []sampler.Bias{{Token: 5, Value: 4}, {Token: 17, Value: float32(math.Inf(-1))}}, 0.8
		}),
		"temperature first": with(func(p *sampler.Params) {
			p.Order, _ = sampler.ParseOrder("temperature;top_p;typ_p;top_k;penalties;min_p")
			p.Temperature, p.TopP, p.TypicalP, p.TopK, p.MinP, p.RepeatPenalty = 1.3, 0.9, 0.9, 500, 0.001, 1.3
		}),
		"penalties last": with(func(p *sampler.Params) {
			p.Order, _ = sampler.ParseOrder("typ_p;temperature;penalties")
			p.Temperature, p.TypicalP, p.RepeatPenalty = 1.3, 0.9, 1.3
		}),
	}
}

// Logits are like a model's: a bell of most tokens, and some that stand out.
func Logits(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	width := 0.3 + 3*r.Float64()
	for i := range v {
		v[i] = float32(r.NormFloat64() * width)
	}
	for range r.IntN(60) {
		v[r.IntN(n)] += float32(4 + 8*r.Float64())
	}
	switch r.IntN(6) {
	case 0: // coarse: ties
		for i := range v {
			v[i] = float32(math.Round(float64(v[i])*4) / 4)
		}
	case 1: // forbidden tokens
		for i := range v {
			if r.IntN(3) == 0 {
				v[i] = float32(math.Inf(-1))
			}
		}
	}
	return v
}

// Fit changes the tokens that parameters name to such as a vocabulary of n has.
func Fit(p *sampler.Params, n int) {
	for i := range p.Bias {
		p.Bias[i].Token %= int32(n)
	}
	for _, b := range p.DRY.Breakers {
		for i := range b {
			b[i] %= int32(n)
		}
	}
}
