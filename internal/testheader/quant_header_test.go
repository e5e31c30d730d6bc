package testheader

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama/reference"
	"github.com/seed-f87006eb/llm/quant"
)

// TestHeaders: what else the size of the header depends on.
func TestHeaders(t *testing.T) {
	for what, change := range map[string]func(f *testgguf.File){
		"zero bytes in texts": func(f *testgguf.File) {
			f.Set("general.name", "a name\x00 and more")
			f.Set("some.texts", []string{"", "\x00", "one\x00two", "three"})
			f.Set("some.\x00key", uint32(1))
		},
		"numbers of all sizes": func(f *testgguf.File) {
			f.Set("some.uint8", uint8(1))
			f.Set("some.bool", true)
			f.Set("some.int16", int16(-1))
			f.Set("some.float64", 0.5)
			f.Set("some.bools", []bool{true, false, true})
			f.Set("some.int64s", []int64{1, 2})
			f.Set("some.nothing", []int32{})
		},
		"keys that the quantizer sets": func(f *testgguf.File) {
			f.Set("general.file_type", uint32(1024))
			f.Set("general.quantization_version", uint64(1))
			f.Set("quantize.imatrix.file", "an older and longer name of a file")
			f.Set("quantize.imatrix.chunks_count", uint8(1))
		},
		"keys of a part": func(f *testgguf.File) {
			f.Set("split.no", uint16(0))
			f.Set("split.count", uint16(1))
			f.Set("split.tensors.count", int32(75))
		},
		"a shape that ends in ones": func(f *testgguf.File) {
			f.Add("blk.0.some.weight", make([]float32, 256), 256, 1, 1)
			f.Add("blk.0.other.weight", make([]float32, 512), 256, 2, 1)
			f.Add("abcde", make([]float32, 512), 256, 2)
			f.Add("blk. 1.odd.weight", make([]float32, 512), 256, 2)
			f.Add("one", make([]float32, 1))
		},
		"three dimensions": func(f *testgguf.File) {
			f.Add("blk.0.ffn_up_exps.weight", make([]float32, 1024), 256, 2, 2)
		},
	} {
		f := testgguf.Quantizable(3)
		change(f)
		path := f.Write(t, "model.gguf")
		_, s := open(t, path)
		for _, o := range []quant.Options{
			{FileType: quant.Q4_K_M}, {FileType: quant.Q8_0, Imatrix: &quant.Imatrix{File: "new"}}, {FileType: quant.F32}, {FileType: quant.F16, Copy: true},
			{FileType: quant.MXFP4_MOE},
		} {
			if err := written(t, path, s, o); err != nil {
				t.Errorf("%s, %s: %v", what, name(o), err)
			}
		}
	}
}

// TestFileTypeOfAnotherKind: a key that the engine's reader refuses.
func TestFileTypeOfAnotherKind(t *testing.T) {
	path := testgguf.Quantizable(3).Set("general.file_type", "none").Write(t, "model.gguf")
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := quant.Read(f); !errors.Is(err, quant.ErrSource) {
		t.Error(err)
	}
	if err := reference.QuantizeFile(path, filepath.Join(t.TempDir(), "out.gguf"), reference.QuantizeRun{Output: -1, Embedding: -1}); err == nil {
		t.Error("the engine takes it")
	}
}

