package sampler_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seed-f87006eb/llm/sampler"
)

// bare are parameters with every step turned off but the draw.
func bare() sampler.Params {
	p := sampler.Defaults()
	p.Seed, p.TopK, p.TopP, p.MinP, p.Temperature = 1, 0, 1, 0, 1
	return p
}

func with(change func(*sampler.Params)) sampler.Params {
	p := bare()
	change(&p)
	return p
}

// chains are one of each step, and some together.
func chains() map[string]sampler.Params {
	return map[string]sampler.Params{
		"dist":        bare(),
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

// logits are like a model's: a bell of most tokens, and some that stand out.
func logits(r *rand.Rand, n int) []float32 {
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

// TestPlain: every chain chooses the tokens that its steps, taken one by one as upstream
// takes them, choose; but for sums that end at a boundary.
func TestPlain(t *testing.T) {
	for name, p := range chains() {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			for _, n := range []int{5, 1000, 1500, 5003, 40007} {
				comparePlain(t, r, n, 30, p)
			}
		})
	}
}

func comparePlain(t *testing.T, r *rand.Rand, n, steps int, p sampler.Params) {
	t.Helper()
	for i := range p.Bias {
		p.Bias[i].Token %= int32(n)
	}
	for _, b := range p.DRY.Breakers {
		for i := range b {
			b[i] %= int32(n)
		}
	}
	fast, err := sampler.New(n, p)
	if err != nil {
		t.Fatal(err)
	}
	p.Plain = true
	plain, err := sampler.New(n, p)
	if err != nil {
		t.Fatal(err)
	}
	differ := 0
	for i := range steps {
		v := logits(r, n)
		got, err := fast.Sample(v)
		want, err2 := plain.Sample(v)
		if err != nil || err2 != nil {
			t.Fatalf("%d tokens, step %d: %v, %v", n, i, err, err2)
		}
		if got != want {
			differ++
			if m := min(fast.Margin(), plain.Margin()); m > 2e-5 {
				t.Errorf("%d tokens, step %d: token %d, plain %d, margin %g\n%v\n%v", n, i, got, want, m, fast.Trace(), plain.Trace())
			}
			fast.Reset()
			plain.Reset()
		}
		fast.Accept(want, true)
		plain.Accept(want, true)
		if i%3 == 0 { // repetitions, for DRY
			for _, x := range []int32{1, 2, 3} {
				fast.Accept(x, false)
				plain.Accept(x, false)
			}
		}
	}
	if differ > steps/3 {
		t.Errorf("%d tokens: %d of %d differ", n, differ, steps)
	} else if differ > 0 {
		t.Logf("%d tokens: %d of %d differ", n, differ, steps)
	}
}
