package pass_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/imatrix"
	"github.com/seed-f87006eb/llm/internal/imatrix/pass"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

var load = engine.Options{Batch: 64, Threads: 2}

// run collects with small chunks, two of them a batch, and holds the program to leave no
// handle open.
func run(t *testing.T, ctx context.Context, path string, o pass.Options) (*pass.Result, error) {
	t.Helper()
	o.ChunkSize = 32
	result, err := pass.Run(ctx, path, load, o)
	if n := llama.Live(); n != 0 {
		t.Errorf("%d handles are still open", n)
	}
	return result, err
}

func readAll(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var errKilled = errors.New("killed in a test")

// stopAfter cancels a pass when it has read so many chunks, or is to read the first.
func stopAfter(chunks int, o *pass.Options) context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	o.Progress = func(p pass.Progress) {
		if !p.Generating && p.Done >= chunks {
			cancel(errKilled)
		}
	}
	return ctx
}

// TestResumed: a pass that is stopped several times ends in the same bytes as one that is not.
func TestResumed(t *testing.T) {
	model := testgguf.Mixture(3).Write(t, "mixture.gguf")
	text := readTestText(t)
	for name, o := range map[string]pass.Options{
		"text":      {Text: text, Dataset: "text", Chunks: 9, SaveEvery: 2},
		"dat":       {Text: text, Dataset: "text", Chunks: 9, SaveEvery: 2, Dat: true, NoPerplexity: true},
		"generated": {Chunks: 9, SaveEvery: 4, Seed: 5},
	} {
		t.Run(name, func(t *testing.T) {
			whole, parts := o, o
			whole.Output = filepath.Join(t.TempDir(), "whole")
			want, err := run(t, context.Background(), model, whole)
			if err != nil {
				t.Fatal(err)
			}
			parts.Output, parts.Resume = filepath.Join(t.TempDir(), "parts"), true
			for _, chunks := range []int{0, 4, 6} {
				_, err := run(t, stopAfter(chunks, &parts), model, parts)
				if !errors.Is(err, errKilled) {
					t.Fatalf("stopped after %d chunks: %v", chunks, err)
				}
				if _, err := os.Stat(parts.Output); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("stopped, and there is a result: %v", err)
				}
			}
			parts.Progress = func(p pass.Progress) {
				if p.Generating {
					t.Error("the text was generated again")
				}
			}
			got, err := run(t, context.Background(), model, parts)
			if err != nil {
				t.Fatal(err)
			}
			if got.Resumed == 0 {
				t.Error("it began anew")
			}
			if !bytes.Equal(readAll(t, parts.Output), readAll(t, whole.Output)) {
				t.Error("the files differ")
			}
			if got.Perplexity != want.Perplexity || !reflect.DeepEqual(got.Perplexities, want.Perplexities) {
				t.Errorf("perplexity %v, not stopped %v", got.Perplexities, want.Perplexities)
			}
			if _, err := os.Stat(parts.Output + pass.PartialEnd); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("partial results stay: %v", err)
			}
		})
	}
}