// TestOtherAlignment: the quantizer writes a damaged file, of the size that is said, and the
// recipe warns of it.
func TestOtherAlignment(t *testing.T) {
	f := testgguf.Quantizable(4)
	f.Alignment = 64
	path := f.Write(t, "model.gguf")
	_, s := open(t, path)
	r, err := s.Recipe(quant.Options{FileType: quant.Q4_0})
	if err != nil || len(r.Problems) == 0 || !strings.Contains(r.Problems[0], "64") {
		t.Fatalf("%v, %v", r, err)
	}
	out := filepath.Join(t.TempDir(), "out.gguf")
	if err := reference.QuantizeFile(path, out, reference.QuantizeRun{FileType: int32(quant.Q4_0), Output: -1, Embedding: -1}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(out)
	if err != nil || info.Size() != r.Size {
		t.Errorf("%v, %v; ours says %d", info.Size(), err, r.Size)
	}
	if err := reference.OpenGGUF(out); err == nil {
		t.Error("the engine reads what it wrote")
	}
}

// TestSplit: of a model in several files the quantizer makes one.
func TestSplit(t *testing.T) {
	whole, err := gguf.Open(testgguf.Quantizable(5).Write(t, "whole.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	parts, err := whole.Split(gguf.SplitOptions{MaxTensors: 30})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	var outputs []gguf.Output
	for i, p := range parts {
		outputs = append(outputs, gguf.Output{Path: filepath.Join(folder, fmt.Sprintf("model-%05d-of-%05d.gguf", i+1, len(parts))), Content: p})
	}
	if err := gguf.Create(t.Context(), outputs, false, nil); err != nil {
		t.Fatal(err)
	}
	_, s := open(t, outputs[0].Path)
	if len(parts) < 2 {
		t.Fatalf("%d parts", len(parts))
	}
	if err := written(t, outputs[0].Path, s, quant.Options{FileType: quant.Q4_K_M}); err != nil {
		t.Error(err)
	}
	if err := os.Remove(outputs[1].Path); err != nil {
		t.Fatal(err)
	}
	if _, err := gguf.Open(outputs[0].Path); err == nil {
		t.Error("a model without one of its parts is read")
	}
}

// TestPatterns: what we take of regular expressions the engine's take as well, and both find
// the same.
func TestPatterns(t *testing.T) {
	names := []string{
		"", "blk.0.attn_v.weight", "blk.13.attn_k.weight", "output.weight", "token_embd.weight", "blk.2.ffn_up_exps.weight", "a-b/c_d", "aab", "ab",
	}
	for _, pattern := range []string{
		"attn_v", `\.(\d*[13579])\.attn_k`, `blk\.[0-3]\.ffn_(up|gate)`, `^output\.weight$`, `blk\.\d{2}\.`, "a{2}", "a{1,2}b", "a{2,}b", "a{0}b",
		"ffn_(?:up|down)_exps?", "[^a-z]attn", "(a|)b", "|", "()", "(^a|b$)", `\bb\b`, `\Bb`, `[\d\w]+`, `[.]`, `[a.\]]`, `[\-]`, `\-`, `\/`, "a+?b", "a*?", "a??b",
		"a{1,2}?b", ".", "...", "a.b", `\S+\s*\W`, "^", "$", "^$", "x*", "(ab)+", "(a(b(c)))?", "w|v", `[a-z0-9_]+\.weight`, "-", "=", ",", `\{`, "[{}()]",
	} {
		o, err := quant.NewOverride(pattern, gguf.Q8_0)
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
			continue
		}
		for _, name := range names {
			want, ok := reference.Finds(pattern, name)
			if got := o.Finds(name); !ok || got != want {
				t.Errorf("%q in %q: ours %v; the engine %v, takes it %v", pattern, name, got, want, ok)
			}
		}
	}
}

// TestPublished: what is noted of quality is what the page of the engine has.
func TestPublished(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(testmodel.Root(), "third_party", "llama.cpp", "tools", "perplexity", "README.md"))
	if err != nil {
		t.Fatalf("%v; get it with: make native", err)
	}
	_, table, _ := strings.Cut(string(page), "LLaMA 3 8b Scoreboard")
	table, _, _ = strings.Cut(table, "\n## ")
	found := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 8 {
			continue
		}
		fileType, err := quant.ParseFileType(strings.TrimSpace(cells[1]))
		matrix := strings.TrimSpace(cells[2])
		if err != nil || matrix != "None" && matrix != "WT 10m" {
			continue
		}
		var perplexity, more, divergence float64
		fmt.Sscan(cells[4], &perplexity)
		fmt.Sscan(cells[5], &more)
		fmt.Sscan(cells[6], &divergence)
		q, ok := quant.Published(fileType, matrix != "None")
		if ratio := perplexity / (perplexity - more); !ok || q.Divergence != divergence || q.Perplexity < ratio-1e-6 || q.Perplexity > ratio+1e-6 {
			t.Errorf("%s: %+v; the page has %v and %v", strings.TrimSpace(line), q, ratio, divergence)
		}
		found++
	}
	if found < 30 {
		t.Errorf("%d rows are of file types", found)
	}
}
