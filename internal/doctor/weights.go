package doctor

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"github.com/seed-f87006eb/llm/gguf"
)

// scales say where a block of random bits has its scale, and what standard deviation its
// numbers have when that is 1 (ggml/src/ggml-common.h at the pinned tree). Numbers of
// types with a minimum (minAt > 0) have it at minRatio times the scale, which puts their
// mean near 0.
type scales struct {
	at, minAt int
	deviation float64
	minRatio  float64
}

var scalesOf = map[gguf.TensorType]scales{
	gguf.Q8_0:   {at: 0, deviation: 73.9},
	gguf.Q4_0:   {at: 0, deviation: 4.61},
	gguf.Q5_1:   {at: 0, minAt: 2, deviation: 9.23, minRatio: -15.5},
	gguf.IQ4_NL: {at: 0, deviation: 67.4},
	gguf.Q2_K:   {at: 80, minAt: 82, deviation: 13.9, minRatio: 1.5},
	gguf.Q3_K:   {at: 108, deviation: 43.3},
	gguf.Q4_K:   {at: 0, minAt: 2, deviation: 258, minRatio: 7.5},
	gguf.Q5_K:   {at: 0, minAt: 2, deviation: 527, minRatio: 15.5},
	gguf.Q6_K:   {at: 208, deviation: 163},
}

// randomWeights are n numbers of a type with a standard deviation, as they are stored.
func randomWeights(r *rand.Rand, kind gguf.TensorType, deviation float64, n int) []byte {
	numbers, size := kind.Block()
	data := make([]byte, n/numbers*size)
	if kind == gguf.F16 || kind == gguf.BF16 {
		for at := 0; at < len(data); at += 2 {
			v := float32(r.NormFloat64() * deviation)
			bits := uint16(math.Float32bits(v) >> 16) // BF16
			if kind == gguf.F16 {
				bits = half(v)
			}
			binary.LittleEndian.PutUint16(data[at:], bits)
		}
		return data
	}
	for at := 0; at+2 <= len(data); at += 2 {
		binary.LittleEndian.PutUint16(data[at:], uint16(r.Uint32()))
	}
	s := scalesOf[kind]
	scale := deviation / s.deviation
	for block := data; len(block) > 0; block = block[size:] {
		binary.LittleEndian.PutUint16(block[s.at:], half(float32(scale)))
		if s.minAt > 0 {
			binary.LittleEndian.PutUint16(block[s.minAt:], half(float32(scale*s.minRatio)))
		}
		if kind == gguf.Q6_K { // scales of 8 bits would ask for one of the block that is no normal half
			for i := 192; i < 208; i++ {
				block[i] &= 15
			}
		}
	}
	return data
}

// half is a number as 16 bits, cut off; 0 where it is smaller than a normal one.
func half(v float32) uint16 {
	bits := math.Float32bits(v)
	sign := uint16(bits >> 16 & 0x8000)
	exponent := int(bits>>23&0xff) - 127 + 15
	if exponent <= 0 {
		return sign
	}
	return sign | uint16(exponent)<<10 | uint16(bits>>13&0x3ff)
}
