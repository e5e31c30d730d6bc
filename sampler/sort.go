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

// Up to how many words a comparison sort is the fastest, and digits of 8 bits are.
const (
	comparisonSort = 48
	narrowDigits   = 8192
)

// sortRanked sorts words whose places ascend already. spare is as long.
func sortRanked(words, spare []uint64) {
	switch {
	case len(words) <= comparisonSort:
		slices.Sort(words)
	case len(words) <= narrowDigits:
		sortNarrow(words, spare[:len(words)])
	default:
		sortWide(words, spare[:len(words)])
	}
}

// sortNarrow sorts by four digits of 8 bits of the key. Each pass keeps the order of the
// one before.
func sortNarrow(words, spare []uint64) {
	var count [4][256]uint32
	for _, w := range words {
		count[0][w>>32&0xFF]++
		count[1][w>>40&0xFF]++
		count[2][w>>48&0xFF]++
		count[3][w>>56]++
	}
	from, to := words, spare
	for pass := range count {
		c := &count[pass]
		starts(c[:])
		shift := 32 + 8*pass
		for _, w := range from {
			digit := uint8(w >> shift)
			to[c[digit]] = w
			c[digit]++
		}
		from, to = to, from
	}
}

// sortWide sorts by three digits of 11 bits.
func sortWide(words, spare []uint64) {
	const bits, mask = 11, 1<<11 - 1
	var count [3][mask + 1]uint32
	for _, w := range words {
		count[0][w>>32&mask]++
		count[1][w>>(32+bits)&mask]++
		count[2][w>>(32+2*bits)]++
	}
	from, to := words, spare
	for pass := range count {
		c := &count[pass]
		starts(c[:])
		shift := 32 + pass*bits
		for _, w := range from {
			digit := w >> shift & mask
			to[c[digit]] = w
			c[digit]++
		}
		from, to = to, from
	}
	copy(words, spare)
}

// starts makes of counts where each digit begins.
func starts(count []uint32) {
	sum := uint32(0)
	for i, n := range count {
		count[i] = sum
		sum += n
	}
}
