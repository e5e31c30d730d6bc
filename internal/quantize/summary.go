package quantize

import (
	"cmp"
	"slices"

	"github.com/seed-f87006eb/llm/gguf"
)

// Change is what becomes of the tensors of one type that get another, or keep theirs.
type Change struct {
	From, To  gguf.TensorType
	Tensors   int
	FromBytes int64 // of their data, without padding
	Bytes     int64
}

// Changes are of all tensors, what takes the most bytes first.
func (j *Job) Changes() []Change {
	var list []Change
	for i := range j.Recipe.Tensors {
		t := &j.Recipe.Tensors[i]
		at := slices.IndexFunc(list, func(c Change) bool { return c.From == t.Type && c.To == t.To })
		if at < 0 {
			at = len(list)
			list = append(list, Change{From: t.Type, To: t.To})
		}
		before, _ := t.Size()
		list[at].Tensors++
		list[at].FromBytes += before
		list[at].Bytes += t.Bytes
	}
	slices.SortStableFunc(list, func(a, b Change) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.To, b.To), cmp.Compare(a.From, b.From))
	})
	return list
}

// Fallback is a type that tensors were to have, and the one that they get instead, for the
// same reason.
type Fallback struct {
	Wanted, To gguf.TensorType
	Tensors    int
	Why        string
}

// Fallbacks are of all tensors that fell back, the most common first.
func (j *Job) Fallbacks() []Fallback {
	var list []Fallback
	for _, t := range j.Recipe.Fallbacks() {
		at := slices.IndexFunc(list, func(f Fallback) bool { return f.Why == t.Why() })
		if at < 0 {
			at = len(list)
			list = append(list, Fallback{Wanted: t.Wanted, To: t.To, Why: t.Why()})
		}
		list[at].Tensors++
	}
	slices.SortStableFunc(list, func(a, b Fallback) int { return b.Tensors - a.Tensors })
	return list
}

// FellBack is how many tensors fell back.
func (j *Job) FellBack() int { return len(j.Recipe.Fallbacks()) }
