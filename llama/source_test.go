package llama_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

// TestEngineSource: what was built is the pinned source, to the byte, and the
// program says so.
func TestEngineSource(t *testing.T) {
	out, err := exec.Command(filepath.Join(testmodel.Root(), "scripts", "fetch-llama.sh"), "--verify").CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	lock, err := exec.Command("awk", "$1 == \"tree\" { print $2 }", filepath.Join(testmodel.Root(), "third_party", "llama.cpp.lock")).Output()
	if err != nil {
		t.Fatal(err)
	}
	if tree := llama.BuildInfo().Tree; tree == "" || tree != strings.TrimSpace(string(lock)) {
		t.Errorf("the program was built from tree %q, the lock file says %s", tree, lock)
	}
}
