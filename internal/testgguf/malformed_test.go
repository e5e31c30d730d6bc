package testgguf_test

import (
	"testing"

	"github.com/seed-f87006eb/llm/internal/testgguf"
)

// TestMalformed: each case has a name of its own, and is made the same each time.
func TestMalformed(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range testgguf.Malformed() {
		if seen[c.Name] {
			t.Errorf("%s: twice", c.Name)
		}
		seen[c.Name] = true
	}
	if len(seen) < 600 {
		t.Errorf("%d cases", len(seen))
	}
	t.Logf("%d cases", len(seen))
}
