package worker

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/chat"
)

// TestBrokenEngine: an assertion that the engine survived costs the child its life,
// because the engine must not be used again.
func TestBrokenEngine(t *testing.T) {
	m := mustOpen(t, small, Config{})
	_, err := m.Tokenize("!broken", false, false)
	var crash *chat.ErrEngineCrash
	if !errors.As(err, &crash) || crash.Reason != chat.CrashAssertion || !strings.Contains(crash.Message, "engine assertion failed: x") {
		t.Errorf("%v", err)
	}
	if tokens, err := m.Tokenize("hello", false, false); err != nil || len(tokens) == 0 {
		t.Errorf("the next call: %v, %v", tokens, err)
	}
}
