package quant

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// ErrSource is for a model that the engine's quantizer cannot read; the text says what is
// wrong with it.
var ErrSource = errors.New("the quantizer cannot read this model")

// Shape is what the rules ask of a model besides its tensors.
type Shape struct {
	Architecture   string
	Layers         int // all, with those that predict further ahead
	NextN          int // of them, those
	Heads, KVHeads int // of the first layer
	Experts        int
}

// ShapeOf is the shape that a model's keys say.
func ShapeOf(h *gguf.Hyper) Shape {
	first := h.First()
	return Shape{
		Architecture: h.Architecture, Layers: len(h.Layers), NextN: h.NextN,
		Heads: first.Heads, KVHeads: first.KVHeads, Experts: h.Experts.Count,
	}
}

// groups is how many heads share a key and a value: llama_hparams::n_gqa.
func (s Shape) groups() int {
	if s.KVHeads == 0 {
		return 0
	}
	return s.Heads / s.KVHeads
}

// is70B tells whether the engine counts the model among those of type 70B, which it does by
// the number of layers: load_arch_hparams of src/models/{llama,qwen2,deci,olmo,jais2}.cpp.
func (s Shape) is70B() bool {
	layers := s.Layers - s.NextN
	switch s.Architecture {
	case "llama", "llama-embed":
		return layers == 80 && s.Heads != s.KVHeads && s.Experts != 8
	case "qwen2", "deci", "olmo":
		return layers == 80
	case "jais2":
		return layers == 68
	}
	return false
}

// Source is a model that is to be quantized.
type Source struct {
	Shape

	tensors  []source // in the engine's order
	tied     bool     // there is no output of its own
	values   int      // tensors like an attention's values
	elements int64
	info     int64                   // bytes of the table of tensors
	keys     int64                   // bytes of the table of keys as it is written
	imatrix  [len(imatrixKeys)]int64 // of it, bytes of imatrixKeys that are there already
	header   bool                    // keys are known
	notes    []string
}

// source is a tensor with what its name says.
type source struct {
	gguf.Tensor
	category
	kept string // why it is not quantized, whatever is asked; empty: it is
	size int64
}

// NewSource is a model of a shape with these tensors. Its keys are unknown, and so are the
// sizes of files made of it: [Read] has them. Errors: [ErrSource].
func NewSource(shape Shape, tensors []gguf.Tensor) (*Source, error) {
	s := &Source{Shape: shape, tied: true, tensors: make([]source, 0, len(tensors))}
	for i := range tensors {
		t, err := newTensor(tensors[i])
		if err != nil {
			return nil, fmt.Errorf("%w: tensor %s: %w", ErrSource, gguf.Quote(tensors[i].Name), err)
		}
		s.tensors = append(s.tensors, t)
	}
	order(s.tensors)
	for i := range s.tensors {
		t := &s.tensors[i]
		if i > 0 && s.tensors[i-1].Name == t.Name {
			return nil, fmt.Errorf("%w: tensor %s is there twice", ErrSource, gguf.Quote(t.Name))
		}
		n, _ := t.Elements()
		sum, carry := bits.Add64(uint64(s.elements), uint64(n), 0)
		if carry > 0 || int64(sum) < 0 {
			return nil, fmt.Errorf("%w: its tensors have more numbers than fit 63 bits", ErrSource)
		}
		s.elements = int64(sum)
		s.info += 8 + int64(len(t.Name)) + 4 + 8*int64(dimensions(&t.Tensor)) + 4 + 8
		if t.likeValues() {
			s.values++
		}
		if t.category == outputWeight {
			s.tied = false
		}
	}
	return s, nil
}

// maxName is the longest name of a tensor that the engine takes, in bytes.
const maxName = 63

func newTensor(t gguf.Tensor) (source, error) {
	size, ok := t.Size()
	switch {
	case len(t.Name) > maxName:
		return source{}, fmt.Errorf("its name has %d bytes: the engine takes %d", len(t.Name), maxName)
	case !t.Type.Known():
		return source{}, fmt.Errorf("%v is not a type that the engine knows", t.Type)
	case !ok || len(t.Dims) > 4:
		return source{}, fmt.Errorf("%v numbers of type %v have no size in bytes", t.Dims, t.Type)
	}
	t.Name, _, _ = strings.Cut(t.Name, "\x00") // where the engine's names end
	return source{
		Tensor: t, category: categoryOf(t.Name), kept: keptBy(t.Name, dimensions(&t)), size: size,
	}, nil
}

// order puts tensors into the engine's order: by layer, then by name
// (llama_model_loader::weight_name_comparer).
func order(tensors []source) {
	type key struct {
		layer int
		at    int32
	}
	keys := make([]key, len(tensors))
	for i := range tensors {
		layer, _ := scanLayer(tensors[i].Name)
		keys[i] = key{layer, int32(i)}
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.layer, b.layer), strings.Compare(tensors[a.at].Name, tensors[b.at].Name))
	})
	sorted := make([]source, len(tensors))
	for i, k := range keys {
		sorted[i] = tensors[k.at]
	}
	copy(tensors, sorted)
}

// Elements is how many numbers its tensors have.
func (s *Source) Elements() int64 { return s.elements }
