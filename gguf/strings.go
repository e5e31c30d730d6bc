package gguf

import (
	"encoding/binary"
	"fmt"
	"iter"
	"strings"
	"sync"
	"unsafe"
)

// Strings are the elements of an array of strings, in the one piece of memory into which
// they were read. The strings that it gives are views into that, and good for ever. Any
// goroutine may use it.
type Strings struct {
	b     []byte
	n     int
	order binary.ByteOrder
	once  sync.Once
	marks []int // where every stride-th string is, once At was called
}

// stride trades the memory of an index against steps from its nearest entry.
const stride = 16

// stringsPiece is how much is read at a time, in bytes.
const stringsPiece = 128 << 10

// Strings reads an array of strings from the file. Errors: [ErrType], and those of
// reading.
func (v Value) Strings() (*Strings, error) {
	if v.Type != Array || v.Elem != String {
		return nil, v.wrong("an array of strings")
	}
	// From the start of a page on, as window.fill reads; each piece is walked while it is
	// in the core's cache.
	before := v.Offset & (pageSize - 1)
	size := before + v.Size
	b := unzeroed(int(size) + 1) // the last string may be empty, and is in it, too
	pos, count := before, uint64(0)
	for from := int64(0); from < size; from += stringsPiece {
		to := min(from+stringsPiece, size)
		if err := v.file.read(b[from:to], v.Offset-before+from); err != nil {
			return nil, err
		}
		if pos < to {
			n, end := walkStrings(b[pos:to], v.count-count, v.file.order)
			pos, count = pos+int64(end), count+n
		}
	}
	if count != v.count || pos != size { // the file may have changed since its header was read
		return nil, fmt.Errorf("read an array of strings at byte %d: %w: the file changed", v.Offset, ErrSyntax)
	}
	return &Strings{b: b[before:size], n: v.Len(), order: v.file.order}, nil
}

// unzeroed is memory that is going to be written to: clearing it takes as long as reading.
func unzeroed(n int) []byte {
	var b strings.Builder
	b.Grow(n)
	b.WriteByte(0) // from here on it has an address
	return unsafe.Slice(unsafe.StringData(b.String()), n)
}

// Len is how many there are.
func (s *Strings) Len() int { return s.n }

// at is the string that stands at pos, and where the next one does.
func (s *Strings) at(pos int) (string, int) {
	end := pos + 8 + int(s.order.Uint64(s.b[pos:]))
	text := s.b[pos+8 : end]
	return unsafe.String(unsafe.SliceData(text), len(text)), end
}

// All are the strings with their indices, in order.
func (s *Strings) All() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		if s.order == binary.LittleEndian {
			s.each(yield)
			return
		}
		for i, pos := 0, 0; i < s.n; i++ {
			var text string
			if text, pos = s.at(pos); !yield(i, text) {
				return
			}
		}
	}
}

// each does without a call through an interface for each length, and without checks:
// Strings has walked this way.
func (s *Strings) each(yield func(int, string) bool) {
	text := unsafe.Pointer(unsafe.SliceData(s.b))
	for i := range s.n {
		size := int(binary.LittleEndian.Uint64((*[8]byte)(text)[:]))
		text = unsafe.Add(text, 8)
		if !yield(i, unsafe.String((*byte)(text), size)) {
			return
		}
		text = unsafe.Add(text, size)
	}
}

// At is the string with the index i, 0 ≤ i < Len. The first call goes over all of them.
func (s *Strings) At(i int) string {
	s.once.Do(func() {
		s.marks = make([]int, 0, s.n/stride+1)
		for i, pos := 0, 0; i < s.n; i++ {
			if i%stride == 0 {
				s.marks = append(s.marks, pos)
			}
			_, pos = s.at(pos)
		}
	})
	if i < 0 || i >= s.n {
		panic(fmt.Sprintf("gguf: string %d of %d", i, s.n))
	}
	text, pos := s.at(s.marks[i/stride])
	for range i % stride {
		text, pos = s.at(pos)
	}
	return text
}
