package sampler

import (
	"math"
	"slices"
)

// ranked is a key and a place in one word, so that ascending words are descending keys,
// and places ascend where keys are the same.
func ranked(key float32, pos int) uint64 {
	return uint64(descending(key))<<32 | uint64(uint32(pos))
}

// descending maps floats to words in the opposite order; both zeros to the same.
func descending(x float32) uint32 {
	b := math.Float32bits(x)
	if b == 1<<31 {
		b = 0
	}
	if b>>31 != 0 {
		return b
	}
	return ^(b | 1<<31)
}

// keyOf is the key of a ranked word.
func keyOf(word uint64) float32 {
	b := uint32(word >> 32)
	if b>>31 != 0 {
		return math.Float32frombits(b)
	}
	return math.Float32frombits(^b &^ (1 << 31))
}

// Words that a comparison sort takes at most; more are sorted by their digits.
const comparisonSort = 1024

// sortRanked sorts words whose places ascend already. spare is as long.
func sortRanked(words, spare []uint64) {
	if len(words) <= comparisonSort {
		slices.Sort(words)
		return
	}
	// Three digits of 11 bits of the key; each pass keeps the order of the one before.
	const bits, mask = 11, 1<<11 - 1
	var count [3][mask + 1]uint32
	for _, w := range words {
		count[0][w>>32&mask]++
		count[1][w>>(32+bits)&mask]++
		count[2][w>>(32+2*bits)]++
	}
	from, to := words, spare[:len(words)]
	for pass := range count {
		c := &count[pass]
		sum := uint32(0)
		for i, n := range c {
			c[i] = sum
			sum += n
		}
		shift := 32 + pass*bits
		for _, w := range from {
			digit := w >> shift & mask
			to[c[digit]] = w
			c[digit]++
		}
		from, to = to, from
	}
	copy(words, from)
}
