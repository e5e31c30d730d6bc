package gguf

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// stringsOf is an array of strings as it stands in a file.
func stringsOf(r *rand.Rand, sizes []int) []byte {
	var b []byte
	for _, n := range sizes {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
		for range n {
			b = append(b, byte(r.Uint32()))
		}
	}
	return b
}

// steps is a walk one string at a time.
func steps(b []byte, n uint64) (count, pos uint64) {
	for ; count < n && pos+8 <= uint64(len(b)); count++ {
		size := binary.LittleEndian.Uint64(b[pos:])
		if size > maxString {
			break
		}
		pos += 8 + size
	}
	return count, pos
}

// TestWalk: four walks at once arrive where one does, over texts of every kind: short,
// empty, long, of zeros, damaged, cut, with something else behind them.
func TestWalk(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	kinds := []func() int{
		func() int { return 1 + r.IntN(12) },
		func() int { return r.IntN(3) },
		func() int { return 0 },
		func() int { return r.IntN(600) },
		func() int { return 250 + r.IntN(12) },
		func() int { return r.IntN(2) * r.IntN(4000) },
	}
	proven := 0
	for round := range 300 {
		sizes := make([]int, 1+r.IntN(5000))
		for i := range sizes {
			sizes[i] = kinds[round%len(kinds)]()
		}
		b := stringsOf(r, sizes)
		n := uint64(len(sizes))
		switch r.IntN(5) {
		case 1:
			clear(b[r.IntN(len(b)):])
		case 2:
			b[r.IntN(len(b))] ^= byte(1 + r.IntN(255))
		case 3:
			b = b[:r.IntN(len(b))]
		case 4:
			n = uint64(r.IntN(len(sizes) + 1))
		}
		if len(b) > lastWindow {
			b = b[:lastWindow]
		}
		count, pos := walkStrings(b, n, binary.LittleEndian)
		wantCount, wantPos := steps(b, n)
		if count != wantCount || pos != wantPos {
			t.Fatalf("round %d: %d strings to %d; one at a time %d to %d", round, count, pos, wantCount, wantPos)
		}
		if len(b) >= 4096 {
			if lane, _ := walkLanes(b, n); lane > 0 {
				proven++
			}
		}
	}
	if proven < 40 {
		t.Errorf("the guesses held in %d rounds only", proven)
	}
}
