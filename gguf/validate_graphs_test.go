package gguf

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

func engineSource(t *testing.T, name string) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(testmodel.Root(), "third_party", "llama.cpp", "src", name))
	if err != nil {
		t.Fatalf("%v; get it with: make native", err)
	}
	return regexp.MustCompile(`//[^\n]*`).ReplaceAllString(string(source), "")
}

// TestGraphs holds the table to the engine's source.
func TestGraphs(t *testing.T) {
	names := map[string]string{} // by the engine's constant
	for _, m := range regexp.MustCompile(`\{ LLM_ARCH_(\w+), +"([^"]+)"`).FindAllStringSubmatch(engineSource(t, "llama-arch.cpp"), -1) {
		names[m[1]] = m[2]
	}
	want := map[string]graph{}
	files, _ := filepath.Glob(filepath.Join(testmodel.Root(), "third_party", "llama.cpp", "src", "models", "*.cpp"))
	same := regexp.MustCompile(`GGML_ASSERT\(n_embd_head == hparams.n_embd_head_[kv]\(\)\)`)
	for _, file := range files {
		base := strings.TrimSuffix(filepath.Base(file), ".cpp")
		arch := names[strings.ToUpper(strings.ReplaceAll(base, "-", "_"))]
		if arch == "" || arch == "dflash" || arch == "eagle3" || arch == "pockettts" || arch == "minimax-01" {
			continue // no architecture of its own, or one that does not stand alone
		}
		source := engineSource(t, "models/"+base+".cpp")
		if same.MatchString(source) {
			want[arch] |= sameHeads
		}
		if strings.Contains(source, "GGML_ASSERT(n_embd_head == n_rot)") {
			want[arch] |= wholeRope
		}
	}
	for arch, g := range want {
		if got := graphs[arch]; got != g {
			t.Errorf("%s: %02b, the engine's source says %02b", arch, got, g)
		}
	}
	for arch, g := range graphs {
		if want[arch] == 0 && g != 0 {
			t.Errorf("%s: %02b, the engine's source says nothing", arch, g)
		}
	}
	if len(want) < 80 {
		t.Errorf("%d architectures", len(want))
	}
}
