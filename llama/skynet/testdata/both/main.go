// Both uses the old and the new API over the same weights.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	old "github.com/go-skynet/go-llama.cpp"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/llama/skynet"
)

const prompt = "The capital of France is"

func main() {
	if err := errors.Join(wrapped(os.Args[1]), reversed(os.Args[1]), refused()); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("both work")
}

func oldText(l *old.LLama) (string, error) {
	var b strings.Builder
	_, err := l.Predict(prompt, old.SetTokens(12), old.SetTemperature(0), old.SetPenalty(1), old.SetThreads(1), old.SetTokenCallback(func(s string) bool {
		b.WriteString(s)
		return true
	}))
	return b.String(), err
}

func newText(m *llm.Model) (string, error) {
	var b strings.Builder
	for ev, err := range m.Generate(context.Background(), prompt, llm.Temperature(0), llm.MaxTokens(12)) {
		if err != nil {
			return "", err
		}
		b.WriteString(ev.Text)
	}
	return b.String(), nil
}

// wrapped is the new API over a model of the old one, which goes away first.
func wrapped(path string) error {
	l, err := old.New(path)
	if err != nil {
		return err
	}
	before := resident()
	m, err := skynet.Wrap(l, llm.Threads(1, 1), llm.ContextSize(256))
	if err != nil {
		return err
	}
	defer m.Close()
	if taken := resident() - before; taken > 60<<10 {
		return fmt.Errorf("the new API took %d KiB more: the weights have 87,000", taken)
	}
	a, err := oldText(l)
	b, err2 := newText(m)
	if a != b || a == "" {
		return fmt.Errorf("%q and %q: %w", a, b, errors.Join(err, err2))
	}
	l.Free()
	var reply string
	for ev, err := range m.Chat(context.Background(), []llm.Message{llm.User("Say hello.")}, llm.MaxTokens(8), llm.Logprobs(3)) {
		if err != nil {
			return err
		}
		reply += ev.Text
	}
	if reply == "" {
		return errors.New("the chat said nothing")
	}
	_, err = skynet.Wrap(l)
	return wants(err, "freed")
}

// reversed is the old API over a model of the new one, which goes away first.
func reversed(path string) error {
	m, err := llm.Open(path, llm.Threads(1, 1), llm.ContextSize(256))
	if err != nil {
		return err
	}
	l, err := skynet.New(m, old.SetContext(256), old.EnableEmbeddings)
	if err != nil {
		return err
	}
	defer l.Free()
	a, err := newText(m)
	b, err2 := oldText(l)
	if a != b || a == "" {
		return fmt.Errorf("%q and %q: %w", a, b, errors.Join(err, err2))
	}
	again, err := skynet.Wrap(l, llm.ContextSize(64)) // and once more
	if err != nil {
		return err
	}
	if again.WeightsID() != m.WeightsID() || again.Info().Path != path {
		return errors.New("these are other weights")
	}
	if err := errors.Join(again.Close(), m.Close()); err != nil {
		return err
	}
	if c, err := oldText(l); c != a {
		return fmt.Errorf("%q after the model was closed, %q before: %w", c, a, err)
	}
	_, err = skynet.New(m)
	return wants(err, "closed")
}

func refused() error {
	_, err := skynet.Wrap(nil)
	_, err2 := skynet.Wrap(&old.LLama{})
	_, err3 := old.New("llm-model:999:x")
	_, err4 := old.New("llm-model:")
	if err3 == nil || err4 == nil {
		return errors.New("weights that are not there")
	}
	return errors.Join(wants(err, "no model"), wants(err2, "never loaded"))
}

func wants(err error, words string) error {
	if err == nil || !strings.Contains(err.Error(), words) {
		return fmt.Errorf("%w does not say %q", err, words)
	}
	return nil
}

// resident is the process's own memory in KiB, without what is mapped from files.
func resident() (kib int) {
	text, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(text), "RssAnon:")
	fmt.Sscan(rest, &kib)
	return kib
}