// TestResumeRefuses: partial results of another pass, and damaged ones.
func TestResumeRefuses(t *testing.T) {
	model := testgguf.Decoder(3).Write(t, "decoder.gguf")
	text := readTestText(t)
	o := pass.Options{Text: text, Dataset: "text", SaveEvery: 1, Output: filepath.Join(t.TempDir(), "out"), Resume: true}
	if _, err := run(t, stopAfter(4, &o), model, o); !errors.Is(err, errKilled) || !strings.Contains(err.Error(), "--resume") {
		t.Fatal(err)
	}
	o.Progress = nil
	partial := readAll(t, o.Output+pass.PartialEnd)
	if m, err := imatrix.Read(o.Output + pass.PartialEnd); err != nil || m.Chunks == 0 {
		t.Errorf("partial results are no importance matrix: %v", err)
	}
	for _, c := range []struct {
		want   string
		change func(path *string, o *pass.Options)
	}{
		{"another model", func(path *string, _ *pass.Options) { *path = testgguf.Decoder(4).Write(t, "other.gguf") }},
		{"another text", func(_ *string, o *pass.Options) { o.Text += " and more" }},
		{"another text", func(_ *string, o *pass.Options) { o.Text, o.Dataset = "", "" }},
		{"other settings", func(_ *string, o *pass.Options) { o.ProcessOutput = true }},
		{"other settings", func(_ *string, o *pass.Options) { o.Chunks = 8 }},
	} {
		path, changed := model, o
		c.change(&path, &changed)
		if _, err := run(t, context.Background(), path, changed); !errors.Is(err, pass.ErrResume) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.want, err)
		}
	}
	if err := os.WriteFile(o.Output+pass.PartialEnd, partial[:len(partial)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, context.Background(), model, o); !errors.Is(err, pass.ErrResume) {
		t.Errorf("damaged: %v", err)
	}
	o.Resume = false
	if _, err := run(t, context.Background(), model, o); err != nil {
		t.Errorf("anew: %v", err)
	}
}

// TestDamagedPartials: keys of partial results that cannot be.
func TestDamagedPartials(t *testing.T) {
	model := testgguf.Decoder(3).Write(t, "decoder.gguf")
	o := pass.Options{Chunks: 4, SaveEvery: 1, Output: filepath.Join(t.TempDir(), "out"), Resume: true}
	if _, err := run(t, stopAfter(2, &o), model, o); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	o.Progress = nil
	path := o.Output + pass.PartialEnd
	whole := readAll(t, path)
	for key, bad := range map[string][]any{
		"llm.imatrix.done":         {"2", uint32(1 << 31)},
		"llm.imatrix.scored":       {uint64(1 << 40), float32(1)},
		"llm.imatrix.score":        {[]float64{1}, []float32{1, 2}, "x"},
		"llm.imatrix.perplexities": {[]float64{1, 2, 3, 4, 5}, uint32(1)},
		"llm.imatrix.tokens":       {[]int32{1, 2}, make([]int64, 128), append(make([]int32, 127), 1<<20), append(make([]int32, 127), -1)},
	} {
		for _, value := range bad {
			rewrite(t, whole, path, key, value)
			if _, err := run(t, context.Background(), model, o); !errors.Is(err, pass.ErrResume) {
				t.Errorf("%s = %v: %v", key, value, err)
			}
		}
	}
}

