package reference_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// notRun are names that the engine knows and does not run.
var notRun = []string{"clip", "gptj"}

// TestHyperOfEveryArchitecture: sizes on which the rules of some depend, and headers that
// lack one key each.
func TestHyperOfEveryArchitecture(t *testing.T) {
	c := newComparison(t)
	shapes := []shape{
		{layers: 6, context: 4096},
		{layers: 6, context: 4096, experts: 8},
		{layers: 7, nextn: 1, context: 4096, experts: 8},
		{layers: 27, context: 4096}, {layers: 48, context: 4096}, {layers: 64, nextn: 0, context: 4096},
		{layers: 81, context: 1 << 20, experts: 8}, {layers: 36, context: 300},
	}
	for _, arch := range reference.Architectures() {
		if slices.Contains(notRun, arch) {
			_, _, engine, ours := c.read(header(arch, shapes[0]))
			if !errors.Is(ours, gguf.ErrArchitecture) {
				t.Errorf("%s: the engine says %v, gguf says %v", arch, engine, ours)
			}
			continue
		}
		for _, s := range shapes {
			if arch == "hrm_text" && (s.layers-s.nextn)%3 != 0 {
				s.layers = 6 + s.nextn
			}
			c.same(fmt.Sprint(arch, s), c.complete(arch, s))
		}
		whole := c.complete(arch, shapes[0])
		for _, key := range whole.Keys()[1:] {
			c.same(fmt.Sprint(arch, " without ", key), whole.Clone().Remove(key))
		}
	}
	t.Logf("%d headers, %d sizes of memory", c.loads, c.memory)
}
