package sampler

import "math"

// generator is the Mersenne Twister of Matsumoto and Nishimura (1998), MT19937: the
// engine's std::mt19937. Its draws are those of libstdc++'s uniform_real_distribution.
type generator struct {
	state [624]uint32
	next  int
}

func (g *generator) seed(seed uint32) {
	g.state[0] = seed
	for i := 1; i < len(g.state); i++ {
		x := g.state[i-1] ^ g.state[i-1]>>30
		g.state[i] = 1812433253*x + uint32(i)
	}
	g.next = len(g.state)
}

func (g *generator) twist() {
	const middle = 397
	n := len(g.state)
	for i := range g.state {
		x := g.state[i]&(1<<31) | g.state[(i+1)%n]&(1<<31-1)
		y := x >> 1
		if x&1 != 0 {
			y ^= 0x9908B0DF
		}
		g.state[i] = g.state[(i+middle)%n] ^ y
	}
	g.next = 0
}

func (g *generator) uint32() uint32 {
	if g.next >= len(g.state) {
		g.twist()
	}
	x := g.state[g.next]
	g.next++
	x ^= x >> 11
	x ^= x << 7 & 0x9D2C5680
	x ^= x << 15 & 0xEFC60000
	return x ^ x>>18
}

// float64 is a number from 0 to below 1, of two words, the first the lower one.
func (g *generator) float64() float64 {
	low, high := float64(g.uint32()), float64(g.uint32())
	x := float64(low+float64(high*(1<<32))) / (1 << 64)
	if x >= 1 {
		return math.Nextafter(1, 0)
	}
	return x
}

// float32 is the same of one word.
func (g *generator) float32() float32 {
	x := float32(g.uint32()) / (1 << 32)
	if x >= 1 {
		return math.Nextafter32(1, 0)
	}
	return x
}
