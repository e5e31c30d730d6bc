package llama_test

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

// cells are contexts that simulations are compared with real ones in.
func cells(t *testing.T) (list []llama.ContextParams) {
	for _, tokens := range []int{512, 4096, 8192} {
		for _, kv := range []string{"f16", "q8_0", "q4_0"} {
			for _, fa := range []llama.FlashAttention{llama.FlashAttentionOn, llama.FlashAttentionOff} {
				p := llama.DefaultContextParams()
				p.Context, p.FlashAttention, p.Threads, p.ThreadsBatch = tokens, fa, 1, 1
				var err error
				if p.KeyType, err = llama.ParseKVType(kv); err != nil {
					t.Fatal(err)
				}
				p.ValueType = p.KeyType
				list = append(list, p)
			}
		}
	}
	return list
}

// uses is what a context takes, in an order that does not depend on addresses.
func uses(m *llama.Model, p llama.ContextParams) (string, error) {
	c, err := m.NewContext(p)
	if err != nil {
		return "", err
	}
	memory := c.MemoryUse()
	slices.SortFunc(memory, func(a, b llama.MemoryUse) int { return cmp.Compare(a.Buffer, b.Buffer) })
	return fmt.Sprintf("%+v", memory), c.Close()
}

// TestDescribedAsReal: without devices, simulations take to the byte what real contexts take,
// and refuse what these refuse.
func TestDescribedAsReal(t *testing.T) {
	for _, path := range []string{testmodel.SmolLM2(t), testmodel.Gemma3(t)} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			mp := llama.DefaultModelParams()
			mp.LoadMode, mp.Placement.Devices = llama.LoadRead, []string{llama.NoDevice}
			real, err := llama.LoadModel(path, mp)
			if err != nil {
				t.Fatal(err)
			}
			defer real.Close()
			mp.NoAlloc, mp.Described, mp.Placement.Devices = true, []llama.Described{}, nil
			simulated, err := llama.LoadModel(path, mp)
			if err != nil {
				t.Fatal(err)
			}
			defer simulated.Close()
			made, refused := 0, 0
			for _, p := range cells(t) {
				want, refusal := uses(real, p)
				got, err := uses(simulated, p)
				if got != want || fmt.Sprint(err) != fmt.Sprint(refusal) {
					t.Errorf("context %d, KV type %d, flash attention %d:\nsimulated %s, %v\nreal      %s, %v", p.Context, p.KeyType, p.FlashAttention, got, err, want, refusal)
				}
				if refusal == nil {
					made++
				} else if errors.Is(refusal, llama.ErrInvalid) {
					refused++
				}
			}
			if made != 12 || refused != 6 {
				t.Errorf("%d contexts were made, %d refused, want 12 and 6", made, refused)
			}
		})
	}
}
