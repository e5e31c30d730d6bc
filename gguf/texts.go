package gguf

import (
	"hash/maphash"
	"math/bits"
)

// texts finds texts that are there twice, in one pass and 16 bytes a text: a table of
// halves of hashes, each with the index of its text.
type texts struct {
	all   *Strings
	seed  maphash.Seed
	table []uint64 // 0: free; else half a hash, then an index + 1
}

func newTexts(all *Strings) *texts {
	return &texts{all: all, seed: maphash.MakeSeed(), table: make([]uint64, 1<<bits.Len(uint(all.Len()))<<1)}
}

// add adds the text with the index i, or finds the first that is the same.
func (t *texts) add(i int, text string) (first int, twice bool) {
	first, twice, at, hash := t.look(text)
	if !twice {
		t.table[at] = hash&^(1<<32-1) | uint64(i+1)
	}
	return first, twice
}

// find is the index of a text that was added.
func (t *texts) find(text string) (int, bool) {
	i, ok, _, _ := t.look(text)
	return i, ok
}

// look goes to where the text is in the table, or where it would be.
func (t *texts) look(text string) (index int, found bool, at, hash uint64) {
	hash = maphash.String(t.seed, text)
	mask := uint64(len(t.table) - 1)
	for at = hash & mask; ; at = (at + 1) & mask {
		entry := t.table[at]
		if entry == 0 {
			return 0, false, at, hash
		}
		if index = int(entry&(1<<32-1)) - 1; entry>>32 == hash>>32 && t.all.At(index) == text {
			return index, true, at, hash
		}
	}
}