// rewrite writes a file with another value of a key.
func rewrite(t *testing.T, whole []byte, path, key string, value any) {
	t.Helper()
	f, err := gguf.Read(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	w, err := f.Copy()
	if err != nil {
		t.Fatal(err)
	}
	v, err := gguf.NewValue(value)
	if err == nil {
		err = w.Set(key, v)
	}
	if err == nil {
		err = gguf.Create(context.Background(), []gguf.Output{{Path: path, Content: w}}, true, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestGenerated: the text depends on the seed, and the file says where it comes from.
func TestGenerated(t *testing.T) {
	model := testgguf.Decoder(3).Write(t, "decoder.gguf")
	files := map[uint32][]byte{}
	for i, seed := range []uint32{1, 2, 1} {
		o := pass.Options{Chunks: 3, Seed: seed, Output: filepath.Join(t.TempDir(), "out")}
		result, err := run(t, context.Background(), model, o)
		if err != nil {
			t.Fatal(err)
		}
		if d := result.Matrix.Datasets; len(d) != 1 || !strings.Contains(d[0], "text generated by the model itself (seed "+string('0'+rune(seed))+")") || !result.Generated {
			t.Errorf("datasets %q", d)
		}
		if before, ok := files[seed]; ok != (i == 2) || ok && !bytes.Equal(before, readAll(t, o.Output)) {
			t.Error("the same seed gave another file")
		}
		files[seed] = readAll(t, o.Output)
	}
	if bytes.Equal(files[1], files[2]) {
		t.Error("another seed gave the same file")
	}
}

// TestMergedAndSnapshots: the result adds to other files, and copies stay on the way.
func TestMergedAndSnapshots(t *testing.T) {
	model := testgguf.Mixture(3).Write(t, "mixture.gguf")
	text, folder := readTestText(t), t.TempDir()
	first := pass.Options{Text: text, Dataset: "one", Chunks: 4, Output: filepath.Join(folder, "one.gguf")}
	if _, err := run(t, context.Background(), model, first); err != nil {
		t.Fatal(err)
	}
	second := pass.Options{Text: text, Dataset: "two", Chunks: 4, Skip: 4, Snapshots: 2, Merge: []string{first.Output}, Output: filepath.Join(folder, "both.gguf")}
	both, err := run(t, context.Background(), model, second)
	if err != nil {
		t.Fatal(err)
	}
	once := pass.Options{Text: text, Dataset: "whole", Chunks: 8, Output: filepath.Join(folder, "whole.gguf")}
	whole, err := run(t, context.Background(), model, once)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(both.Matrix.Entries, whole.Matrix.Entries) {
		t.Error("two passes, one adding to the other, differ from one")
	}
	if d := both.Matrix.Datasets; !reflect.DeepEqual(d, []string{"one", "two"}) || both.Matrix.Chunks != 8 {
		t.Errorf("datasets %q, %d chunks", d, both.Matrix.Chunks)
	}
	if m, err := imatrix.Read(second.Output + ".at_2"); err != nil || m.Chunks != 6 {
		t.Errorf("the copy after 2 chunks: %v", err)
	}
	other := testgguf.Encoder(3, testgguf.PoolingMean).Write(t, "encoder.gguf")
	second.Output = filepath.Join(folder, "three.gguf")
	if _, err := run(t, context.Background(), other, second); !errors.Is(err, chat.ErrUnsupported) {
		t.Errorf("an encoder: %v", err)
	}
	wide := testgguf.Quantizable(3).Write(t, "wide.gguf")
	if _, err := run(t, context.Background(), wide, second); err == nil || !strings.Contains(err.Error(), "it is of another model") {
		t.Errorf("a matrix of another model: %v", err)
	}
}

func TestBadInput(t *testing.T) {
	model := testgguf.Decoder(3).Write(t, "decoder.gguf")
	folder := t.TempDir()
	exists := filepath.Join(folder, "there")
	if err := os.WriteFile(exists, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	text := readTestText(t)
	for name, c := range map[string]struct {
		o    pass.Options
		is   error
		want string
	}{
		"empty":        {pass.Options{Dataset: "x", Text: " \n\t"}, pass.ErrText, "empty"},
		"short":        {pass.Options{Text: "Too short."}, pass.ErrText, "a chunk takes 32; give a longer text"},
		"all left out": {pass.Options{Text: text, Skip: 1000}, pass.ErrText, "left out"},
		"zero bytes":   {pass.Options{Text: text + "\x00"}, pass.ErrText, "binary"},
		"no UTF-8":     {pass.Options{Text: strings.Repeat("\xff\xfe\xfa abc", 100)}, pass.ErrText, "no UTF-8"},
		"exists":       {pass.Options{Text: text, Output: exists}, fs.ErrExist, "there"},
		"no folder":    {pass.Options{Text: text, Output: filepath.Join(folder, "no", "out")}, fs.ErrNotExist, "nothing can be written"},
		"no matrix":    {pass.Options{Text: text, Merge: []string{model}}, imatrix.ErrInvalid, "this is a model"},
		"chunks":       {pass.Options{Text: text, Chunks: -1}, nil, "negative"},
	} {
		if c.o.Output == "" {
			c.o.Output = filepath.Join(folder, "out")
		}
		_, err := run(t, context.Background(), model, c.o)
		if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := pass.Run(context.Background(), model, load, pass.Options{Text: text, ChunkSize: 8, Output: filepath.Join(folder, "out")}); err == nil {
		t.Error("chunks of 8 tokens, which nothing is collected of, were taken")
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("files were left behind: %v", entries)
	}
}
