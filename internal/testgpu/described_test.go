package testgpu

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// described are the GPUs of these tests as descriptions: they have the CPU's operations, which
// for these models are Vulkan's as well.
func described(t *testing.T) []llama.Described {
	t.Helper()
	list := make([]llama.Described, gpus)
	for i := range list {
		list[i] = llama.Described{
			Name: fmt.Sprintf("FAKE%d", i), Backend: "vulkan", Total: memory, Free: memory,
			Alignment: 64, HostAlignment: 64, HostBuffer: true,
		}
	}
	return list
}

// TestDescribedShares: described devices get of a model what devices that are there get, to the
// byte and to the tensor.
func TestDescribedShares(t *testing.T) {
	for _, path := range []string{testmodel.SmolLM2(t), testmodel.Gemma3(t)} {
		for _, layers := range []int{0, 9, -1} {
			p := llama.DefaultModelParams()
			p.GPULayers, p.LoadMode, p.Placement.TensorSplit = layers, llama.LoadRead, []float32{2, 1}
			want := sharesOf(t, path, p)
			p.NoAlloc, p.Described = true, described(t)
			if got := sharesOf(t, path, p); got != want {
				t.Errorf("%s, %d layers:\ndescribed %s\nreal      %s", path, layers, got, want)
			}
		}
	}
	for i := range gpus {
		if used := reference.GPUUsed(i); used > 0 {
			t.Errorf("%d bytes of FAKE%d are still taken", used, i)
		}
	}
}

func sharesOf(t *testing.T, path string, p llama.ModelParams) string {
	t.Helper()
	m, err := llama.LoadModel(path, p)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	return fmt.Sprintf("%+v", m.Shares())
}

// TestDescribeDevice: the description of a device needs the rules of its backend.
func TestDescribeDevice(t *testing.T) {
	devices, err := llama.Devices()
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range devices {
		if got, err := llama.DescribeDevice(i); !errors.Is(err, llama.ErrInvalid) || !strings.Contains(err.Error(), d.Name) {
			t.Errorf("%s: %+v, %v", d.Name, got, err)
		}
	}
	for _, i := range []int{-1, len(devices), 1 << 40} {
		if got, err := llama.DescribeDevice(i); !errors.Is(err, llama.ErrInvalid) {
			t.Errorf("device %d: %+v, %v", i, got, err)
		}
	}
}
