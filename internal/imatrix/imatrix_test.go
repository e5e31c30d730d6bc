package imatrix_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/imatrix"
)

// sample has a plain tensor, one with experts of which one saw nothing, and one of two
// matrices.
func sample() *imatrix.Matrix {
	m := imatrix.New(4)
	m.Datasets = []string{"a.txt", "b.txt"}
	m.Entries["blk.0.attn_q.weight"] = &imatrix.Entry{Sums: []float32{8, 16, 0, 24}, Counts: []int64{8}}
	m.Entries["blk.0.ffn_up_exps.weight"] = &imatrix.Entry{Sums: []float32{3, 6, 0, 0, 10, 5}, Counts: []int64{3, 0, 5}}
	m.Entries["blk.1.attn_k_b.weight"] = &imatrix.Entry{Sums: []float32{4, 8, 12, 16}, Counts: []int64{4}}
	m.Count()
	return m
}

func TestFilesAreReadAsWritten(t *testing.T) {
	want := sample()
	path := filepath.Join(t.TempDir(), "m.gguf")
	if err := want.Write(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	got, err := imatrix.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got.Chunks != 2 {
		t.Errorf("%d chunks, want 2: the most that any tensor saw", got.Chunks)
	}
}

func TestWeightsAreMeans(t *testing.T) {
	want := map[string][]float32{
		"blk.0.attn_q.weight":      {1, 2, 0, 3},
		"blk.0.ffn_up_exps.weight": {1, 2, 1, 1, 2, 1},
		"blk.1.attn_k_b.weight":    {1, 2, 3, 4},
	}
	if got := sample().Weights(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := sample().Unseen(); !reflect.DeepEqual(got, map[string]int{"blk.0.ffn_up_exps.weight": 1}) {
		t.Errorf("unseen: %v", got)
	}
}

func TestDat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.dat")
	if err := sample().WriteDat(path); err != nil {
		t.Fatal(err)
	}
	got, err := imatrix.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Averaged || got.Chunks != 2 || !reflect.DeepEqual(got.Datasets, []string{"b.txt"}) {
		t.Errorf("got %+v", got)
	}
	// Two chunks of 4 tokens: the mean twice.
	if e := got.Entries["blk.0.attn_q.weight"]; !reflect.DeepEqual(e, &imatrix.Entry{Sums: []float32{2, 4, 0, 6}, Counts: []int64{2}}) {
		t.Errorf("attn_q: %+v", e)
	}
	if w := got.Weights(); !reflect.DeepEqual(w, sample().Weights()) {
		t.Errorf("the weights of both forms differ: %v", w)
	}
	m := imatrix.New(4)
	if err := m.Merge(got); err != nil {
		t.Fatal(err)
	}
	if e := m.Entries["blk.0.attn_q.weight"]; !reflect.DeepEqual(e, sample().Entries["blk.0.attn_q.weight"]) {
		t.Errorf("merged: %+v", e)
	}
	if _, err := got.Dat(); err == nil {
		t.Error("a matrix of averages was written as sums")
	}
}

func TestMerge(t *testing.T) {
	m := imatrix.New(4)
	for range 2 {
		if err := m.Merge(sample()); err != nil {
			t.Fatal(err)
		}
	}
	if e := m.Entries["blk.0.ffn_up_exps.weight"]; !reflect.DeepEqual(e, &imatrix.Entry{Sums: []float32{6, 12, 0, 0, 20, 10}, Counts: []int64{6, 0, 10}}) {
		t.Errorf("got %+v", e)
	}
	if len(m.Datasets) != 4 || m.Chunks != 4 {
		t.Errorf("datasets %v, %d chunks", m.Datasets, m.Chunks)
	}
	one := func(sums []float32, counts ...int64) *imatrix.Matrix {
		m := imatrix.New(4)
		m.Entries["t"] = &imatrix.Entry{Sums: sums, Counts: counts}
		return m
	}
	old := one([]float32{1, 2, 3, 4}, 4) // did not count experts
	if err := old.Merge(one([]float32{1, 1, 1, 1}, 1, 3)); err != nil {
		t.Fatal(err)
	}
	if e := old.Entries["t"]; !reflect.DeepEqual(e.Counts, []int64{5, 7}) {
		t.Errorf("counts %v", e.Counts)
	}
	for name, other := range map[string]*imatrix.Matrix{
		"fewer sums": one([]float32{1, 2}, 1),
		"one count":  one([]float32{1, 2, 3, 4}, 4),
	} {
		if err := old.Merge(other); !errors.Is(err, imatrix.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// file is one with these tensors, all of floats.
func file(tb testing.TB, keys map[string]any, tensors map[string][]float32) []byte {
	tb.Helper()
	w := gguf.NewWriter()
	for name, v := range keys {
		value, err := gguf.NewValue(v)
		if err == nil {
			err = w.Set(name, value)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	for name, v := range tensors {
		b, err := binary.Append(nil, binary.LittleEndian, v)
		if err == nil {
			err = w.Add(gguf.Tensor{Name: name, Dims: []uint64{uint64(len(v))}, Type: gguf.F32}, bytes.NewReader(b))
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	var out bytes.Buffer
	if _, err := w.WriteTo(&out); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

type malformed struct {
	name, want string
	data       []byte
}

func malformedFiles(tb testing.TB) []malformed {
	keys := map[string]any{"imatrix.datasets": []string{"x"}, "imatrix.chunk_count": uint32(1), "imatrix.chunk_size": uint32(4)}
	without := func(name string) map[string]any {
		rest := map[string]any{}
		for k, v := range keys {
			if k != name {
				rest[k] = v
			}
		}
		return rest
	}
	good := map[string][]float32{"t.in_sum2": {1, 2}, "t.counts": {4}}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	whole := file(tb, keys, good)
	dat, err := sample().Dat()
	if err != nil {
		tb.Fatal(err)
	}
	return []malformed{
		{"empty", "neither form", nil},
		{"text", "neither form", []byte("This is a text, and no matrix.")},
		{"no chunk size", "imatrix.chunk_size", file(tb, without("imatrix.chunk_size"), good)},
		{"chunk size 0", "imatrix.chunk_size", file(tb, map[string]any{"imatrix.datasets": []string{}, "imatrix.chunk_count": uint32(1), "imatrix.chunk_size": uint32(0)}, good)},
		{"no datasets", "imatrix.datasets", file(tb, without("imatrix.datasets"), good)},
		{"a model", "this is a model", file(tb, map[string]any{"general.architecture": "llama"}, good)},
		{"no entries", "no entries", file(tb, keys, nil)},
		{"no counts", "sums and no counts", file(tb, keys, map[string][]float32{"t.in_sum2": {1}})},
		{"no sums", "counts and no sums", file(tb, keys, map[string][]float32{"t.counts": {1}})},
		{"counts that do not divide", "3 sums for 2 counts", file(tb, keys, map[string][]float32{"t.in_sum2": {1, 2, 3}, "t.counts": {1, 1}})},
		{"NaN", "is NaN", file(tb, keys, map[string][]float32{"t.in_sum2": {1, nan}, "t.counts": {1}})},
		{"infinite", "is +Inf", file(tb, keys, map[string][]float32{"t.in_sum2": {1, inf}, "t.counts": {1}})},
		{"negative", "is -1", file(tb, keys, map[string][]float32{"t.in_sum2": {1, -1}, "t.counts": {1}})},
		{"negative count", "is -4", file(tb, keys, map[string][]float32{"t.in_sum2": {1, 1}, "t.counts": {-4}})},
		{"cut off", "does not lie in its file", whole[:len(whole)-32]},
		{"half a header", "damaged", whole[:40]},
		{"dat: cut off", "ends", dat[:len(dat)/2]},
		{"dat: more behind it", "left behind the end", append(bytes.Clone(dat), 0)},
		{"dat: negative entries", "neither form", binary.LittleEndian.AppendUint32(nil, 1<<31)},
		{"dat: a name without an end", "a name has", []byte{1, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 'x'}},
		{"dat: twice", "twice", twice()},
	}
}

// twice is a .dat file with the same entry twice.
func twice() []byte {
	b := []byte{2, 0, 0, 0}
	for range 2 {
		b = append(b, 1, 0, 0, 0, 't', 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 128, 63)
	}
	return b
}

func TestMalformedFilesAreRefused(t *testing.T) {
	for _, c := range malformedFiles(t) {
		path := filepath.Join(t.TempDir(), "m")
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := imatrix.Read(path)
		if !errors.Is(err, imatrix.ErrInvalid) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := imatrix.Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if _, err := imatrix.Read(t.TempDir()); !errors.Is(err, gguf.ErrNotRegular) {
		t.Errorf("a folder: %v", err)
	}
}

func TestNamesThatReadersWouldCut(t *testing.T) {
	m := imatrix.New(4)
	m.Entries[strings.Repeat("x", 56)] = &imatrix.Entry{Sums: []float32{1}, Counts: []int64{1}}
	if _, err := m.GGUF(); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("%v", err)
	}
}

// FuzzDecode: what is read can be written, and is then read as the same.
func FuzzDecode(f *testing.F) {
	for _, c := range malformedFiles(f) {
		f.Add(c.data)
	}
	dat, err := sample().Dat()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(dat)
	w, err := sample().GGUF()
	if err != nil {
		f.Fatal(err)
	}
	var whole bytes.Buffer
	if _, err := w.WriteTo(&whole); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := imatrix.Decode(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		m.Statistics()
		m.Weights()
		if m.Averaged {
			return
		}
		w, err := m.GGUF()
		if err != nil {
			return // a name that is too long
		}
		var out bytes.Buffer
		if _, err := w.WriteTo(&out); err != nil {
			t.Fatal(err)
		}
		again, err := imatrix.Decode(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if !reflect.DeepEqual(again.Entries, m.Entries) || again.Chunks != m.Chunks || again.ChunkSize != m.ChunkSize {
			t.Errorf("written and read again: %+v, was %+v", again, m)
		}
	})
}
