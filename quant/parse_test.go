package quant

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
)

// overrides to parse, with a name that the pattern finds and one that it does not; "": an
// error.
var overrides = []struct{ text, finds, not string }{
	{"attn_v=q8_0", "blk.0.attn_v.weight", "blk.0.attn_q.weight"},
	{"ATTN_V=Q8_0", "blk.0.attn_v.weight", "blk.0.ATTN_V.weight"},
	{`\.(\d*[13579])\.attn_k=q5_k`, "blk.13.attn_k.weight", "blk.12.attn_k.weight"},
	{`blk\.[0-3]\.ffn_(up|gate)=iq3_s`, "blk.2.ffn_gate.weight", "blk.2.ffn_down.weight"},
	{`^output\.weight$=f16`, "output.weight", "blk.0.attn_output.weight"},
	{`blk\.\d{2}\.=tq2_0`, "blk.10.ffn_up.weight", "blk.1.ffn_up.weight"},
	{`ffn_(?:up|down)_exps?=mxfp4`, "blk.1.ffn_up_exps.weight", "blk.1.ffn_gate_exps.weight"},
	{`[^a-z]attn=q4_0`, "blk.0.attn_q.weight", "blk.xattn"},
	{"a=b=q8_0", "", ""}, {"", "", ""}, {"=", "", ""}, {"=q8_0", "", ""}, {"attn_v=", "", ""}, {"attn_v", "", ""},
	{"attn_v=q9_0", "", ""}, {"attn_v=i32", "", ""}, {"attn_v=q8_1", "", ""}, {"attn_v=q8_0 ", "", ""},
	{"(=q8_0", "", ""}, {")=q8_0", "", ""}, {"[=q8_0", "", ""}, {"[]=q8_0", "", ""}, {"]=q8_0", "", ""}, {"{=q8_0", "", ""}, {"}=q8_0", "", ""},
	{`\=q8_0`, "", ""}, {"*=q8_0", "", ""}, {"a**=q8_0", "", ""}, {"a{2=q8_0", "", ""}, {"a{3,2}=q8_0", "", ""}, {"a{9999}=q8_0", "", ""},
	{"(?i)a=q8_0", "", ""}, {"(?!b)a=q8_0", "", ""}, {`(a)\1=q8_0`, "", ""}, {`\pL=q8_0`, "", ""}, {`\Qa\E=q8_0`, "", ""}, {"[[:alpha:]]=q8_0", "", ""},
	{"[z-a]=q8_0", "", ""}, {"[a-]=q8_0", "", ""}, {"^*=q8_0", "", ""}, {"größe=q8_0", "", ""}, {"a\nb=q8_0", "", ""}, {"a\xff=q8_0", "", ""},
	{strings.Repeat("a", 1025) + "=q8_0", "", ""}, {strings.Repeat("(", 1024) + "=q8_0", "", ""},
}

func TestParseOverride(t *testing.T) {
	for _, c := range overrides {
		o, err := ParseOverride(c.text)
		switch {
		case c.finds == "":
			if !errors.Is(err, ErrPattern) {
				t.Errorf("%q: %+v, %v", c.text, o, err)
			}
		case err != nil:
			t.Errorf("%q: %v", c.text, err)
		case !o.Finds(c.finds) || o.Finds(c.not):
			t.Errorf("%q: finds %v, %v", c.text, o.Finds(c.finds), o.Finds(c.not))
		}
	}
}

func TestParseOverrides(t *testing.T) {
	list, err := ParseOverrides("attn_v=q8_0\n\tattn_k=q4_0  \n")
	if err != nil || len(list) != 2 || list[1].Type != gguf.Q4_0 {
		t.Errorf("%v, %v", list, err)
	}
	if list, err := ParseOverrides(" \n"); err != nil || len(list) != 0 {
		t.Errorf("nothing: %v, %v", list, err)
	}
	if _, err := ParseOverrides("attn_v=q8_0 attn_k"); !errors.Is(err, ErrPattern) {
		t.Error(err)
	}
	if _, err := NewOverride("attn_v", gguf.I8); !errors.Is(err, ErrPattern) {
		t.Error(err)
	}
}

// TestOverridesByOrder: the first that matches counts, and the embeddings of each layer
// follow the type of the embeddings unless they are named.
func TestOverridesByOrder(t *testing.T) {
	list, err := ParseOverrides("attn_v=q8_0 attn_.=q4_0")
	if err != nil {
		t.Fatal(err)
	}
	named, err := ParseOverride("per_layer=q5_0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSource(Shape{Architecture: "gemma3n", Layers: 1}, []gguf.Tensor{
		tensor("token_embd.weight", gguf.F16, 256, 256), tensor("per_layer_token_embd.weight", gguf.F16, 256, 256),
		tensor("blk.0.attn_v.weight", gguf.F16, 256, 256), tensor("blk.0.attn_q.weight", gguf.F16, 256, 256),
		tensor("blk.0.ffn_up.weight", gguf.F16, 256, 256),
	})
	if err != nil {
		t.Fatal(err)
	}
	six := gguf.Q6_K
	for _, c := range []struct {
		overrides []Override
		want      map[string]gguf.TensorType
	}{
		{list, map[string]gguf.TensorType{
			"blk.0.attn_v.weight": gguf.Q8_0, "blk.0.attn_q.weight": gguf.Q4_0, "blk.0.ffn_up.weight": gguf.Q5_K,
			"per_layer_token_embd.weight": gguf.Q6_K, "token_embd.weight": gguf.Q6_K,
		}},
		{append(list, named), map[string]gguf.TensorType{"per_layer_token_embd.weight": gguf.Q5_0, "token_embd.weight": gguf.Q6_K}},
	} {
		r, err := s.Recipe(Options{FileType: Q5_K_S, Overrides: c.overrides, Embedding: &six})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range r.Tensors {
			if want, ok := c.want[x.Name]; ok && x.To != want {
				t.Errorf("%s is %v, not %v", x.Name, x.To, want)
			}
		}
	}
}

// FuzzNames: no name and no pattern leads to more than an error, and what is read means
// something.
func FuzzNames(f *testing.F) {
	for _, c := range fileTypeNames {
		f.Add(c.name)
	}
	for _, c := range overrides {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := ParseFileType(text); err == nil {
			if _, ok := Lookup(got); !ok {
				t.Errorf("%q is the file type %d", text, got)
			}
		}
		if got, err := ParseTensorType(text); err == nil && !strings.EqualFold(got.String(), text) {
			t.Errorf("%q is the type %v", text, got)
		}
		o, err := ParseOverride(text)
		if err != nil {
			if !errors.Is(err, ErrPattern) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if !row(o.Type).Writable || o.Pattern == "" {
			t.Errorf("%q: %+v", text, o)
		}
		o.Finds("blk.12.ffn_down_exps.weight")
		if again, err := ParseOverride(o.Pattern + "=" + o.Type.String()); err != nil || again.Pattern != o.Pattern {
			t.Errorf("%q: its pattern %q is %v, %v", text, o.Pattern, again.Pattern, err)
		}
	})
}
