package gguf

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
)

// randomValue has anything that a value can be.
func randomValue(r *rand.Rand, depth int) Value {
	t := Type(r.IntN(int(typeCount)))
	if t == Array {
		return randomArray(r, depth)
	}
	if t == String {
		v, _ := NewValue(randomText(r))
		return v
	}
	return newNumber(t, r.Uint64()>>(64-8*typeSizes[t]))
}

func randomText(r *rand.Rand) string {
	b := make([]byte, r.IntN(20)*r.IntN(20))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

func randomArray(r *rand.Rand, depth int) Value {
	n := r.IntN(4) * r.IntN(200)
	elem := Type(r.IntN(int(typeCount)))
	switch {
	case elem == String:
		list := make([]string, n)
		for i := range list {
			list[i] = randomText(r)
		}
		v, _ := NewValue(list)
		return v
	case elem == Array && depth < 5:
		list := make([]Value, n%5)
		for i := range list {
			list[i] = randomArray(r, depth+1)
		}
		v, _ := NewValue(list)
		return v
	case elem == Array:
		elem = Int32
	}
	b := make([]byte, int64(n)*typeSizes[elem])
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return newArray(elem, n, b)
}

// randomFile has keys and tensors of all kinds; the data of each tensor too.
func randomFile(r *rand.Rand) (*Writer, [][]byte) {
	w := NewWriter()
	w.BigEndian = r.IntN(2) == 0
	if r.IntN(2) == 0 {
		w.Set(KeyAlignment, newNumber(Uint32, 1<<r.IntN(14)))
	}
	for i := range r.IntN(150) {
		w.Set(fmt.Sprintf("key.%d", i), randomValue(r, 0))
	}
	var data [][]byte
	for i := range r.IntN(20) {
		t := Tensor{Name: fmt.Sprintf("%d.%x", i, randomText(r)), Type: TensorType(r.IntN(tensorTypes))}
		block, _ := t.Type.Block()
		for d := range r.IntN(maxDims + 1) {
			t.Dims = append(t.Dims, uint64(r.IntN(4)))
			if d == 0 {
				t.Dims[0] *= uint64(block)
			}
		}
		size, ok := t.Size()
		if !ok {
			continue
		}
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if w.Add(t, bytes.NewReader(b)) == nil {
			data = append(data, b)
		}
	}
	return w, data
}

// FuzzWrite: any file, written and read, is the same file.
func FuzzWrite(f *testing.F) {
	for seed := range uint64(60) {
		f.Add(seed, seed*seed)
	}
	f.Fuzz(func(t *testing.T, one, two uint64) {
		w, data := randomFile(rand.New(rand.NewPCG(one, two)))
		b := bytesOf(t, w)
		f := readBytes(t, b)
		sameKeys(t, f.Keys, w.keys)
		if len(f.Tensors) != len(data) || f.BigEndian != w.BigEndian {
			t.Fatalf("%d tensors, want %d", len(f.Tensors), len(data))
		}
		for i, x := range f.Tensors {
			want := w.tensors[i].Tensor
			if x.Name != want.Name || x.Type != want.Type || !slices.Equal(x.Dims, want.Dims) || x.Offset != want.Offset {
				t.Errorf("tensor %v, want %v", x, want)
			}
			r, err := f.Data(x)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data[i]) {
				t.Errorf("data of %v: %v", x, err)
			}
		}
		again, err := f.Copy()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytesOf(t, again), b) {
			t.Error("written again, it has other bytes")
		}
	})
}
