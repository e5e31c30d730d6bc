package gguf

import (
	"fmt"
	"math"
)

// SplitOptions say where a model is cut. At least one limit has to be there.
type SplitOptions struct {
	MaxSize    int64 // of a part, in bytes, with its header; 0: no limit
	MaxTensors int   // of a part; 0: no limit
	KeysFirst  bool  // the first part has the keys, and no tensors
}

// Split is the parts of a model, to be written under the names that [PartName] gives.
// The first has all keys; the parts of a model that is split already are as one. Errors:
// a tensor, or the keys, that are larger than a part may be; those of [File.Copy].
func (f *File) Split(o SplitOptions) ([]*Writer, error) {
	if o.MaxSize <= 0 && o.MaxTensors <= 0 {
		return nil, fmt.Errorf("split a model: there is no limit for a part: give its size or its number of tensors")
	}
	s := splitter{f: f, o: o}
	if err := s.start(); err != nil {
		return nil, err
	}
	if o.KeysFirst {
		if err := s.start(); err != nil {
			return nil, err
		}
	}
	for i := range f.Tensors {
		if err := s.add(f.Tensors[i]); err != nil {
			return nil, err
		}
	}
	if len(s.parts) > math.MaxUint16 {
		return nil, fmt.Errorf("split a model: it would have %d parts: the limit is %d; allow more in a part", len(s.parts), math.MaxUint16)
	}
	count := newNumber(Uint16, uint64(len(s.parts)))
	for _, p := range s.parts {
		p.keys[p.find(KeySplitCount)].Value = count
	}
	return s.parts, nil
}

// splitter fills one part after another.
type splitter struct {
	f      *File
	o      SplitOptions
	parts  []*Writer
	header int64 // bytes of the last part's header
}

// start begins a part. The keys are those that ggml-org/llama.cpp
// tools/gguf-split@v0.5.0 writes, and the alignment in each.
func (s *splitter) start() error {
	n := len(s.parts)
	w := s.f.copyKeys(func(name string) bool { return !isSplitKey(name) && (n == 0 || name == KeyAlignment) })
	w.keys = append(w.keys,
		Key{KeySplitNo, newNumber(Uint16, uint64(n))},
		Key{KeySplitCount, newNumber(Uint16, 0)},
		Key{KeySplitTensors, newNumber(Int32, uint64(len(s.f.Tensors)))})
	h, err := w.startAndKeys(0)
	if err != nil {
		return err
	}
	s.parts, s.header = append(s.parts, w), h.size
	if s.o.MaxSize > 0 && w.align(h.size) > s.o.MaxSize {
		return fmt.Errorf("split a model: its keys alone have %d bytes, and a part may have %d: allow more", w.align(h.size), s.o.MaxSize)
	}
	return nil
}

func (s *splitter) add(t Tensor) error {
	data, err := s.f.Data(t)
	if err != nil {
		return err
	}
	w := s.parts[len(s.parts)-1]
	row := 24 + int64(len(t.Name)) + 8*int64(len(t.Dims))
	size := func() int64 { return w.align(s.header+row) + w.end + w.align(data.Size()) }
	full := func() bool {
		return s.o.MaxSize > 0 && size() > s.o.MaxSize || s.o.MaxTensors > 0 && len(w.tensors) >= s.o.MaxTensors
	}
	// The first part has a tensor, unless it may not or has no room for it.
	if full() && (len(w.tensors) > 0 || len(s.parts) == 1) {
		if err := s.start(); err != nil {
			return err
		}
		w = s.parts[len(s.parts)-1]
	}
	if full() {
		return fmt.Errorf("split a model: a part with tensor %s has %d bytes at least, and may have %d: allow more", Quote(t.Name), size(), s.o.MaxSize)
	}
	s.header += row
	return w.Add(t, data)
}
