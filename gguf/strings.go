package gguf

import (
	"encoding/binary"
	"fmt"
	"iter"
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

// Strings reads an array of strings from the file. Errors: [ErrType], and those of
// reading.
func (v Value) Strings() (*Strings, error) {
	if v.Type != Array || v.Elem != String {
		return nil, v.wrong("an array of strings")
	}
	// From the start of a page on, as window.fill reads.
	before := v.Offset & (pageSize - 1)
	b := make([]byte, before+v.Size)
	if err := v.file.read(b, v.Offset-before); err != nil {
		return nil, err
	}
	s := &Strings{b: b[before:], n: v.Len(), order: v.file.order}
	// The file may have changed since its header was read.
	if n, end := walkStrings(s.b, v.count, s.order); n != v.count || end != uint64(v.Size) {
		return nil, fmt.Errorf("read an array of strings at byte %d: %w: the file changed", v.Offset, ErrSyntax)
	}
	return s, nil
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

// each does without a call through an interface for each length.
func (s *Strings) each(yield func(int, string) bool) {
	b := s.b
	for i := range s.n {
		end := 8 + binary.LittleEndian.Uint64(b)
		text := b[8:end]
		if !yield(i, unsafe.String(unsafe.SliceData(text), len(text))) {
			return
		}
		b = b[end:]
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
