package quant

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
)

var fileTypeNames = []struct {
	name string
	want gguf.FileType // -1: an error
}{
	{"Q4_K_M", Q4_K_M}, {"q4_k_m", Q4_K_M}, {"Q4_K", Q4_K_M}, {"q3_k", Q3_K_M}, {"Q5_k", Q5_K_M},
	{"F32", F32}, {"0", F32}, {"15", Q4_K_M}, {"41", Q2_0}, {"mxfp4_moe", MXFP4_MOE}, {"iq1_s", IQ1_S},
	{"", -1}, {" ", -1}, {"Q4", -1}, {"Q4_K_M ", -1}, {"COPY", -1}, {"NVFP4", -1}, {"39", -1}, {"4", -1}, {"-1", -1},
	{"99999999999999999999", -1}, {"15x", -1}, {"+15", -1}, {"all F32", -1}, {"Q4_K_M\x00", -1}, {"１５", -1},
}

func TestParseFileType(t *testing.T) {
	for _, c := range fileTypeNames {
		got, err := ParseFileType(c.name)
		if c.want < 0 {
			if err == nil {
				t.Errorf("%q is %v", c.name, got)
			} else if !strings.Contains(err.Error(), gguf.Quote(c.name)) {
				t.Errorf("%q: the error does not name it: %v", c.name, err)
			}
		} else if err != nil || got != c.want {
			t.Errorf("%q: %v, %v", c.name, got, err)
		}
	}
}

