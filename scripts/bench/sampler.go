package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"unsafe"

	"github.com/seed-f87006eb/llm/llama/reference"
	"github.com/seed-f87006eb/llm/sampler"
)

// samplerChain is a chain that both sides have, and how many times faster ours is to be
// with 128,256 tokens and more.
type samplerChain struct {
	name   string
	params sampler.Params
	greedy bool
	goal   float64
}

func samplerChains() []samplerChain {
	chain := func(name string, goal float64, change func(p *sampler.Params)) samplerChain {
		p := sampler.Defaults()
		p.Seed, p.TopK, p.TopP, p.MinP, p.Temperature = 1, 0, 1, 0, 1
		change(&p)
		return samplerChain{name: name, params: p, goal: goal}
	}
	defaults := func(p *sampler.Params) { p.TopK, p.TopP, p.MinP, p.Temperature = 40, 0.95, 0.05, 0.8 }
	greedy := chain("greedy", 3, func(p *sampler.Params) { p.Temperature = 0 })
	greedy.greedy = true
	return []samplerChain{
		greedy,
		chain("temp + dist", 3, func(p *sampler.Params) { p.Temperature = 0.8 }),
		chain("top-k 40, top-p .95, min-p .05, temp, dist", 3, defaults),
		chain("the same after penalties(64)", 3, func(p *sampler.Params) {
			defaults(p)
			p.RepeatPenalty, p.FrequencyPenalty, p.PresencePenalty = 1.1, 0.1, 0.1
		}),
		chain("min-p .05, temp, dist", 3, func(p *sampler.Params) { p.MinP, p.Temperature = 0.05, 0.8 }),
		chain("top-p .95, temp, dist", 20, func(p *sampler.Params) { p.TopP, p.Temperature = 0.95, 0.8 }),
		chain("typical .95, dist", 20, func(p *sampler.Params) { p.TypicalP = 0.95 }),
		chain("top-n-sigma 1, dist", 20, func(p *sampler.Params) { p.TopNSigma = 1 }),
		chain("mirostat", 20, func(p *sampler.Params) { p.Mirostat = 1 }),
		chain("mirostat v2", 20, func(p *sampler.Params) { p.Mirostat = 2 }),
	}
}

// Vectors of logits that take turns, so that they do not lie in the nearest cache all the
// time.
const samplerTurns = 4

// samplerLogits are normally distributed, with 30 tokens that stand out.
func samplerLogits(vocab int) (all [][]float32) {
	r := rand.New(rand.NewPCG(1, uint64(vocab)))
	for range samplerTurns {
		v := make([]float32, vocab)
		for i := range v {
			v[i] = float32(r.NormFloat64() * 2)
		}
		for range 30 {
			v[r.IntN(vocab)] += float32(6 + 4*r.Float64())
		}
		all = append(all, v)
	}
	return all
}

// compareSampler sets our chains beside the engine's, in this process: both sides take
// turns of some milliseconds.
func (c *config) compareSampler() error {
	fmt.Printf("\nsampler: microseconds a token, on %s; goal: times faster; reads: ours in times that the logits can be read once\n", sampler.Kernels())
	fmt.Printf("%-44s %9s %10s %10s %8s %16s %6s %7s\n", "", "tokens", "ours", "upstream", "ratio", "95 % interval", "goal", "reads")
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	missed := 0
	for _, vocab := range []int{49152, 128256, 262144} {
		logits := samplerLogits(vocab)
		read := readTime(logits)
		for _, chain := range samplerChains() {
			p, err := samplerPairs(c.pairs, vocab, chain, logits)
			if err != nil {
				return err
			}
			ratios := p.timesFaster()
			low, high := medianInterval(ratios)
			note, ratio, us := "", median(ratios), median(p.ours)
			if vocab > 100_000 {
				note = fmt.Sprintf("%.0f x", chain.goal)
				if ratio < chain.goal {
					note += " !"
					missed++
				}
			}
			fmt.Printf("%-44s %9d %10.1f %10.1f %8.1f %16s %6s %7.1f\n", chain.name, vocab, us, median(p.theirs), ratio,
				fmt.Sprintf("%.1f to %.1f", low, high), note, us/read)
		}
	}
	if missed > 0 {
		fmt.Printf("%d rows with ! are slower than their goal; docs/sampler.md says why\n", missed)
	}
	return nil
}

func samplerPairs(n, vocab int, chain samplerChain, logits [][]float32) (p pairs, err error) {
	ours, err := sampler.New(vocab, chain.params)
	if err != nil {
		return p, err
	}
	theirs, err := reference.NewChain(vocab, chain.params, "", chain.greedy)
	if err != nil {
		return p, err
	}
	defer theirs.Close()
	for i := range int32(64) { // something to penalize
		ours.Accept(i*31, false)
		theirs.Accept(i * 31)
	}
	a := func(v []float32) error { _, err := ours.Sample(v); return err }
	b := func(v []float32) error { theirs.Sample(v); return nil }
	steps := max(samplerTurns, 4_000_000/vocab)
	for i := range n + 1 {
		var x, y float64
		err := inTurn(i,
			func() (err error) { x, err = perToken(a, logits, steps); return err },
			func() (err error) { y, err = perToken(b, logits, max(samplerTurns, steps/8)); return err })
		if err != nil {
			return p, err
		}
		if i > 0 { // the first one warms up
			p.add(x, y)
		}
	}
	return p, nil
}

// perToken is microseconds of processor time a token.
func perToken(sample func([]float32) error, logits [][]float32, steps int) (float64, error) {
	begin := threadTime()
	for i := range steps {
		if err := sample(logits[i%len(logits)]); err != nil {
			return 0, err
		}
	}
	return float64((threadTime() - begin).Nanoseconds()) / 1e3 / float64(steps), nil
}

// readTime is the microseconds in which the bytes of logits can be read, by counting one
// of them as the standard library does, with vectors.
func readTime(logits [][]float32) float64 {
	var best float64
	for range 20 {
		begin := threadTime()
		for _, v := range logits {
			b := unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), 4*len(v))
			if bytes.Count(b, []byte{0xA5}) > len(b) {
				return 0
			}
		}
		if t := float64((threadTime() - begin).Nanoseconds()) / 1e3 / float64(len(logits)); best == 0 || t < best {
			best = t
		}
	}
	return best
}
