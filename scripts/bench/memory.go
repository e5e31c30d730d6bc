package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/seed-f87006eb/llm"
)

// memoryRounds are of four calls each.
const memoryRounds = 2500

// watchMemory prints the resident size while a model generates, tokenizes, embeds and
// applies its template again and again.
func (c *config) watchMemory() error {
	m, err := llm.Open(c.model, llm.ContextSize(512), llm.Threads(c.threads, 0))
	if err != nil {
		return err
	}
	defer m.Close()
	fmt.Printf("\nresident memory of %d rounds of generate, tokenize, embed and chat:", memoryRounds)
	for i := range memoryRounds + 1 {
		if i%500 == 0 {
			size, err := residentMiB()
			if err != nil {
				return err
			}
			fmt.Printf(" %.1f", size)
		}
		if err := oneOfEach(m, fmt.Sprint("Round ", i)); err != nil {
			return err
		}
	}
	fmt.Println(" MiB")
	return nil
}

func oneOfEach(m *llm.Model, text string) error {
	if _, err := usage(m, text, 1); err != nil {
		return err
	}
	if _, err := m.Tokenize(strings.Repeat(text, 20)); err != nil {
		return err
	}
	if _, err := m.Embed(context.Background(), []string{text}); err != nil {
		return err
	}
	for _, err := range m.Chat(context.Background(), []llm.Message{llm.User(text)}, llm.MaxTokens(1)) {
		if err != nil {
			return err
		}
	}
	return nil
}

// residentMiB reads the resident size where Linux has it.
func residentMiB() (float64, error) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var size, resident int
	_, err = fmt.Sscan(string(b), &size, &resident)
	return float64(resident*os.Getpagesize()) / (1 << 20), err
}
