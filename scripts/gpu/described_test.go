//go:build gpu

package gpu

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/llama"
)

// describedVariable makes this program a child that compares simulations with loads.
const describedVariable = "LLM_TEST_DESCRIBED"

// comparison is what such a child found.
type comparison struct {
	Made, Refused int
	Wrong         []string // cells where weights or caches differ, or that only one refuses
	Off           []string // cells where the compute buffers differ
	Most          int64    // bytes that they differ
}

// TestDescribed: plans for the description of a device that is there are to the byte what loads
// on it take, and what these refuse is refused.
func TestDescribed(t *testing.T) {
	if os.Getenv(describedVariable) != "" {
		compareAll(t)
		return
	}
	for name, variables := range map[string][]string{
		"":                            {describedVariable + "=1"},
		" with graphs in their order": {describedVariable + "=1", "GGML_VK_DISABLE_GRAPH_OPTIMIZE=1"},
	} {
		child := exec.Command(os.Args[0], "-test.run=^TestDescribed$")
		child.Env = append(os.Environ(), variables...)
		out, err := child.Output()
		found := map[string]comparison{}
		line, _, _ := strings.Cut(string(out), "\n")
		if e := json.Unmarshal([]byte(line), &found); err != nil || e != nil {
			t.Fatalf("%v, %v: %.2000s", err, e, out)
		}
		for _, device := range slices.Sorted(maps.Keys(found)) {
			f := found[device]
			report(fmt.Sprintf("plans for %s%s: %d contexts, weights and caches 0 bytes off in %d, compute buffers in %d (at most %d bytes off), %d contexts that the engine refuses are refused",
				device, name, f.Made, f.Made-len(f.Wrong), f.Made-len(f.Off), f.Most, f.Refused))
			for _, cell := range append(f.Wrong, f.Off...) {
				t.Errorf("%s%s: %s", device, name, cell)
			}
			if f.Made == 0 || f.Refused == 0 {
				t.Errorf("%s: %d contexts were made and %d refused", device, f.Made, f.Refused)
			}
		}
	}
}

// compareAll compares all devices whose backend has rules, and prints what it found.
func compareAll(t *testing.T) {
	devices, err := llama.Devices()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]comparison{}
	for i := range devices {
		d, err := llama.DescribeDevice(i)
		if errors.Is(err, llama.ErrInvalid) {
			continue // the CPU
		}
		if err != nil {
			t.Fatal(err)
		}
		var c comparison
		for _, file := range []string{"SmolLM2-135M-Instruct.Q4_1.gguf", "gemma-3-270m.Q4_K_M.gguf"} {
			compareModel(t, filepath.Join(root, "models", file), d, &c)
		}
		found[d.Name] = c
	}
	line, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(string(line))
}

// compareModel loads a model with some, half and all of its layers on the device and on its
// description.
func compareModel(t *testing.T, path string, d llama.Described, c *comparison) {
	p := llama.DefaultModelParams()
	p.LoadMode, p.Placement.Devices = llama.LoadRead, []string{d.Name}
	layers := []int{0, 0, -1}
	for i := range layers {
		p.GPULayers, p.NoAlloc, p.Described = layers[i], false, nil
		real, err := llama.LoadModel(path, p)
		if err != nil {
			t.Fatal(err)
		}
		if layers[1] == 0 {
			layers[1] = real.Info().Layers / 2
		}
		p.NoAlloc, p.Described = true, []llama.Described{d}
		simulated, err := llama.LoadModel(path, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range cells(t) {
			name := fmt.Sprintf("%s, %d layers, context %d, KV type %d, flash attention %d", filepath.Base(path), layers[i], cell.Context, cell.KeyType, cell.FlashAttention)
			want, refusal := uses(real, cell)
			got, err := uses(simulated, cell)
			c.add(name, got, want, err, refusal)
		}
		if err := errors.Join(simulated.Close(), real.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func (c *comparison) add(name string, got, want []llama.MemoryUse, err, refusal error) {
	if fmt.Sprint(err) != fmt.Sprint(refusal) || len(got) != len(want) {
		c.Wrong = append(c.Wrong, fmt.Sprintf("%s: %v %v, really %v %v", name, got, err, want, refusal))
		return
	}
	if refusal != nil {
		c.Refused++
		return
	}
	c.Made++
	wrong, off := false, false
	for i, w := range want {
		g := got[i]
		wrong = wrong || g.Buffer != w.Buffer || g.Model != w.Model || g.Context != w.Context
		if diff := int64(g.Compute - w.Compute); diff != 0 {
			off = true
			c.Most = max(c.Most, -diff, diff)
		}
	}
	if wrong {
		c.Wrong = append(c.Wrong, fmt.Sprintf("%s: %+v, really %+v", name, got, want))
	}
	if off {
		c.Off = append(c.Off, fmt.Sprintf("%s: %+v, really %+v", name, got, want))
	}
}

// uses is what a context takes, in an order that does not depend on addresses.
func uses(m *llama.Model, p llama.ContextParams) ([]llama.MemoryUse, error) {
	c, err := m.NewContext(p)
	if err != nil {
		return nil, err
	}
	memory := c.MemoryUse()
	slices.SortFunc(memory, func(a, b llama.MemoryUse) int { return cmp.Compare(a.Buffer, b.Buffer) })
	return memory, c.Close()
}

// cells are the contexts that are compared.
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