// TestFileTypesAreWhole: each has a name that is read back, a type of tensors with a size and
// a description, and the number that gguf knows under this name.
func TestFileTypesAreWhole(t *testing.T) {
	for _, row := range FileTypes() {
		for _, name := range append([]string{row.Name}, row.Aliases...) {
			if got, err := ParseFileType(name); err != nil || got != row.Number {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		}
		if row.Number.Short() != row.Name || !row.Most.Known() || row.Description == "" {
			t.Errorf("%+v; gguf calls it %s", row, row.Number.Short())
		}
	}
}

// TestTensorTypesAreWhole: all that gguf knows, each once, and only they.
func TestTensorTypesAreWhole(t *testing.T) {
	seen := map[gguf.TensorType]bool{}
	for _, row := range TensorTypes() {
		if seen[row.TensorType] || !row.Known() || row.Description == "" {
			t.Errorf("%+v", row)
		}
		seen[row.TensorType] = true
		got, err := ParseTensorType(strings.ToLower(row.String()))
		if row.Writable != (err == nil) || err == nil && got != row.TensorType {
			t.Errorf("%v: %v, %v", row, got, err)
		}
	}
	for i := range gguf.TensorType(100) {
		if i.Known() != seen[i] {
			t.Errorf("%v: known %v, listed %v", i, i.Known(), seen[i])
		}
	}
	if got := BitsPerWeight(gguf.Q4_K); got != 4.5 {
		t.Errorf("Q4_K has %v bits", got)
	}
	if got := BitsPerWeight(gguf.TensorType(4)); got != 0 {
		t.Errorf("a type that is unknown has %v bits", got)
	}
}

func tensor(name string, t gguf.TensorType, dims ...uint64) gguf.Tensor {
	return gguf.Tensor{Name: name, Type: t, Dims: dims}
}

// TestBadSources: tensors of which the quantizer makes nothing.
func TestBadSources(t *testing.T) {
	for what, list := range map[string][]gguf.Tensor{
		"an unknown type":             {tensor("blk.0.attn_q.weight", 5, 256, 256)},
		"a type of later":             {tensor("blk.0.attn_q.weight", 4000000000, 256, 256)},
		"half a block":                {tensor("blk.0.attn_q.weight", gguf.Q4_K, 100, 256)},
		"five dimensions":             {tensor("blk.0.attn_q.weight", gguf.F32, 1, 1, 1, 1, 1)},
		"too many numbers":            {tensor("blk.0.attn_q.weight", gguf.F32, 1<<40, 1<<40)},
		"too many in all":             {tensor("a", gguf.I8, 1<<62), tensor("b", gguf.I8, 1<<62), tensor("c", gguf.I8, 1<<62)},
		"a name twice":                {tensor("a", gguf.F32, 1), tensor("a", gguf.F32, 1)},
		"a name twice for the engine": {tensor("a\x00b", gguf.F32, 1), tensor("a\x00c", gguf.F32, 1)},
		"a long name":                 {tensor(strings.Repeat("a", 64), gguf.F32, 1)},
	} {
		if _, err := NewSource(Shape{Architecture: "llama", Layers: 1}, list); !errors.Is(err, ErrSource) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestProblems: what the quantizer would refuse although it has a type for each tensor.
func TestProblems(t *testing.T) {
	q4 := gguf.Q4_K
	iq := gguf.IQ2_XXS
	for what, c := range map[string]struct {
		tensor  gguf.Tensor
		options Options
		problem string // in its words; empty: there is none
	}{
		"nothing":            {tensor("blk.0.attn_q.weight", gguf.F16, 256, 256), Options{FileType: Q4_K_M}, ""},
		"no numbers":         {tensor("blk.0.attn_q.weight", gguf.F16, 0, 256), Options{FileType: Q4_K_M}, "no numbers"},
		"no numbers, kept":   {tensor("blk.0.attn_norm.weight", gguf.F32, 0), Options{FileType: Q4_K_M}, "no numbers"},
		"no rows":            {tensor("blk.0.attn_q.weight", gguf.F16, 256, 0, 2), Options{FileType: Q4_K_M}, "no numbers"},
		"quantized":          {tensor("blk.0.attn_q.weight", gguf.Q8_0, 256, 256), Options{FileType: Q4_K_M}, "already"},
		"quantized the same": {tensor("blk.0.attn_q.weight", gguf.Q4_K, 256, 256), Options{FileType: Q4_K_M}, ""},
		"quantized, again":   {tensor("blk.0.attn_q.weight", gguf.Q8_0, 256, 256), Options{FileType: Q4_K_M, Requantize: true}, ""},
		"quantized, copied":  {tensor("blk.0.attn_q.weight", gguf.Q8_0, 256, 256), Options{FileType: Q4_K_M, Copy: true}, ""},
		"integers":           {tensor("blk.0.attn_q.weight", gguf.I32, 256, 256), Options{FileType: Q4_K_M}, "from I32"},
		"four dimensions":    {tensor("blk.0.attn_q.weight", gguf.F16, 256, 2, 2, 2), Options{FileType: Q4_K_M}, "four dimensions"},
		"needs a matrix":     {tensor("blk.0.attn_q.weight", gguf.F16, 256, 256), Options{FileType: IQ1_S}, "importance matrix"},
		"has a matrix":       {tensor("blk.0.attn_q.weight", gguf.F16, 256, 256), Options{FileType: IQ1_S, Imatrix: &Imatrix{}}, ""},
		"embeddings, short":  {tensor("token_embd.weight", gguf.F16, 100, 256), Options{FileType: Q4_K_M, Embedding: &q4}, "multiple of 256"},
		"embeddings, matrix": {tensor("token_embd.weight", gguf.F16, 256, 256), Options{FileType: Q4_K_M, Embedding: &iq}, "importance matrix"},
	} {
		s, err := NewSource(Shape{Architecture: "llama", Layers: 1}, []gguf.Tensor{c.tensor})
		if err != nil {
			t.Fatal(what, err)
		}
		r, err := s.Recipe(c.options)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		got := strings.Join(r.Problems, "; ")
		if (c.problem == "") != (got == "") || !strings.Contains(got, c.problem) {
			t.Errorf("%s: %q", what, got)
		}
	}
}

// TestRecipeErrors: where no type can be chosen.
func TestRecipeErrors(t *testing.T) {
	experts := Shape{Architecture: "qwen3moe", Layers: 2, Experts: 16}
	for what, c := range map[string]struct {
		shape Shape
		name  string
		row   uint64
		file  gguf.FileType
	}{
		"a file type that is only read": {Shape{}, "a.weight", 256, 39},
		"a guessed file type":           {Shape{}, "a.weight", 256, Q4_0 | gguf.FileTypeGuessed},
		"a negative file type":          {Shape{}, "a.weight", 256, -1},
		"no type to fall back to":       {Shape{}, "a.weight", 64, Q1_0},
		"experts of no layer":           {experts, "ffn_down.weight", 256, Q4_K_M},
		"experts of a layer too far":    {experts, "blk.2.ffn_up_exps.weight", 256, Q4_K_M},
		"experts of layer -1":           {experts, "blk.-1.ffn_up_exps.weight", 256, Q4_K_M},
	} {
		s, err := NewSource(c.shape, []gguf.Tensor{tensor(c.name, gguf.F16, c.row, 4)})
		if err != nil {
			t.Fatal(what, err)
		}
		if r, err := s.Recipe(Options{FileType: c.file}); err == nil {
			t.Errorf("%s: %+v", what, r)
		}
	}
}

// TestFallback: which type takes the place of another, by the length of rows.
func TestFallback(t *testing.T) {
	for _, c := range []struct {
		file gguf.FileType
		row  uint64
		want gguf.TensorType
	}{
		{Q4_K_S, 256, gguf.Q4_K}, {Q4_K_S, 64, gguf.Q5_0}, {Q4_K_S, 33, gguf.F16},
		{Q5_K_S, 64, gguf.Q5_1}, {Q6_K, 64, gguf.Q8_0}, {Q3_K_S, 64, gguf.Q4_0}, {IQ4_XS, 64, gguf.IQ4_NL},
		{Q2_0, 64, gguf.Q2_0}, {Q2_0, 32, gguf.Q4_0}, {Q8_0, 33, gguf.F16}, {Q4_0, 1, gguf.F16}, {TQ2_0, 96, gguf.Q4_0},
		{F16, 33, gguf.F16}, {Q1_0, 128, gguf.Q1_0},
	} {
		s, err := NewSource(Shape{Architecture: "llama", Layers: 1}, []gguf.Tensor{tensor("a.weight", gguf.F32, c.row, 4)})
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Recipe(Options{FileType: c.file})
		if err != nil || r.Tensors[0].To != c.want {
			t.Errorf("%v, rows of %d: %v, %v; want %v", c.file, c.row, r, err, c.want)
			continue
		}
		if x := &r.Tensors[0]; x.FellBack() != (x.Why() != "") || x.FellBack() != (len(r.Fallbacks()) > 0) {
			t.Errorf("%v, rows of %d: %q", c.file, c.row, x.Why())
		}
	}
}

// TestKept: which tensors stay as they are.
func TestKept(t *testing.T) {
	for name, kept := range map[string]bool{
		"blk.0.attn_q.weight": false, "blk.0.attn_q.bias": true, "output.weight": false, "abcde": false, "abcdef": true,
		"weight": false, "blk.0.attn_norm.weight": true, "position_embd.weight": true, "token_types.weight": true,
		"v.position_embd.weight": true, "blk.0.ffn_gate_inp.weight": true, "blk.0.ffn_gate_inp_shexp.weight": false,
		"blk.0.ssm_conv1d.weight": true, "blk.0.ssm_in.weight": false, "rope_freqs.weight": false, "weights": true,
	} {
		if got := keptBy(name, 2); (got != "") != kept {
			t.Errorf("%s: %q", name, got)
		}
		if keptBy(name, 1) == "" {
			t.Errorf("the vector %s is quantized", name)
		}
	}
}

// TestScanLayer: as sscanf reads the number.
func TestScanLayer(t *testing.T) {
	for name, want := range map[string]int{
		"blk.7.a": 7, "blk.07": 7, "blk. 3.a": 3, "blk.+4": 4, "blk.-2.a": -2, "blk.12x": 12, "blk.4294967297.a": 1,
	} {
		if got, ok := scanLayer(name); !ok || got != want {
			t.Errorf("%q: %d %v", name, got, ok)
		}
	}
	for _, name := range []string{"", "blk", "blk.", "blk.a", "blk.-", "enc.blk.1.a", " blk.1", "blk.+-1"} {
		if got, ok := scanLayer(name); ok || got != -1 {
			t.Errorf("%q: %d %v", name, got, ok)
		}
	}
}

// TestSizesAdd: what a recipe says of its parts is what it says of the whole.
func TestSizesAdd(t *testing.T) {
	s := dense8B.source()
	for _, row := range FileTypes() {
		r, err := s.Recipe(Options{FileType: row.Number, Imatrix: &Imatrix{}})
		if err != nil {
			t.Fatal(err)
		}
		var data, bytes int64
		for _, x := range r.Tensors {
			y := x.Tensor
			y.Type = x.To
			if size, ok := y.Size(); !ok || size != x.Bytes {
				t.Errorf("%s: %s has %d bytes, not %d", row.Name, x.Name, size, x.Bytes)
			}
			data += (x.Bytes + 31) / 32 * 32
			bytes += x.Bytes
		}
		if r.Data != data || math.Abs(r.Bits*float64(s.Elements())/8-float64(bytes)) > 1 {
			t.Errorf("%s: %d bytes, %v bits; its tensors have %d", row.Name, r.Data, r.Bits, bytes)
		}
	}
}

func BenchmarkRecipe(b *testing.B) {
	tensors := dense70B.tensors()
	b.Run("Source", func(b *testing.B) {
		for b.Loop() {
			if _, err := NewSource(dense70B.Shape, tensors); err != nil {
				b.Fatal(err)
			}
		}
	})
	s := dense70B.source()
	b.Run("Recipe", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Recipe(Options{FileType: Q4_K_M}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Levels", func(b *testing.B) {
		for b.Loop() {
			s.Levels()
		}
	})
}

// TestFloatExperts: of MXFP4_MOE, matrices of experts are in floats, and so is whatever has
// three dimensions, but in one architecture.
func TestFloatExperts(t *testing.T) {
	for architecture, latent := range map[string]gguf.TensorType{"deepseek2": gguf.MXFP4, "bailingmoe3": gguf.Q8_0} {
		s, err := NewSource(Shape{Architecture: architecture, Layers: 1, Experts: 4}, []gguf.Tensor{
			tensor("blk.0.attn_k_b.weight", gguf.F16, 128, 512, 32), tensor("blk.0.ffn_up_exps.weight", gguf.F16, 256, 256, 4),
			tensor("blk.0.ffn_up_shexp.weight", gguf.F16, 256, 256), tensor("token_embd.weight", gguf.F16, 256, 16),
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Recipe(Options{FileType: MXFP4_MOE})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]gguf.TensorType{
			"blk.0.attn_k_b.weight": latent, "blk.0.ffn_up_exps.weight": gguf.MXFP4, "blk.0.ffn_up_shexp.weight": gguf.Q8_0,
			"token_embd.weight": gguf.Q8_0,
		}
		for _, x := range r.Tensors {
			if x.To != want[x.Name] {
				t.Errorf("%s: %s is %v, not %v", architecture, x.Name, x.To, want[x.Name])
			}
		}
	}
}
