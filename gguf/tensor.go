package gguf

import "math/bits"

// Tensor is a row of the table of tensors.
type Tensor struct {
	Name   string
	Type   TensorType
	Dims   []uint64 // 0 to 4; the first is the one whose elements are neighbours
	Offset uint64   // of its data, from the start of its part's data
	Part   int      // of a split model: the index in [File.Parts]
}

// Elements is the product of the dimensions. False: it does not fit an int64.
func (t Tensor) Elements() (int64, bool) {
	n := uint64(1)
	for _, d := range t.Dims {
		high, low := bits.Mul64(n, d)
		if high != 0 {
			return 0, false
		}
		n = low
	}
	return int64(n), int64(n) >= 0
}

// Size is of its data, in bytes. False: its type is unknown, its rows are not whole
// blocks, or the number does not fit an int64.
func (t Tensor) Size() (int64, bool) {
	n, ok := t.Elements()
	block, size := t.Type.Block()
	if !ok || block == 0 || len(t.Dims) > 0 && t.Dims[0]%uint64(block) != 0 {
		return 0, false
	}
	if len(t.Dims) == 0 && block != 1 {
		return 0, false
	}
	high, low := bits.Mul64(uint64(n/int64(block)), uint64(size))
	return int64(low), high == 0 && int64(low) >= 0
}

func (p *parser) tensors(n uint64) {
	if p.w.err != nil {
		return
	}
	f := p.f
	f.Tensors = make([]Tensor, 0, min(n, firstPlaces))
	var dims []uint64
	for range n {
		t := Tensor{Name: p.name("a tensor's name")}
		p.w.name = t.Name
		at := p.w.offset()
		count := int(p.w.uint32())
		if p.w.err == nil && count > maxDims {
			p.w.fail(at, "%d dimensions: the limit is %d", count, maxDims)
		}
		if p.w.err != nil {
			return
		}
		if cap(dims)-len(dims) < count {
			dims = make([]uint64, 0, maxDims*min(n, firstPlaces))
		}
		from := len(dims)
		for range count {
			dims = append(dims, p.w.uint64())
		}
		t.Dims = dims[from:len(dims):len(dims)]
		t.Type = TensorType(p.w.uint32())
		t.Offset = p.w.uint64()
		if p.w.err != nil {
			return
		}
		f.Tensors = append(f.Tensors, t)
		p.w.name = ""
	}
}

// hasTensor is whether a tensor has this name.
func (f *File) hasTensor(name string) bool {
	for i := range f.Tensors {
		if f.Tensors[i].Name == name {
			return true
		}
	}
	return false
}
