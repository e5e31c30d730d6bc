package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/llama"
)

// runOurs measures one run of a path, as llama-bench does: the prompt after one
// like it, the generation after one token.
func runOurs(c config, what string) error {
	var s speed
	var err error
	switch what {
	case "decode":
		s, err = decodeSpeed(c)
	case "generate":
		s, err = generateSpeed(c)
	default:
		err = fmt.Errorf("unknown path %q", what)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(s)
}

// decodeSpeed does what llama-bench does, through package llama: random tokens, no
// sampling.
func decodeSpeed(c config) (s speed, err error) {
	runtime.LockOSThread()
	m, err := llama.LoadModel(c.model, llama.DefaultModelParams())
	if err != nil {
		return s, err
	}
	defer m.Close()
	if s.Prompt, err = decodeRate(m, c.threads, promptTokens, promptTokens, promptTokens); err != nil {
		return s, err
	}
	s.Generation, err = decodeRate(m, c.threads, generationTokens, 1, 1)
	return s, err
}

// decodeRate is the speed of total tokens, step at a time, after a warm-up.
func decodeRate(m *llama.Model, threads, total, step, warmUp int) (float64, error) {
	p := llama.DefaultContextParams()
	p.Context, p.Batch, p.Ubatch, p.Threads, p.ThreadsBatch = total, 2048, 512, threads, threads
	ctx, err := m.NewContext(p)
	if err != nil {
		return 0, err
	}
	defer ctx.Close()
	batch, err := llama.NewBatch(step, 1)
	if err != nil {
		return 0, err
	}
	defer batch.Close()
	decode := func(total, step int) error {
		if err := ctx.Memory().Clear(); err != nil {
			return err
		}
		for pos := 0; pos < total; pos += step {
			batch.Clear()
			for i := range step {
				if err := batch.Add(llama.Token(rand.IntN(m.Info().Vocab)), pos+i, i == step-1, 0); err != nil {
					return err
				}
			}
			if err := ctx.Decode(batch); err != nil {
				return err
			}
			ctx.Synchronize()
		}
		return nil
	}
	if err := decode(warmUp, warmUp); err != nil {
		return 0, err
	}
	begin := time.Now()
	err = decode(total, step)
	return float64(total) / time.Since(begin).Seconds(), err
}

// generateSpeed is what a user of the library sees: prompt and generation of whole
// requests, with sampling, text and events.
func generateSpeed(c config) (s speed, err error) {
	m, err := llm.Open(c.model, llm.ContextSize(promptTokens+1), llm.Threads(c.threads, 0))
	if err != nil {
		return s, err
	}
	defer m.Close()
	long := strings.Repeat(" the", promptTokens)
	for range 2 {
		u, err := usage(m, long, 1)
		if err != nil {
			return s, err
		}
		if u.PromptTokens != promptTokens {
			return s, fmt.Errorf("the prompt has %d tokens, it should have %d", u.PromptTokens, promptTokens)
		}
		s.Prompt = float64(promptTokens) / u.Prompt.Seconds()
	}
	u, err := usage(m, " the", generationTokens+1)
	s.Generation = float64(generationTokens) / u.Generation.Seconds()
	return s, err
}

func usage(m *llm.Model, prompt string, tokens int) (u llm.Usage, err error) {
	for ev, err := range m.Generate(context.Background(), prompt, llm.MaxTokens(tokens), llm.Temperature(0), llm.IgnoreEOG(), llm.NoReuse()) {
		if err != nil {
			return u, err
		}
		if ev.Usage != nil {
			u = *ev.Usage
		}
	}
	return u, nil
}
