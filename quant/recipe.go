package quant

import (
	"fmt"

	"github.com/seed-f87006eb/llm/gguf"
)

// Options are what a recipe is for: the options of llama-quantize.
type Options struct {
	FileType gguf.FileType
	Imatrix  *Imatrix // nil: there is none

	Copy       bool // keep every tensor as it is
	Pure       bool // no mixture: one type for all tensors
	KeepOutput bool // leave the output as it is
	Requantize bool // allow tensors that are quantized already

	Output    *gguf.TensorType // of the output; nil: by the mixture
	Embedding *gguf.TensorType // of the token embeddings; nil: by the mixture
	Overrides []Override       // of a tensor the first that matches counts
}

// Recipe is what the quantizer makes of a model.
type Recipe struct {
	FileType gguf.FileType
	Tensors  []Tensor // in the order in which they are written

	Size   int64   // of the file; 0: the source's keys are unknown
	Header int64   // of it, the header with its padding; 0: as Size
	Data   int64   // of it, the tensors with their padding
	Bits   float64 // for each weight, without header and padding

	// Imatrix names the tensors that the quantizer makes with an importance matrix only.
	Imatrix []string
	// Problems are why the quantizer would not make it, or would make it badly.
	Problems []string
}

// Tensor is a tensor with what becomes of it.
type Tensor struct {
	gguf.Tensor                 // as it is
	To          gguf.TensorType // what it becomes
	Wanted      gguf.TensorType // what it was to become, where its rows allowed it
	Kept        string          // why it stays as it is: "a norm", "a vector"; empty: it is quantized
	Bytes       int64           // of its data in the result, without padding
}

// FellBack tells whether the rows of the tensor are no multiple of the block of the type
// that it was to have.
func (t *Tensor) FellBack() bool { return t.To != t.Wanted }

// Why says why a tensor fell back; empty: it did not.
func (t *Tensor) Why() string {
	if !t.FellBack() {
		return ""
	}
	block, _ := t.Wanted.Block()
	return fmt.Sprintf("rows of %d are no multiple of %d, the block of %v: %v instead", dim(&t.Tensor, 0), block, t.Wanted, t.To)
}

// Fallbacks are the tensors that fell back.
func (r *Recipe) Fallbacks() (list []Tensor) {
	for i := range r.Tensors {
		if r.Tensors[i].FellBack() {
			list = append(list, r.Tensors[i])
		}
	}
	return list
}

// Recipe says what the quantizer makes of the model. What it would refuse once the types are
// chosen is in [Recipe.Problems]; errors are where it chooses none: a file type that it does
// not make, a name without the layer's number in a model with experts, rows for which a type
// has no fallback.
func (s *Source) Recipe(o Options) (*Recipe, error) {
	kind, ok := Lookup(o.FileType)
	if !ok {
		return nil, fmt.Errorf("file type %d (%v): the engine does not make it; name one of %s", o.FileType, o.FileType, names())
	}
	m := mixer{
		Source: s, fileType: o.FileType, imatrix: o.Imatrix != nil, output: o.Output, embed: o.Embedding,
		grouped: s.groups() >= 4,
	}
	r := &Recipe{FileType: o.FileType, Tensors: make([]Tensor, len(s.tensors))}
	r.Problems = append(r.Problems, s.notes...)
	bytes := int64(0)
	for i := range s.tensors {
		x, t := &s.tensors[i], &r.Tensors[i]
		*t = Tensor{Tensor: x.Tensor, To: x.Type, Wanted: x.Type, Kept: o.kept(x), Bytes: x.size}
		if t.Kept == "" {
			if err := m.set(t, x, kind.Most, &o); err != nil {
				return nil, err
			}
			if t.To != x.Type {
				t.Bytes = sizeAs(x, t.To)
			}
		}
		r.check(t, &o)
		bytes += t.Bytes
		r.Data += align(t.Bytes)
	}
	if s.elements > 0 {
		r.Bits = 8 * float64(bytes) / float64(s.elements)
	}
	if s.header {
		r.Header = s.headerSize(o.Imatrix)
		r.Size = r.Header + r.Data
	}
	return r, nil
}

// kept says why a tensor is not quantized; empty: it is.
func (o *Options) kept(x *source) string {
	switch {
	case o.Copy:
		return keptCopy
	case x.kept != "":
		return x.kept
	case o.KeepOutput && x.Name == outputName:
		return keptOutput
	}
	return ""
}

// set chooses the type of a tensor that is quantized, of which most have type most:
// llama_tensor_get_type of src/llama-quant.cpp@v0.5.0.
func (m *mixer) set(t *Tensor, x *source, most gguf.TensorType, o *Options) error {
	if to := o.named(x); to != nil {
		t.To, t.Wanted = *to, *to // as they are: the rows are not looked at
		return nil
	}
	t.To, t.Wanted = most, most
	if !most.Quantized() {
		return nil
	}
	override := o.override(x.Name)
	switch {
	case override != nil:
		t.Wanted = override.Type
	case !o.Pure:
		wanted, err := m.choose(x, most)
		if err != nil {
			return err
		}
		t.Wanted = wanted
	}
	to, err := fit(t.Wanted, dim(&x.Tensor, 0))
	if err != nil {
		return fmt.Errorf("tensor %s: %w", gguf.Quote(x.Name), err)
	}
	t.To = to
	return nil
}

// named is the type that Output or Embedding has for a tensor. The embeddings of each layer
// apart follow Embedding, unless an override names them.
func (o *Options) named(x *source) *gguf.TensorType {
	switch {
	case x.category == outputWeight:
		return o.Output
	case x.category != tokenEmbedding || o.Embedding == nil:
		return nil
	case x.Name == layerEmbeddingName && o.override(x.Name) != nil:
		return nil
	}
	return o.Embedding
}

func (o *Options) override(name string) *Override {
	for i := range o.Overrides {
		if o.Overrides[i].Finds(name) {
			return &o.Overrides[i]
		}
	}
	return nil
}

// fit is the type itself where rows are multiples of its block, else the one that takes its
// place: tensor_type_fallback.
func fit(t gguf.TensorType, row uint64) (gguf.TensorType, error) {
	block, _ := t.Block()
	if row%uint64(block) == 0 {
		return t, nil
	}
	to := t
	switch t {
	case gguf.IQ1_S, gguf.IQ1_M, gguf.IQ2_XXS, gguf.IQ2_XS, gguf.IQ2_S, gguf.IQ3_XXS, gguf.IQ3_S, gguf.IQ4_XS:
		to = gguf.IQ4_NL
	case gguf.Q2_0, gguf.Q2_K, gguf.Q3_K, gguf.TQ1_0, gguf.TQ2_0:
		to = gguf.Q4_0
	case gguf.Q4_K:
		to = gguf.Q5_0
	case gguf.Q5_K:
		to = gguf.Q5_1
	case gguf.Q6_K:
		to = gguf.Q8_0
	default:
		if block > 32 {
			return t, fmt.Errorf("rows of %d are no multiple of %d, the block of %v, and the quantizer knows no type instead: take another for it", row, block, t)
		}
	}
	if block, _ = to.Block(); row%uint64(block) != 0 {
		return gguf.F16, nil
	}
	return to, nil
}

// sizeAs is of a tensor's data in another type; that of whole blocks where its rows are none.
func sizeAs(x *source, t gguf.TensorType) int64 {
	n, _ := x.Elements()
	block, bytes := t.Block()
	return n / int64(block) * int64(bytes)
}
