package gguf

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// splitInto writes the parts of a model into a folder and opens them again.
func splitInto(t testing.TB, dir string, f *File, o SplitOptions) *File {
	t.Helper()
	parts, err := f.Split(o)
	if err != nil {
		t.Fatal(err)
	}
	outputs := make([]Output, len(parts))
	for i, w := range parts {
		outputs[i] = Output{filepath.Join(dir, PartName("m", i, len(parts))), w}
	}
	if err := Create(t.Context(), outputs, false, nil); err != nil {
		t.Fatal(err)
	}
	split, err := Open(outputs[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { split.Close() })
	return split
}

// TestSplitAndMerge: a real model in parts is the same model, and the same file again
// when it is merged; its hash is one throughout.
func TestSplitAndMerge(t *testing.T) {
	path := testmodel.SmolLM2(t)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := f.Hash(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := fileHash(t, path)
	for _, o := range []SplitOptions{{MaxSize: 40e6}, {MaxTensors: 100}, {MaxSize: 50e6, MaxTensors: 150, KeysFirst: true}} {
		split := splitInto(t, t.TempDir(), f, o)
		for i, p := range split.Parts {
			first := o.KeysFirst && i == 0
			if o.MaxSize > 0 && p.Size > o.MaxSize || o.MaxTensors > 0 && p.Tensors > o.MaxTensors || first != (p.Tensors == 0) {
				t.Errorf("%+v: %+v", o, p)
			}
		}
		if len(split.Parts) < 3 {
			t.Errorf("%+v: %d parts", o, len(split.Parts))
		}
		if h, err := split.Hash(t.Context(), nil); err != nil || h.Sum != want.Sum {
			t.Errorf("%+v: the hash is another: %v", o, err)
		}
		again := splitInto(t, t.TempDir(), split, SplitOptions{MaxTensors: 200}) // from parts to other parts
		if len(again.Parts) != 2 {
			t.Errorf("%d parts", len(again.Parts))
		}
		w, err := again.Copy()
		if err != nil {
			t.Fatal(err)
		}
		merged := filepath.Join(t.TempDir(), "m.gguf")
		if err := Create(t.Context(), []Output{{merged, w}}, false, nil); err != nil {
			t.Fatal(err)
		}
		if fileHash(t, merged) != whole {
			t.Errorf("%+v: split and merged, it is another file", o)
		}
	}
}

// TestSplitKeys: the keys are those of upstream's tool, and each part has the alignment.
func TestSplitKeys(t *testing.T) {
	w := NewWriter()
	set(t, w, "a", "b")
	set(t, w, KeyAlignment, uint32(128))
	set(t, w, KeySplitCount, uint16(0)) // upstream's tool leaves it when it merges
	for _, name := range []string{"x", "y", "z"} {
		if err := w.Add(Tensor{Name: name, Type: I8, Dims: []uint64{100}}, strings.NewReader(strings.Repeat(name, 100))); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	split := splitInto(t, dir, readBytes(t, bytesOf(t, w)), SplitOptions{MaxTensors: 2})
	for i, want := range []string{
		"a str general.alignment u32 split.no u16 split.count u16 split.tensors.count i32",
		"general.alignment u32 split.no u16 split.count u16 split.tensors.count i32",
	} {
		b, err := os.ReadFile(filepath.Join(dir, PartName("m", i, 2)))
		if err != nil {
			t.Fatal(err)
		}
		f := readBytes(t, b)
		var got []string
		for _, k := range f.Keys {
			got = append(got, k.Name, k.ValueType().String())
		}
		no, _ := f.Uint(KeySplitNo)
		count, _ := f.Uint(KeySplitCount)
		tensors, _ := f.Uint(KeySplitTensors)
		if strings.Join(got, " ") != want || no != uint64(i) || count != 2 || tensors != 3 || f.Alignment != 128 {
			t.Errorf("part %d: %s: %d %d %d", i, got, no, count, tensors)
		}
	}
	for _, x := range split.Tensors {
		r, err := split.Data(x)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r); err != nil || !bytes.Equal(b, bytes.Repeat([]byte(x.Name), 100)) {
			t.Errorf("%s: %q, %v", x.Name, b, err)
		}
	}
}

func TestSplitRefuses(t *testing.T) {
	f := readBytes(t, bytesOf(t, smallModel(t)))
	size := f.Parts[0].DataOffset
	for _, c := range []struct {
		o    SplitOptions
		want string
	}{
		{SplitOptions{}, "there is no limit for a part"},
		{SplitOptions{MaxSize: 100}, "its keys alone have"},
		{SplitOptions{MaxSize: 4 * 40001}, `a part with tensor "a" has 160`},
		{SplitOptions{MaxSize: size, KeysFirst: true}, "a part with tensor"},
	} {
		if _, err := f.Split(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.o, err, c.want)
		}
	}
	// The first tensor has no room beside the keys, but in a part of its own.
	parts, err := f.Split(SplitOptions{MaxSize: 4*40001 + 1000})
	if err != nil {
		t.Fatal(err)
	}
	var tensors []int
	for _, p := range parts {
		tensors = append(tensors, p.Tensors())
	}
	if !slices.Equal(tensors, []int{0, 1, 1, 1}) {
		t.Errorf("%v", tensors)
	}
}

// TestHash: keys, the order of tensors, padding and ones at the end of dimensions do not
// count; names, types, dimensions and data do.
func TestHash(t *testing.T) {
	type row struct {
		Tensor
		data string
	}
	hash := func(alignment uint32, rows ...row) [32]byte {
		w := NewWriter()
		set(t, w, KeyAlignment, alignment)
		for _, r := range rows {
			if err := w.Add(r.Tensor, strings.NewReader(r.data)); err != nil {
				t.Fatal(err)
			}
		}
		h, err := readBytes(t, bytesOf(t, w)).Hash(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return h.Sum
	}
	one := row{Tensor{Name: "one", Type: I8, Dims: []uint64{4}}, "1234"}
	two := row{Tensor{Name: "two", Type: I8, Dims: []uint64{2, 3}}, "123456"}
	want := hash(32, one, two)
	ones := one
	ones.Dims = []uint64{4, 1, 1}
	if hash(64, two, one) != want || hash(8, ones, two) != want {
		t.Error("the hash is of more than the tensors")
	}
	for name, change := range map[string]func(*row){
		"name": func(r *row) { r.Name = "due" },
		"type": func(r *row) { r.Type = I16; r.Dims = []uint64{1, 3} },
		"dims": func(r *row) { r.Dims = []uint64{3, 2} },
		"data": func(r *row) { r.data = "123457" },
	} {
		other := two
		if change(&other); hash(32, one, other) == want {
			t.Errorf("%s does not count", name)
		}
	}
	if hash(32, one) == want || hash(32) == want {
		t.Error("a tensor less does not count")
	}
}
