package testgguf

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Rank is of the LoRA adapters.
const Rank = 4

// LoRA is an adapter for the attention queries of the model with this header. Its
// weights are random, and strong enough to change every reply; zero: they are zeros,
// and it changes nothing.
func LoRA(t testing.TB, base Header, seed uint64, zero bool) *File {
	t.Helper()
	f := adapter(base.Architecture)
	w := newWeights(f, seed)
	for _, name := range sortedNames(base.Shapes) {
		if !strings.HasSuffix(name, "attn_q.weight") {
			continue
		}
		in, out := base.Shapes[name][0], base.Shapes[name][1]
		if zero {
			w.fill(name+".lora_a", 0, in, Rank)
			w.fill(name+".lora_b", 0, Rank, out)
		} else {
			w.matrix(name+".lora_a", in, Rank)
			f.Add(name+".lora_b", w.normal(Rank*out, 1), Rank, out)
		}
	}
	if len(f.tensors) == 0 {
		t.Fatalf("the model has no attn_q.weight: %v", base)
	}
	return f
}

func adapter(architecture string) *File {
	f := &File{}
	f.Set("general.type", "adapter")
	f.Set("general.architecture", architecture)
	f.Set("adapter.type", "lora")
	f.Set("adapter.lora.alpha", float32(Rank))
	return f
}

func sortedNames(shapes map[string][]int) []string {
	names := make([]string, 0, len(shapes))
	for name := range shapes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Widened is the header with one more number a row: an adapter for it fits no model.
func (h Header) Widened() Header {
	shapes := map[string][]int{}
	for name, shape := range h.Shapes {
		shapes[name] = slices.Clone(shape)
		shapes[name][0]++
	}
	return Header{Architecture: h.Architecture, Shapes: shapes}
}

// ControlVector has a random direction for each layer from the second on, of so many
// numbers as the model's embedding has.
func ControlVector(architecture string, embedding, layers int, seed uint64) *File {
	f := &File{}
	f.Set("general.architecture", "controlvector")
	f.Set("controlvector.model_hint", architecture)
	f.Set("controlvector.layer_count", uint32(layers))
	w := newWeights(f, seed)
	for i := 1; i < layers; i++ {
		f.Add(fmt.Sprintf("direction.%d", i), w.normal(embedding, 1), embedding)
	}
	return f
}
