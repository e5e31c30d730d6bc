package main

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-f87006eb/llm"
)

// compareIsolated sets a model in a child process beside the same in this one. Both
// are open all the time; what is measured is what the consumer of the events sees.
func (c *config) compareIsolated() error {
	open := func(options ...llm.Option) (*llm.Model, error) {
		return llm.Open(c.model, append(options, llm.ContextSize(1024), llm.Threads(c.threads, 0))...)
	}
	child, err := open(llm.Isolated())
	if err != nil {
		return err
	}
	defer child.Close()
	here, err := open()
	if err != nil {
		return err
	}
	defer here.Close()
	var first, generation pairs
	for i := range c.pairs + 1 {
		var isolated, inProcess seen
		err := inTurn(i,
			func() (err error) { isolated, err = see(child); return err },
			func() (err error) { inProcess, err = see(here); return err })
		if err != nil {
			return err
		}
		if i > 0 { // the first one warms up
			generation.add(isolated.speed, inProcess.speed)
			first.add(isolated.first, inProcess.first)
		}
	}
	fmt.Println()
	header("isolated", "in process", "ratio")
	generation.print(fmt.Sprintf("tg%d, events as they are seen", generationTokens), "tok/s", false)
	header("", "", "difference")
	first.printDifference("first token, short prompt, context reused", "ms")
	return nil
}

// seen is a reply as its consumer sees it: milliseconds to the first token, and tokens
// per second after it.
type seen struct{ first, speed float64 }

func see(m *llm.Model) (s seen, err error) {
	for range 2 { // the second finds the context as it needs it
		if s.first, err = firstToken(m); err != nil {
			return s, err
		}
	}
	begin, tokens := time.Time{}, 0
	for ev, err := range m.Generate(context.Background(), " the", llm.MaxTokens(generationTokens+1), llm.Temperature(0), llm.IgnoreEOG()) {
		if err != nil {
			return s, err
		}
		if begin.IsZero() {
			begin = time.Now()
		}
		if ev.Usage != nil {
			tokens = ev.Usage.CompletionTokens - 1
		}
	}
	s.speed = float64(tokens) / time.Since(begin).Seconds()
	return s, nil
}

func firstToken(m *llm.Model) (milliseconds float64, err error) {
	begin := time.Now()
	for _, err := range m.Generate(context.Background(), "The quick brown fox jumps over the lazy", llm.MaxTokens(1), llm.Temperature(0)) {
		if err != nil {
			return 0, err
		}
		if milliseconds == 0 {
			milliseconds = millis(time.Since(begin))
		}
	}
	return milliseconds, nil
}
