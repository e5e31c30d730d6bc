package gguf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

func validate(t testing.TB, f *gguf.File, err error) []gguf.Problem {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := f.Validate()
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

func readBytes(b []byte) (*gguf.File, error) { return gguf.Read(bytes.NewReader(b), int64(len(b))) }

// TestGoodModels: nothing is wrong with real models, nor with those that the tests make.
func TestGoodModels(t *testing.T) {
	for _, path := range []string{testmodel.SmolLM2(t), testmodel.Gemma3(t)} {
		f, err := gguf.Open(path)
		begin := time.Now()
		if problems := validate(t, f, err); len(problems) > 0 {
			t.Errorf("%s: %v", path, problems)
		}
		took := time.Since(begin)
		t.Logf("%s: %v", filepath.Base(path), took)
		if took > 2*time.Second {
			t.Errorf("%s took %v", path, took)
		}
		if err := errors.Join(f.Check(), f.Close()); err != nil {
			t.Error(err)
		}
	}
	header := testgguf.ReadHeader(t, testmodel.SmolLM2(t))
	for name, file := range map[string]*testgguf.File{
		"decoder": testgguf.Decoder(1), "windowed": testgguf.Windowed(1), "mixture": testgguf.Mixture(1), "pairs": testgguf.BytePairs(1),
		"recurrent": testgguf.Recurrent(1), "encoder": testgguf.Encoder(1, testgguf.PoolingMean), "ranker": testgguf.Encoder(1, testgguf.PoolingRank),
		"encoder-decoder": testgguf.EncoderDecoder(1), "LoRA": testgguf.LoRA(t, header, 1, false), "control vector": testgguf.ControlVector("llama", 576, 30, 1),
		"projector": testgguf.Projector(), "vocabulary": testgguf.VocabularyOnly(), "no tensors": testgguf.NoTensors(), "nothing": {},
	} {
		f, err := readBytes(file.Bytes())
		if problems := validate(t, f, err); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// problem is what a change of the decoder leads to.
type problem struct {
	name   string
	change func(*testgguf.File)
	about  string // key or tensor
	says   string
}

func set(key string, value any) func(*testgguf.File) {
	return func(f *testgguf.File) { f.Set(key, value) }
}

var problems = []problem{
	{"key twice", func(f *testgguf.File) { f.Append("general.name", "x") }, "general.name", "it is there twice"},
	{"key without a name", set("", "x"), "", "a key without a name"},
	{"key that is not UTF-8", set("a\xff", "x"), "a\xff", "its name is not UTF-8"},
	{"nested arrays", set("a", []any{[]uint8{1}}), "a", "arrays in arrays are not read"},
	{"alignment 3", set("general.alignment", uint32(3)), "general.alignment", "3 bytes is no power of two"},
	{"alignment as text", set("general.alignment", "32"), "general.alignment", "it is of the type str, not u32"},
	{"alignment 2", func(f *testgguf.File) { f.Set("general.alignment", uint32(2)).Set("x", "a").Pack(2) }, "token_embd.weight", "the engine needs a multiple of 32 (general.alignment is 2)"},
	{"architecture", set("general.architecture", uint32(1)), "general.architecture", "it is of the type u32, not a text"},
	{"unknown architecture", set("general.architecture", "quill"), "general.architecture", `the architecture "quill" is not known`},
	{"tensor twice", func(f *testgguf.File) { f.Rename("blk.0.attn_k.weight", "blk.0.attn_v.weight") }, "blk.0.attn_v.weight", "two tensors of this name"},
	{"long name", func(f *testgguf.File) { f.Rename("output.weight", strings.Repeat("n", 64)) }, strings.Repeat("n", 64), "its name has 64 bytes; the limit is 63"},
	{"unknown type", func(f *testgguf.File) { f.Retype("output.weight", 77, 64) }, "output.weight", "its type 77 is not known"},
	{"half a block", func(f *testgguf.File) { f.Retype("output.weight", 12, 64) }, "output.weight", "are not whole blocks of 256 (Q4_K)"},
	{"zero", func(f *testgguf.File) { f.Reshape("output.weight", 0, 2) }, "output.weight", "its dimensions [0 2] have a zero"},
	{"large", func(f *testgguf.File) { f.Reshape("output.weight", 1<<40, 1<<40) }, "output.weight", "a product that is too large"},
	{"moved", func(f *testgguf.File) { f.Shift("output.weight", 32) }, "output.weight", "where those before it end"},
	{"norm of F16", func(f *testgguf.File) { f.Retype("output_norm.weight", 1, 128) }, "output_norm.weight", "the engine needs F32 for it, not F16"},
	{"weights of integers", func(f *testgguf.File) { f.Retype("output.weight", 24, 23872) }, "output.weight", "cannot compute with weights of I8"},
	{"no layers", set("llama.block_count", uint32(0)), "llama.block_count", "it is 0, must be 1 to 512"},
	{"epsilon", set("llama.attention.layer_norm_rms_epsilon", float32(math.NaN())), "llama.attention.layer_norm_rms_epsilon", "negative or not a number: NaN"},
	{"experts", set("llama.expert_count", uint32(8)), "llama.expert_used_count", "is missing"},
	{"RoPE scaling", set("llama.rope.scaling.type", "su"), "llama.rope.scaling.type", `it is "su", must be none, linear, yarn or longrope`},
	{"heads", set("llama.attention.head_count_kv", uint32(3)), "llama.attention.head_count_kv", "4 heads cannot share 3 heads of keys (layer 0)"},
	{"lengths", set("llama.attention.value_length", uint32(8)), "llama.attention.key_length", "keys of 16 and values of 8"},
	{"no tokenizer", func(f *testgguf.File) { f.Remove("tokenizer.ggml.model") }, "tokenizer.ggml.model", "does not say how text becomes tokens"},
	{"tokenizer", set("tokenizer.ggml.model", "x"), "tokenizer.ggml.model", `the tokenizer "x" is not known`},
	{"no tokens", set("tokenizer.ggml.tokens", []string{}), "tokenizer.ggml.tokens", "the vocabulary is empty"},
	{"scores", set("tokenizer.ggml.scores", []float32{1}), "tokenizer.ggml.scores", "it has 1 elements for 373 tokens"},
	{"token twice", func(f *testgguf.File) { tokens(f)[9] = "<s>" }, "tokenizer.ggml.tokens", `tokens 1 and 9 are the same to the engine: "<s>"`},
	{"token with NUL", func(f *testgguf.File) { tokens(f)[9] = "<s>\x00x" }, "tokenizer.ggml.tokens", `tokens 1 and 9 are the same to the engine: "<s>"`},
	{"empty token", func(f *testgguf.File) { t := tokens(f); t[300], t[301] = "", "[EMPTY_300]" }, "tokenizer.ggml.tokens", "tokens 301 and 300 are the same"},
	{"no bytes", func(f *testgguf.File) {
		for i := range 256 {
			tokens(f)[3+i] += "x"
		}
	}, "tokenizer.ggml.tokens", "there are no tokens for single bytes"},
	{"no BOS", func(f *testgguf.File) {
		f.Set("tokenizer.ggml.model", "gemma4").Set("tokenizer.ggml.bos_token_id", uint32(1<<20))
	},
		"tokenizer.ggml.bos_token_id", "none that begins a text"},
	{"no merges", set("tokenizer.ggml.model", "gpt2"), "tokenizer.ggml.merges", "the file does not have it"},
	{"charsmap", func(f *testgguf.File) {
		f.Set("tokenizer.ggml.model", "t5").Set("tokenizer.ggml.precompiled_charsmap", []uint8{4, 0, 0, 0, 1, 1, 1, 1, 65})
	},
		"tokenizer.ggml.precompiled_charsmap", "its last text has no end"},
	{"template", set("tokenizer.chat_template", "{{ range(1000000000) }}"), "tokenizer.chat_template", "the chat template counts to 1000000000"},
	{"large template", set("tokenizer.chat_template.x", strings.Repeat(" ", 1<<20)), "tokenizer.chat_template.x", "has 1048576 bytes; the limit is 524288"},
	{"many keys", func(f *testgguf.File) {
		for i := range 10_000 {
			f.Append(fmt.Sprint(i), true)
		}
	}, "", "the limits are 10000 and 50000"},
}

// tokens is a vocabulary that can be changed.
func tokens(f *testgguf.File) []string {
	own := slices.Clone(f.Value("tokenizer.ggml.tokens").([]string))
	f.Set("tokenizer.ggml.tokens", own)
	return own
}

func TestProblems(t *testing.T) {
	for _, c := range problems {
		t.Run(c.name, func(t *testing.T) {
			made := testgguf.Decoder(1)
			c.change(made)
			file := made.Bytes()
			f, err := readBytes(file)
			found := validate(t, f, err)
			var bad *gguf.InvalidError
			if err := f.Check(); !errors.As(err, &bad) || !errors.Is(err, gguf.ErrInvalid) {
				t.Fatalf("%v, %v", err, found)
			}
			p := bad.First
			if p.Level != gguf.Error || p.Key+p.Tensor != c.about || !strings.Contains(p.What, c.says) || p.Remedy == "" {
				t.Errorf("%+v", p)
			}
			if p.Tensor != "" && !bytes.HasPrefix(file[p.Offset:], binary.LittleEndian.AppendUint64(nil, uint64(len(p.Tensor)))) {
				t.Errorf("its row is not at byte %d", p.Offset)
			}
			if v, ok := f.Lookup(p.Key); p.Key != "" && ok && p.Offset == 0 && v.Offset != 0 {
				t.Errorf("%v has no place", p)
			}
			if strings.ContainsFunc(p.String(), func(r rune) bool { return r < ' ' || r == 0xfffd }) {
				t.Errorf("%q is not for a terminal", p.String())
			}
		})
	}
}

// TestWarnings: what loads and is not well.
func TestWarnings(t *testing.T) {
	for _, c := range []problem{
		{"id", set("tokenizer.ggml.eot_token_id", uint32(9999)), "tokenizer.ggml.eot_token_id", "token 9999 is not in the vocabulary of 373: it is ignored"},
		{"empty token", func(f *testgguf.File) { tokens(f)[300] = "" }, "tokenizer.ggml.tokens", "1 tokens are empty"},
		{"template", set("tokenizer.chat_template", uint32(1)), "tokenizer.chat_template", "is of the type u32, not a text"},
		{"pre-tokenizer", func(f *testgguf.File) { *f = *testgguf.BytePairs(1).Remove("tokenizer.ggml.pre") }, "tokenizer.ggml.pre", "does not say how text is split"},
		{"rows", func(f *testgguf.File) { f.Reshape("output.weight", 373, 64) }, "tokenizer.ggml.tokens", "has 373 tokens, and output.weight has 64 rows"},
	} {
		made := testgguf.Decoder(1)
		c.change(made)
		f, err := readBytes(made.Bytes())
		found := validate(t, f, err)
		if !slices.ContainsFunc(found, func(p gguf.Problem) bool {
			return p.Level == gguf.Warning && p.Key == c.about && strings.Contains(p.What, c.says)
		}) || f.Check() != nil {
			t.Errorf("%s: %v", c.name, found)
		}
	}
}

// TestCutShort: a download that was not finished says how much is missing.
func TestCutShort(t *testing.T) {
	b := testgguf.Decoder(1).Bytes()
	f, err := readBytes(b[:len(b)-1000])
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("the file is incomplete: 1000 of its %d bytes are missing; fetch the file again", len(b))
	if err := f.Check(); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if problems, err := f.ValidateVocabulary(); err != nil || len(problems) > 0 {
		t.Errorf("the vocabulary is whole: %v, %v", problems, err)
	}
}

// TestLargeTables: headers of a million rows are looked at once.
func TestLargeTables(t *testing.T) {
	var keys, tensors bytes.Buffer
	keys.Write(start(0, 500_000))
	tensors.Write(start(500_000, 0))
	for range 500_000 {
		keys.Write(file(text("k"), gguf.Uint8, uint8(1)))
		tensors.Write(file(text("t"), uint32(1), uint64(0), gguf.F32, uint64(7)))
	}
	for _, b := range [][]byte{keys.Bytes(), tensors.Bytes()} {
		f, err := readBytes(b)
		begin := time.Now()
		found := validate(t, f, err)
		if took := time.Since(begin); len(found) == 0 || len(found) > 200 || took > 10*time.Second {
			t.Errorf("%d problems after %v", len(found), took)
		}
	}
}

// TestParts: a problem names the file that it is in.
func TestParts(t *testing.T) {
	part := func(no int) *testgguf.File {
		f := &testgguf.File{}
		f.Set("general.architecture", "llama").Set("split.no", uint16(no)).Set("split.count", uint16(2)).Set("split.tensors.count", int32(2))
		return f.Add("blk.0.attn_norm.weight", make([]float32, 8), 8).Append("a key", "x")
	}
	dir := t.TempDir()
	for i, f := range []*testgguf.File{part(0), part(1).Append("a key", "y")} {
		if err := os.WriteFile(filepath.Join(dir, gguf.PartName("m", i, 2)), f.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := gguf.Open(filepath.Join(dir, gguf.PartName("m", 0, 2)))
	found := validate(t, f, err)
	defer f.Close()
	if len(found) != 2 || found[0].Part != "m-00002-of-00002.gguf" || found[0].Key != "a key" || found[1].Part != found[0].Part ||
		!strings.Contains(found[1].What, "two tensors") {
		t.Errorf("%v", found)
	}
}
