package sampler_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed-f87006eb/llm/sampler"
)

// outcome is a candidate in double precision.
type outcome struct {
	token int
	logit float64
}

func softmax(v []outcome) []float64 {
	top, sum := math.Inf(-1), 0.0
	for _, o := range v {
		top = max(top, o.logit)
	}
	p := make([]float64, len(v))
	for i, o := range v {
		p[i] = math.Exp(o.logit - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

func descending(v []outcome) []outcome {
	v = slices.Clone(v)
	slices.SortStableFunc(v, func(a, b outcome) int {
		switch {
		case a.logit > b.logit:
			return -1
		case a.logit < b.logit:
			return 1
		}
		return a.token - b.token
	})
	return v
}

// head is v up to where the sum of p reaches a share.
func head(v []outcome, p []float64, share float64, strict bool) []outcome {
	sum := 0.0
	for i := range v {
		sum += p[i]
		if sum > share || sum == share && !strict {
			return v[:i+1]
		}
	}
	return v
}

func entropyOf(p []float64) (h float64) {
	for _, x := range p {
		if x > 0 {
			h -= x * math.Log(x)
		}
	}
	return h
}

// exactStep is what a step leaves of candidates, from its definition.
func exactStep(step sampler.Step, p sampler.Params, v []outcome, counts map[int]int) []outcome {
	v = descending(v)
	q := softmax(v)
	keep := func(wanted func(i int) bool) (kept []outcome) {
		for i := range v {
			if wanted(i) {
				kept = append(kept, v[i])
			}
		}
		return kept
	}
	switch step {
	case sampler.Penalties:
		for i := range v {
			if n := counts[v[i].token]; n > 0 {
				if v[i].logit <= 0 {
					v[i].logit *= float64(p.RepeatPenalty)
				} else {
					v[i].logit /= float64(p.RepeatPenalty)
				}
				v[i].logit -= float64(n)*float64(p.FrequencyPenalty) + float64(p.PresencePenalty)
			}
		}
	case sampler.TopK:
		if p.TopK > 0 {
			return v[:min(p.TopK, len(v))]
		}
	case sampler.TopP:
		return head(v, q, float64(p.TopP), false)
	case sampler.MinP:
		return keep(func(i int) bool { return q[i] >= float64(p.MinP)*q[0] })
	case sampler.Typical:
		h := entropyOf(q)
		type scored struct {
			outcome
			p, score float64
		}
		var all []scored
		for i := range v {
			all = append(all, scored{v[i], q[i], math.Abs(-math.Log(q[i]) - h)})
		}
		slices.SortStableFunc(all, func(a, b scored) int {
			if a.score < b.score {
				return -1
			}
			return 1
		})
		v, q = nil, nil
		for _, s := range all {
			v, q = append(v, s.outcome), append(q, s.p)
		}
		return head(v, q, float64(p.TypicalP), true)
	case sampler.TopNSigma:
		mean, square := 0.0, 0.0
		for _, o := range v {
			mean += o.logit / float64(len(v))
		}
		for _, o := range v {
			square += (o.logit - mean) * (o.logit - mean) / float64(len(v))
		}
		return keep(func(i int) bool { return v[i].logit >= v[0].logit-float64(p.TopNSigma)*math.Sqrt(square) })
	case sampler.Temperature:
		temp := float64(p.Temperature)
		if r := float64(p.DynatempRange); r > 0 && len(v) > 1 {
			low := max(0, temp-r)
			temp = low + (temp+r-low)*math.Pow(entropyOf(q)/math.Log(float64(len(v))), float64(p.DynatempExponent))
		}
		for i := range v {
			v[i].logit /= temp
		}
	}
	return v
}

// exact is the probability of each token.
func exact(p sampler.Params, logits []float32, counts map[int]int) []float64 {
	var v []outcome
	for i, x := range logits {
		v = append(v, outcome{i, float64(x)})
	}
	prob := make([]float64, len(logits))
	exactFrom(p, p.Order, v, counts, 1, prob)
	return prob
}

func exactFrom(p sampler.Params, order []sampler.Step, v []outcome, counts map[int]int, weight float64, prob []float64) {
	for i, step := range order {
		if step != sampler.XTC {
			v = exactStep(step, p, v, counts)
			continue
		}
		without := descending(v)
		last := 0
		for j, x := range softmax(without) {
			if x >= float64(p.XTCThreshold) {
				last = j
			}
		}
		chance := float64(p.XTCProbability)
		exactFrom(p, order[i+1:], without[last:], counts, weight*chance, prob)
		weight *= 1 - chance
	}
	for i, x := range softmax(v) {
		prob[v[i].token] += weight * x
	}
}

// chiSquare fails where counts are further from probabilities than one of 2,000 samples
// is. Tokens of which few are expected count together.
func chiSquare(t *testing.T, counts []int, prob []float64) {
	t.Helper()
	n := 0
	for _, c := range counts {
		n += c
	}
	sum, cells, few, expectedFew := 0.0, -1, 0, 0.0
	add := func(observed int, expected float64) {
		sum += (float64(observed) - expected) * (float64(observed) - expected) / expected
		cells++
	}
	for i, c := range counts {
		if prob[i] == 0 && c > 0 {
			t.Errorf("token %d was chosen %d times and is impossible", i, c)
		}
		if e := prob[i] * float64(n); e < 8 {
			few, expectedFew = few+c, expectedFew+e
		} else {
			add(c, e)
		}
	}
	if expectedFew >= 8 {
		add(few, expectedFew)
	}
	if cells < 1 {
		return
	}
	k := float64(cells) // Wilson and Hilferty's quantile, 3.29 standard deviations up
	limit := k * math.Pow(1-2/(9*k)+3.29*math.Sqrt(2/(9*k)), 3)
	if sum > limit {
		t.Errorf("chi-square %.1f with %d degrees of freedom; the limit is %.1f", sum, cells, limit)
	}
}

func sampleMany(t *testing.T, p sampler.Params, logits []float32, accept []int32, n int) []int {
	t.Helper()
	c, err := sampler.New(len(logits), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range accept {
		c.Accept(x, false)
	}
	counts := make([]int, len(logits))
	for range n {
		token, err := c.Sample(logits)
		if err != nil {
			t.Fatal(err)
		}
		counts[token]++
	}
	return counts
}

// smooth are logits without ties: a cut is where its definition has it.
func smooth(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64() * 1.5)
	}
	for range 6 {
		v[r.IntN(n)] += float32(2 + 4*r.Float64())
	}
	return v
}

func randomParams(r *rand.Rand) sampler.Params {
	p := sampler.Defaults()
	p.Seed = r.Uint32() >> 1
	p.TopK, p.TopP, p.MinP, p.TypicalP = 5+r.IntN(80), 0.5+0.49*r.Float32(), 0.2*r.Float32(), 0.5+0.49*r.Float32()
	p.TopNSigma, p.XTCProbability, p.XTCThreshold = 1+2*r.Float32(), r.Float32(), 0.05+0.3*r.Float32()
	p.Temperature, p.DynatempRange = 0.5+1.2*r.Float32(), 0.4*float32(r.IntN(2))
	p.RepeatPenalty, p.FrequencyPenalty, p.PresencePenalty = 1+r.Float32(), r.Float32()/3, r.Float32()/3
	steps := []sampler.Step{sampler.Penalties, sampler.TopNSigma, sampler.TopK, sampler.Typical, sampler.TopP, sampler.MinP, sampler.XTC, sampler.Temperature}
	r.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	p.Order = steps[:2+r.IntN(4)]
	return p
}

// TestChiSquare: each step alone, and 20 random chains, draw what they should.
func TestChiSquare(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	accept := []int32{1, 2, 3, 3, 3, 7, 9}
	counts := map[int]int{1: 1, 2: 1, 3: 3, 7: 1, 9: 1}
	run := func(name string, p sampler.Params, n, draws int) {
		t.Run(fmt.Sprintf("%s of %d", name, n), func(t *testing.T) {
			logits := smooth(r, n)
			chiSquare(t, sampleMany(t, p, logits, accept, draws), exact(p, logits, counts))
		})
	}
	for step := sampler.Penalties; step <= sampler.Temperature; step++ {
		if step == sampler.DRYStep {
			continue
		}
		for _, n := range []int{60, 3000} {
			p := randomParams(r)
			p.Order = []sampler.Step{step}
			run(step.String(), p, n, []int{8_000, 2_000}[n/3000])
		}
	}
	for i := range 20 {
		run(fmt.Sprintf("chain %d", i), randomParams(r), []int{60, 2000}[i%2], []int{6_000, 1_500}[i%2])
	}
}

// TestChiSquareStates: the steps that remember what they chose, where that changes
// nothing.
func TestChiSquareStates(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 4))
	for _, n := range []int{60, 3000} {
		logits := smooth(r, n)
		logits[3] = 5
		draws := []int{8_000, 2_000}[n/3000]
		p := sampler.Defaults()
		p.Seed, p.Mirostat, p.MirostatTau, p.MirostatEta, p.Temperature = 1, 2, 2.5, 0, 1
		prob := make([]float64, n)
		sum := 0.0
		for i, x := range exact(sampler.Params{}, logits, nil) {
			if -math.Log2(x) <= 5 {
				prob[i] = x
				sum += x
			}
		}
		for i := range prob {
			prob[i] /= sum
		}
		chiSquare(t, sampleMany(t, p, logits, nil, draws), prob)

		p = sampler.Defaults()
		p.Seed, p.Order, p.AdaptiveTarget = 1, []sampler.Step{sampler.AdaptiveP}, 0.2
		var v []outcome
		for i, x := range exact(sampler.Params{}, logits, nil) {
			d := math.Abs(x-0.2) / 0.3
			v = append(v, outcome{i, 5 - 10*d*d/(1+d)})
		}
		chiSquare(t, sampleMany(t, p, logits, nil, draws), softmax(v))

		p = sampler.Defaults()
		p.Seed, p.Order, p.DRY.Multiplier = 1, []sampler.Step{sampler.DRYStep}, 0.5
		edited := slices.Clone(logits)
		edited[3] -= 0.5 // 1 2 3 … 1 2: the repetition has the length that is allowed, and 3 would go on with it
		chiSquare(t, sampleMany(t, p, logits, []int32{8, 1, 2, 3, 9, 1, 2}, draws), exact(sampler.Params{}, edited, nil))
	}
}
