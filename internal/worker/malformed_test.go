package worker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/testgguf"
)

// TestMalformedFiles: each file is rejected before the engine sees it, or a child loads
// it and generates, or says what is wrong. None ends the child, and the engine's own
// assertions are not what finds it.
func TestMalformedFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.gguf")
	outcomes := map[string]int{}
	for _, c := range testgguf.Malformed() {
		t.Run(c.Name, func(t *testing.T) {
			if err := os.WriteFile(path, c.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			outcome, err := survive(path)
			outcomes[outcome]++
			if outcome == "crashed" || err != nil && strings.Contains(err.Error(), "the engine requires") {
				t.Errorf("%s: %.300v", outcome, err)
			}
			t.Logf("%s after %v: %.300v", outcome, time.Since(begin), err)
		})
	}
	t.Logf("%v", outcomes)
	if len(outcomes) != 3 || outcomes["rejected"] < 1000 || outcomes["ran"] < 300 {
		t.Errorf("the files are not what they were: %v", outcomes)
	}
}

// survive says what becomes of a file.
func survive(path string) (string, error) {
	f, err := gguf.Open(path)
	if err != nil {
		return "rejected", err
	}
	err = f.Check()
	f.Close()
	if err != nil {
		return "rejected", err
	}
	limits := Config{MemoryLimit: childMemory, Stall: childStall}
	m, err := Open(context.Background(), path, engine.Options{Context: 64, Threads: 1}, limits)
	if err == nil {
		if m.info.Model.Decoder && m.info.Context.Memory {
			err = say(m, chat.Request{Prompt: "hello world é\n"})
			if m.info.ChatTemplate && err == nil {
				err = say(m, chat.Request{Messages: []chat.Message{{Role: chat.User, Content: "hello"}}})
			}
		} else {
			_, err = m.Embed(context.Background(), chat.EmbedRequest{Texts: []string{"hello world é\n"}})
		}
		err = errors.Join(err, m.Close())
	}
	var crash *chat.ErrEngineCrash
	switch {
	case errors.As(err, &crash):
		return "crashed", err
	case err != nil:
		return "refused", err
	}
	return "ran", nil
}

// say asks for a few tokens.
func say(m *Model, r chat.Request) error {
	r.MaxTokens, r.Keep, r.Sampling = 3, -1, chat.DefaultSampling()
	for _, err := range m.Generate(context.Background(), r) {
		if err != nil {
			return err
		}
	}
	return nil
}
