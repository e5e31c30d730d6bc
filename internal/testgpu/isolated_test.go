package testgpu

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// TestIsolated: a child places a model as this process does, and says the same of it.
func TestIsolated(t *testing.T) {
	options := []llm.Option{llm.GPULayers(12), llm.UseDevices("FAKE1", "FAKE0"), llm.TensorSplit(2, 1), llm.SplitMode("layer"), llm.MainGPU(1),
		llm.OverrideTensor(`blk\.29\.`, "CPU"), llm.CPUMoE(-1), llm.NoKVOffload(), llm.NoOpOffload(), llm.NoHost(), llm.NoRepack()}
	here := open(t, options...)
	defer here.Close()
	there := open(t, append(options, llm.Isolated())...)
	a, b := here.Info(), there.Info()
	if !reflect.DeepEqual(a.Shares, b.Shares) || !reflect.DeepEqual(a.Memory, b.Memory) || !reflect.DeepEqual(a.Notices, b.Notices) || len(b.Notices) != 1 {
		t.Errorf("%+v %+v %q\n%+v %+v %q", a.Shares, a.Memory, a.Notices, b.Shares, b.Memory, b.Notices)
	}
	if want, got := greedy(t, here), greedy(t, there); got != want {
		t.Errorf("%q in a child, %q here", got, want)
	}
	for _, option := range []llm.Option{llm.TensorSplit(float32(math.NaN())), llm.UseDevices("CUDA7"), llm.OverrideTensor("(", "CPU"), llm.SplitMode("row")} {
		_, here := try(t, testmodel.SmolLM2(t), option)
		_, there := try(t, testmodel.SmolLM2(t), option, llm.Isolated())
		if here == nil || there == nil || here.Error() != there.Error() {
			t.Errorf("%v\n%v", here, there)
		}
	}
}

// TestDeviceEndsItsProcess: where a backend gives up for lack of memory the child ends,
// and the error says so; the next one works.
func TestDeviceEndsItsProcess(t *testing.T) {
	t.Setenv(abortVariable, "1")
	m := open(t, llm.UseDevices("FAKE0"), llm.Isolated())
	_, err := generate(m)
	var crash *llm.ErrEngineCrash
	if !errors.As(err, &crash) || crash.Reason != llm.CrashMemory || !strings.Contains(err.Error(), "FAKE0 error: out of memory; put fewer layers on the device") {
		t.Fatal(err)
	}
	t.Setenv(abortVariable, "")
	greedy(t, m)
}
