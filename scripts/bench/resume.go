package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-f87006eb/llm"
)

const resumeTokens = 2000

// compareResume sets going on with a saved chat, from the file to the first token,
// beside evaluating its tokens again.
func (c *config) compareResume() error {
	dir, err := os.MkdirTemp("", "llm-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "chat")
	m, err := llm.Open(c.model, llm.ContextSize(4096), llm.Threads(c.threads, 0))
	if err != nil {
		return err
	}
	defer m.Close()
	prompt := strings.Repeat(" the", resumeTokens)
	if _, err := usage(m, prompt, 1); err != nil {
		return err
	}
	if err := m.SaveState(context.Background(), file, nil); err != nil {
		return err
	}
	var first pairs
	for i := range min(c.pairs, 7) {
		var resumed, again float64
		err := inTurn(i,
			func() (err error) { resumed, err = resume(m, file, prompt); return err },
			func() error {
				u, err := usage(m, prompt, 1)
				again = millis(u.FirstToken)
				return err
			})
		if err != nil {
			return err
		}
		first.add(resumed, again)
	}
	first.print("2,000 tokens resumed, against evaluated again", "ms", true)
	return nil
}

// resume is how long it takes from the file to the first token, in milliseconds.
func resume(m *llm.Model, file, prompt string) (float64, error) {
	begin := time.Now()
	if _, err := m.LoadState(context.Background(), file); err != nil {
		return 0, err
	}
	for _, err := range m.Generate(context.Background(), prompt, llm.MaxTokens(1), llm.Temperature(0), llm.IgnoreEOG()) {
		if err != nil {
			return 0, err
		}
	}
	return millis(time.Since(begin)), nil
}
