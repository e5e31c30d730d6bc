//go:build gpu

package gpu

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// tolerance is how far a logarithm of a probability may be from the CPU's, in nats, where
// the same tokens came before; and how near two tokens must be on the CPU for a device to
// choose the other one. The CPU differs from itself by 0.22 in a logit when the same
// tokens come in other batches (docs/gpu.md).
const tolerance = 0.5

// reference is the CPU's answer, computed once.
func reference(t *testing.T) answer {
	t.Helper()
	once.Do(func() { cpu = ask(t, "-dev", "none") })
	if len(cpu.tokens) == 0 {
		t.Fatal("the CPU gave no answer")
	}
	return cpu
}

var (
	once sync.Once
	cpu  answer
)

// compare holds an answer to the CPU's, up to the first token that differs.
func compare(t *testing.T, what string, got answer) {
	t.Helper()
	want := reference(t)
	worst := 0.0
	for i, w := range want.tokens {
		if i >= len(got.tokens) {
			t.Errorf("%s: it ended after %d tokens, the CPU had %d: %q, %q", what, len(got.tokens), len(want.tokens), got.text, want.text)
			return
		}
		g := got.tokens[i]
		if g.ID == w.ID {
			worst = max(worst, math.Abs(g.Logprob-w.Logprob))
			continue
		}
		gap := math.Inf(1)
		for _, other := range w.Top {
			if other.ID == g.ID {
				gap = w.Logprob - other.Logprob
			}
		}
		line := fmt.Sprintf("%s: the same %d tokens as the CPU, then %q for %q, which the CPU has %.3f nats apart (tolerance %.1f); before that at most %.3f", what, i, g.Text, w.Text, gap, tolerance, worst)
		report(line)
		if gap > tolerance || worst > tolerance {
			t.Error(line)
		}
		return
	}
	report(fmt.Sprintf("%s: the same %d tokens as the CPU, logarithms of their probabilities at most %.3f nats apart (tolerance %.1f)", what, len(want.tokens), worst, tolerance))
	if worst > tolerance {
		t.Errorf("%s: %.3f nats from the CPU", what, worst)
	}
}

func TestDevices(t *testing.T) {
	for _, d := range gpus(t) {
		report(fmt.Sprintf("%s: %s, %s, %.0f of %.0f MiB free", d.Name, d.Type, d.Description, float64(d.MemoryFree)/(1<<20), float64(d.MemoryTotal)/(1<<20)))
		if d.Description == "" || d.MemoryTotal == 0 || d.MemoryFree == 0 || d.MemoryFree > d.MemoryTotal {
			t.Errorf("%+v", d)
		}
	}
}

// TestLayers puts all layers, some and none onto each device.
func TestLayers(t *testing.T) {
	all := 0
	for _, n := range reference(t).layers {
		all += n
	}
	for _, d := range gpus(t) {
		for _, n := range []int{99, 12, 0} {
			got := ask(t, "-dev", d.Name, "-ngl", fmt.Sprint(n))
			want := min(n, all)
			if got.layers[d.Name] != want || got.layers["CPU"] != all-want {
				t.Errorf("-ngl %d: layers %v, want %d of %d on %s", n, got.layers, want, all, d.Name)
			}
			compare(t, fmt.Sprintf("%s, %d of %d layers, %.1f s", d.Name, want, all, got.took.Seconds()), got)
		}
	}
}

// TestOptions are the choices that change which kernels run, or where.
func TestOptions(t *testing.T) {
	for _, d := range gpus(t) {
		for _, args := range [][]string{
			{"--no-kv-offload"},
			{"-fa", "off"},
			{"-ctk", "q8_0", "-ctv", "q8_0", "-fa", "on"},
			{"-ot", `blk\.[0-9]\.ffn_.*=CPU`},
		} {
			compare(t, d.Name+", "+strings.Join(args, " "), ask(t, append(args, "-dev", d.Name, "-ngl", "99")...))
		}
	}
}

// TestSeveral divides the model among all devices, where there are two or more.
func TestSeveral(t *testing.T) {
	devices := gpus(t)
	if len(devices) < 2 {
		report("one GPU: nothing was divided among several")
		return
	}
	for _, args := range [][]string{{"-sm", "layer"}, {"-sm", "layer", "-ts", "3,1"}, {"-sm", "none", "-mg", "1"}} {
		got := ask(t, append(args, "-ngl", "99")...)
		compare(t, fmt.Sprintf("%s: %v", strings.Join(args, " "), got.layers), got)
	}
}

// TestDoctor has each device's products and logits compared with the CPU's.
func TestDoctor(t *testing.T) {
	gpus(t)
	out, stderr, code := call(t, nil, "doctor")
	report("llm doctor\n\n" + indent(out))
	if code != 0 {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// TestOutOfMemory asks for a context of some 180 GB. (Mesa's software driver has as much
// memory as it is asked for, but no tensor that large.)
func TestOutOfMemory(t *testing.T) {
	for _, d := range gpus(t) {
		out, stderr, code := call(t, nil, "run", model(), "-dev", d.Name, "-ngl", "99", "-c", "8000000", "-n", "1", "-p", prompt)
		report(fmt.Sprintf("%s, context of 8,000,000 tokens: %s", d.Name, strings.TrimSpace(stderr)))
		if code != 1 || out != "" || !strings.Contains(stderr, d.Name) || strings.Contains(stderr, "goroutine") {
			t.Errorf("%s: exit %d: %s%s", d.Name, code, out, stderr)
		}
	}
}

// TestModuleThatDoesNotLoad: it is named with the loader's reason, and the CPU answers.
func TestModuleThatDoesNotLoad(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "libggml-bad.so")
	if err := os.WriteFile(bad, []byte("this is no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{bad, filepath.Join(t.TempDir(), "libggml-none.so")} {
		_, stderr, code := call(t, []string{"GGML_BACKEND_PATH=" + path}, "run", model(), "--temp", "0", "-n", "1", "-p", prompt)
		for line := range strings.Lines(stderr) {
			if strings.Contains(line, "did not load") {
				report(strings.TrimSpace(line))
			}
		}
		if code != 0 || !strings.Contains(stderr, path+" did not load: ") {
			t.Errorf("exit %d: %s", code, stderr)
		}
	}
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")
}
