package sampler

import "math"

// Tokens whose probabilities mirostat estimates the exponent of Zipf's law from
// (common_sampler_init, common/sampling.cpp@v0.5.0).
const mirostatTokens = 100

// mirostat keeps so many tokens that the surprise is about tau
// (llama_sampler_mirostat_apply, src/llama-sampler.cpp@v0.5.0; Basu et al., 2021).
func (c *Chain) mirostat() int32 {
	s := &c.set
	var k int
	if c.isFew() {
		c.list()
		k = c.zipf(c.softmax(true), s.size())
	} else {
		k = c.zipfOfMany()
	}
	c.topK(k)
	return c.surprise()
}

// zipf is the number of tokens that mirostat keeps, of the probabilities of the likeliest.
func (c *Chain) zipf(p []float32, size int) int {
	bits, squares := float32(0), float32(0)
	for i := 0; i < mirostatTokens-1 && i < size-1 && i+1 < len(p); i++ {
		t := log32(float32(i+2) / float32(i+1))
		b := log32(p[i] / p[i+1])
		bits += float32(t * b)
		squares += float32(t * t)
	}
	exponent := bits / squares
	epsilon := exponent - 1
	k := pow32(float32(epsilon*pow32(2, c.mu))/(1-pow32(float32(c.vocab), -epsilon)), 1/exponent)
	// What is no number of 32 bits becomes the smallest one upstream, and then 1.
	if !(k >= 1 && float64(k) <= math.MaxInt32) {
		return 1
	}
	c.near(float64(k) - math.Floor(float64(k)))
	c.near(math.Ceil(float64(k)) - float64(k))
	return int(k)
}

// mirostat2 keeps the tokens with a surprise of at most mu, which follows tau
// (llama_sampler_mirostat_v2_apply, src/llama-sampler.cpp@v0.5.0).
func (c *Chain) mirostat2() int32 {
	s := &c.set
	var p []float32
	if c.isFew() {
		c.list()
		p = c.softmax(true)
	} else {
		p = c.unsurprisingOfMany()
	}
	n := 0
	for n < len(p) && !(-log232(p[n]) > c.mu) {
		n++
	}
	for _, i := range [2]int{n - 1, n} {
		if i >= 0 && i < len(p) {
			c.near(math.Abs(-math.Log2(float64(p[i])) - float64(c.mu)))
		}
	}
	s.masked = 0
	s.truncate(max(n, 1))
	return c.surprise()
}

// surprise draws a token and moves mu.
func (c *Chain) surprise() int32 {
	s := &c.set
	c.list()
	if len(s.logit) == 0 {
		return -1
	}
	p := c.softmax(true)
	at := c.discrete(p, s.size())
	e := -log232(p[at]) - c.params.MirostatTau
	c.mu -= float32(c.params.MirostatEta * e)
	return s.token[at]
}
