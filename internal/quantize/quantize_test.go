package quantize

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/imatrix"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/quant"
)

// TestMain: the program of the tests is the program of their children.
func TestMain(m *testing.M) {
	if ChildMain() {
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// flat is an importance matrix for a file in which every weight counts alike.
func flat(t testing.TB, path string) string {
	t.Helper()
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m := imatrix.New(512)
	m.Chunks, m.Datasets = 3, []string{"ones"}
	for _, x := range f.Tensors {
		if len(x.Dims) < 2 {
			continue
		}
		sums := make([]float32, x.Dims[0])
		for i := range sums {
			sums[i] = 2
		}
		m.Entries[x.Name] = &imatrix.Entry{Sums: sums, Counts: []int64{2}}
	}
	return writeMatrix(t, m)
}

func writeMatrix(t testing.TB, m *imatrix.Matrix) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "matrix.gguf")
	if err := m.Write(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	return path
}

// only wants nothing but these files in a folder.
func only(t *testing.T, folder string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	if fmt.Sprint(found) != fmt.Sprint(names) {
		t.Errorf("the folder has %q, not %q", found, names)
	}
}

func TestRun(t *testing.T) {
	in := testgguf.Quantizable(1).Write(t, "in.gguf")
	q8 := gguf.Q8_0
	override, err := quant.ParseOverride(`ffn_(up|gate)=q5_k`)
	if err != nil {
		t.Fatal(err)
	}
	var same []byte
	for i, s := range []Spec{
		{FileType: quant.Q4_K_M},
		{FileType: quant.Q4_K_M, Isolated: true},
		{FileType: quant.Q4_K_M, Threads: 1, Buffer: 1},
		{FileType: quant.Q4_0, Imatrix: flat(t, in), Isolated: true},
		{FileType: quant.Q3_K_M, Output: &q8, Embedding: &q8, Overrides: []quant.Override{override}},
		{FileType: quant.Q5_0, Pure: true, KeepOutput: true},
	} {
		folder := t.TempDir()
		out := filepath.Join(folder, "out.gguf")
		r, err := Run(t.Context(), in, out, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		only(t, folder, "out.gguf")
		written, err := os.ReadFile(out)
		if err != nil || int64(len(written)) != r.Size || r.Size != r.Recipe.Size {
			t.Errorf("%d bytes were written, said are %d, %v", len(written), r.Size, err)
		}
		switch {
		case i == 0:
			same = written
		case i < 3 && string(same) != string(written):
			t.Errorf("%+v: the file is another", s)
		}
	}
}

// full has it compare every type of every model: it takes minutes.
var full = flag.Bool("quantize.full", false, "every type × SmolLM2, Gemma 3 and the F16 fixture")

// TestSizes: what is said beforehand is what is written, to the byte.
func TestSizes(t *testing.T) {
	models := []struct {
		path  string
		types []gguf.FileType
	}{
		{testgguf.Quantizable(1).Write(t, "f16.gguf"), []gguf.FileType{quant.F32, quant.Q8_0, quant.Q4_K_M, quant.Q2_K, quant.IQ4_XS, quant.TQ1_0}},
		{testmodel.SmolLM2(t), []gguf.FileType{quant.Q4_K_M}},
		{testmodel.Gemma3(t), []gguf.FileType{quant.Q4_0}},
	}
	for _, m := range models {
		matrix := flat(t, m.path)
		for _, kind := range quant.FileTypes() {
			if *full || slices.Contains(m.types, kind.Number) {
				t.Run(filepath.Base(m.path)+"/"+kind.Name, func(t *testing.T) { asSaid(t, m.path, matrix, kind.Number) })
			}
		}
	}
}

// asSaid compares the size of a file with what was said; a type that the engine does not make
// of the model has a reason.
func asSaid(t *testing.T, in, matrix string, kind gguf.FileType) {
	s := Spec{FileType: kind, Requantize: true}
	j, err := Prepare(in, s)
	if errors.Is(err, ErrNeedsImatrix) {
		s.Imatrix = matrix
		j, err = Prepare(in, s)
	}
	if errors.Is(err, ErrRefused) && *full {
		t.Logf("not made: %v", err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.gguf")
	if _, err := j.Write(t.Context(), out, nil); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() != j.Recipe.Size {
		t.Errorf("%d bytes; said were %d", info.Size(), j.Recipe.Size)
	}
	t.Logf("%d bytes, as said", info.Size())
}

func TestRefuses(t *testing.T) {
	folder := t.TempDir()
	f16 := testgguf.Quantizable(1).Write(t, "in.gguf")
	other := testgguf.Decoder(1).Write(t, "other.gguf")
	q4 := filepath.Join(folder, "q4.gguf")
	if _, err := Run(t.Context(), f16, q4, Spec{FileType: quant.Q4_0}, nil); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(folder, "text.gguf")
	if err := os.WriteFile(text, []byte("some text"), 0o666); err != nil {
		t.Fatal(err)
	}
	matrix := flat(t, f16)
	foreign := imatrix.New(512)
	foreign.Entries["blk.0.attn_q.weight"] = &imatrix.Entry{Sums: make([]float32, 64), Counts: []int64{1}}
	elsewhere := imatrix.New(512)
	elsewhere.Entries["something.else"] = &imatrix.Entry{Sums: make([]float32, 64), Counts: []int64{1}}
	little := imatrix.New(512)
	little.Entries["blk.0.attn_q.weight"] = &imatrix.Entry{Sums: make([]float32, 256), Counts: []int64{1}}
	iq1 := gguf.IQ1_S
	out := filepath.Join(folder, "out.gguf")
	override, err := quant.ParseOverride("attn=q8_0")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in, out string
		spec    Spec
		kind    error
		words   string
	}{
		{q4, out, Spec{FileType: quant.Q8_0}, ErrQuantized, "58 of its 75 tensors would be quantized again, from Q6_K, Q4_0"},
		{f16, out, Spec{FileType: quant.IQ2_XXS}, ErrNeedsImatrix, "make it (llm imatrix)"},
		{f16, out, Spec{FileType: quant.Q4_K_M, Embedding: &iq1}, ErrRefused, "IQ1_S is not made without an importance matrix"},
		{f16, out, Spec{FileType: quant.Q4_K_M, Imatrix: filepath.Join(folder, "none")}, fs.ErrNotExist, "importance matrix"},
		{f16, out, Spec{FileType: quant.Q4_K_M, Imatrix: text}, imatrix.ErrInvalid, "text.gguf"},
		{f16, out, Spec{FileType: quant.Q4_K_M, Imatrix: writeMatrix(t, foreign)}, ErrRefused, "has 64 numbers for it, and it takes 256: the matrix is of another model"},
		{f16, out, Spec{FileType: quant.Q4_K_M, Imatrix: writeMatrix(t, elsewhere)}, ErrRefused, "none is for a tensor that is quantized"},
		{f16, out, Spec{FileType: quant.IQ2_XXS, Imatrix: writeMatrix(t, little)}, ErrRefused, "has nothing for this tensor"},
		{f16, out, Spec{FileType: quant.Q4_K_M, Imatrix: matrix, Include: []string{"nothing"}}, nil, "none is left to be used"},
		{f16, out, Spec{FileType: quant.F16, Overrides: []quant.Override{override}}, ErrRefused, "have no effect where most are F16"},
		{f16, out, Spec{FileType: gguf.FileType(4)}, nil, "the engine does not make it"},
		{text, out, Spec{FileType: quant.Q8_0}, nil, "is not a GGUF file"},
		{matrix, out, Spec{FileType: quant.Q8_0}, nil, "this is an importance matrix"},
		{filepath.Join(folder, "none"), out, Spec{FileType: quant.Q8_0}, fs.ErrNotExist, "check the path"},
		{f16, q4, Spec{FileType: quant.Q8_0}, fs.ErrExist, "q4.gguf"},
		{f16, f16, Spec{FileType: quant.Q8_0, Replace: true}, nil, "it is the file that is read"},
		{f16, folder, Spec{FileType: quant.Q8_0, Replace: true}, gguf.ErrNotRegular, "name a file"},
		{f16, os.DevNull, Spec{FileType: quant.Q8_0, Replace: true}, gguf.ErrNotRegular, "name a file"},
		{f16, filepath.Join(folder, "none", "out.gguf"), Spec{FileType: quant.Q8_0}, fs.ErrNotExist, "make it first"},
		{f16, filepath.Join(text, "out.gguf"), Spec{FileType: quant.Q8_0}, nil, "is no folder"},
		{other, out, Spec{FileType: quant.Q1_0}, ErrRefused, "no multiple of 128"},
	} {
		_, err := Run(t.Context(), c.in, c.out, c.spec, nil)
		if err == nil || !strings.Contains(err.Error(), c.words) || c.kind != nil && !errors.Is(err, c.kind) {
			t.Errorf("%s: %v\nwant %q (%v)", c.words, err, c.words, c.kind)
		}
	}
	only(t, folder, "q4.gguf", "text.gguf")
}

// TestSplit: of the parts of a model becomes one file, the same as of the whole.
func TestSplit(t *testing.T) {
	whole := testgguf.Quantizable(1).Write(t, "in.gguf")
	f, err := gguf.Open(whole)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	parts, err := f.Split(gguf.SplitOptions{MaxTensors: 30})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	var outputs []gguf.Output
	for i, p := range parts {
		outputs = append(outputs, gguf.Output{Path: gguf.PartName(filepath.Join(folder, "part"), i, len(parts)), Content: p})
	}
	if err := gguf.Create(t.Context(), outputs, false, nil); err != nil {
		t.Fatal(err)
	}
	var made [2][]byte
	for i, in := range []string{whole, outputs[1].Path} {
		out := filepath.Join(t.TempDir(), "out.gguf")
		if _, err := Run(t.Context(), in, out, Spec{FileType: quant.Q4_K_M}, nil); err != nil {
			t.Fatal(err)
		}
		if made[i], err = os.ReadFile(out); err != nil {
			t.Fatal(err)
		}
	}
	if string(made[0]) != string(made[1]) {
		t.Error("the file of the parts is another than that of the whole")
	}
	if _, err := Run(t.Context(), outputs[1].Path, outputs[2].Path, Spec{FileType: quant.Q4_K_M, Replace: true}, nil); err == nil || !strings.Contains(err.Error(), "it is the file that is read") {
		t.Errorf("one of its own parts is replaced: %v", err)
	}
}

// TestCancel: whatever runs the engine, nothing is left on the disk.
func TestCancel(t *testing.T) {
	for _, isolated := range []bool{false, true} {
		folder := t.TempDir()
		ctx, cancel := context.WithCancelCause(t.Context())
		stopped := errors.New("no more")
		calls := 0
		_, err := Run(ctx, testmodel.SmolLM2(t), filepath.Join(folder, "out.gguf"), Spec{FileType: quant.IQ3_S, Requantize: true, Threads: 1, Isolated: isolated}, func(done, total int64) {
			calls++
			if done > total/100 {
				cancel(stopped)
			}
		})
		cancel(nil)
		if !errors.Is(err, stopped) || calls == 0 {
			t.Errorf("isolated %v: %v after %d calls", isolated, err, calls)
		}
		only(t, folder)
	}
}

// TestCrash: weights on which the engine aborts end its child, and nobody else.
func TestCrash(t *testing.T) {
	f := testgguf.Quantizable(1)
	f.Add("blk.0.attn_extra.weight", constant(256*256, 3e38), 256, 256)
	folder := t.TempDir()
	for kind, words := range map[gguf.FileType]string{
		quant.IQ3_S:  "; weights that are much too large do this",
		quant.Q4_K_M: "quantized data validation failed: some weights are too large for this type",
	} {
		_, err := Run(t.Context(), f.Write(t, "huge.gguf"), filepath.Join(folder, "out.gguf"), Spec{FileType: kind, Threads: max(2, runtime.NumCPU()), Isolated: true}, nil)
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v: %v", kind, err)
		}
	}
	only(t, folder)
}

func constant(n int, x float32) []float32 {
	list := make([]float32, n)
	for i := range list {
		list[i] = x
	}
	return list
}
