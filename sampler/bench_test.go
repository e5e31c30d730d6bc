package sampler_test

import (
	"math/rand/v2"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testsampler"
	"github.com/seed-f87006eb/llm/sampler"
)

// BenchmarkChains is for profiles; scripts/bench has the comparison with the engine.
func BenchmarkChains(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	v := make([]float32, 262144)
	for i := range v {
		v[i] = float32(r.NormFloat64() * 2)
	}
	for range 30 {
		v[r.IntN(len(v))] += float32(6 + 4*r.Float64())
	}
	for name, p := range testsampler.Chains() {
		testsampler.Fit(&p, len(v))
		b.Run(name, func(b *testing.B) {
			c, err := sampler.New(len(v), p)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := c.Sample(v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
