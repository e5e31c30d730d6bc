package quant

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/gguf"
)

// kinds are how many layers of each tensor have which type: "attn_v: Q6_K 0-3,7 Q4_K rest".
func kinds(r *Recipe) string {
	layers := map[string]map[gguf.TensorType][]int{}
	for _, t := range r.Tensors {
		layer, name := -1, t.Name
		if i, ok := scanLayer(t.Name); ok {
			layer = i
			_, name, _ = strings.Cut(strings.TrimPrefix(t.Name, "blk."), ".")
		}
		if t.Kept != "" {
			continue
		}
		if layers[name] == nil {
			layers[name] = map[gguf.TensorType][]int{}
		}
		layers[name][t.To] = append(layers[name][t.To], layer)
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(layers)) {
		fmt.Fprintf(&b, "  %-22s", name)
		for _, kind := range slices.Sorted(maps.Keys(layers[name])) {
			fmt.Fprintf(&b, " %v", kind)
			if len(layers[name]) > 1 {
				b.WriteString(":" + spans(layers[name][kind]))
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// spans are numbers with runs of them put together: 0-3,7.
func spans(list []int) string {
	var parts []string
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		part := fmt.Sprint(list[i])
		if j > i {
			part += fmt.Sprintf("-%d", list[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ",")
}

// TestRecipes: what each file type makes of models of four shapes.
func TestRecipes(t *testing.T) {
	for name, model := range map[string]dense{"8b": dense8B, "70b": dense70B, "8-experts": experts8, "odd-rows": odd} {
		s := model.source()
		var b strings.Builder
		for _, row := range FileTypes() {
			for _, matrix := range []*Imatrix{nil, {}} {
				r, err := s.Recipe(Options{FileType: row.Number, Imatrix: matrix})
				if err != nil {
					if matrix == nil {
						fmt.Fprintf(&b, "[%s] %v\n", row.Name, err)
					}
					continue
				}
				if matrix != nil {
					without, _ := s.Recipe(Options{FileType: row.Number})
					if kinds(r) == kinds(without) {
						continue
					}
					b.WriteString("with a matrix ")
				}
				fmt.Fprintf(&b, "[%s] %d bytes, %.4f bits, %d fell back, %d need a matrix\n%s",
					row.Name, r.Data, r.Bits, len(r.Fallbacks()), len(r.Imatrix), kinds(r))
			}
		}
		golden.Compare(t, "recipes-"+name+".txt", b.String())
	}
}
