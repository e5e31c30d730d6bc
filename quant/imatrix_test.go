package quant_test

import (
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/quant"
)

// TestCheckImatrix: an entry has the numbers of a row for each expert; the embeddings do
// without, unless their type does not.
func TestCheckImatrix(t *testing.T) {
	s, err := quant.NewSource(quant.Shape{Architecture: "llama", Layers: 1, Experts: 4}, []gguf.Tensor{
		{Name: "token_embd.weight", Type: gguf.F16, Dims: []uint64{256, 8}},
		{Name: "blk.0.attn_q.weight", Type: gguf.F16, Dims: []uint64{256, 256}},
		{Name: "blk.0.attn_norm.weight", Type: gguf.F32, Dims: []uint64{256}},
		{Name: "blk.0.ffn_up_exps.weight", Type: gguf.F16, Dims: []uint64{256, 256, 4}},
	})
	if err != nil {
		t.Fatal(err)
	}
	whole := map[string]int{"blk.0.attn_q.weight": 256, "blk.0.ffn_up_exps.weight": 1024, "token_embd.weight": 256}
	without := func(name string, n int) map[string]int {
		m := map[string]int{}
		for k, v := range whole {
			m[k] = v
		}
		if m[name] = n; n == 0 {
			delete(m, name)
		}
		return m
	}
	xxs := gguf.IQ2_XXS
	for _, c := range []struct {
		what     string
		o        quant.Options
		entries  map[string]int
		used     int
		problems string
	}{
		{"whole", quant.Options{FileType: quant.IQ2_XXS}, whole, 3, ""},
		{"of fewer experts", quant.Options{FileType: quant.IQ2_XXS}, without("blk.0.ffn_up_exps.weight", 512), 2, `tensor "blk.0.ffn_up_exps.weight": the importance matrix has 512 numbers for it, and it takes 1024`},
		{"nothing where it is needed", quant.Options{FileType: quant.IQ2_XXS}, without("blk.0.attn_q.weight", 0), 2, `tensor "blk.0.attn_q.weight": IQ2_XXS is not made without`},
		{"nothing where it helps", quant.Options{FileType: quant.Q4_K_M}, without("blk.0.attn_q.weight", 0), 2, ""},
		{"other embeddings", quant.Options{FileType: quant.Q4_K_M}, without("token_embd.weight", 77), 2, ""},
		{"embeddings that need it", quant.Options{FileType: quant.Q4_K_M, Embedding: &xxs}, without("token_embd.weight", 77), 2, `tensor "token_embd.weight": IQ2_XXS is not made without`},
		{"nothing is quantized", quant.Options{FileType: quant.F16}, nil, 0, ""},
	} {
		c.o.Imatrix = &quant.Imatrix{}
		r, err := s.Recipe(c.o)
		if err != nil {
			t.Fatal(err)
		}
		used, problems := r.CheckImatrix(func(name string) (int, bool) { n, ok := c.entries[name]; return n, ok })
		if got := strings.Join(problems, "; "); used != c.used || !strings.HasPrefix(got, c.problems) || (got == "") != (c.problems == "") {
			t.Errorf("%s: %d used, %s", c.what, used, got)
		}
	}
}
