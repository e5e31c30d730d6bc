package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/bench/speed"
)

// runOurs measures one run of a path, as llama-bench does: the prompt after one
// like it, the generation after one token.
func runOurs(c config, what string) error {
	var s speeds
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
func decodeSpeed(c config) (s speeds, err error) {
	setup := speed.Setup{Batch: 2048, Ubatch: 512, KeyType: "f16", ValueType: "f16", FlashAttention: "auto", Threads: c.threads}
	load := speed.Load{Model: c.model, GPULayers: -1, SplitMode: "layer"}
	e := &speed.Engine{}
	sensors, _ := speed.OpenSensors(os.DirFS("/"), nil)
	defer sensors.Close()
	r, err := speed.Run(context.Background(), e, sensors, []speed.Test{{Load: load, Setup: setup, Prompt: promptTokens}, {Load: load, Setup: setup, Generation: generationTokens}}, speed.Options{Rounds: 1})
	if err := errors.Join(err, e.Close()); err != nil {
		return s, err
	}
	for _, row := range r.Rows {
		if row.Error != "" {
			return s, fmt.Errorf("%s: %s", row.Test, row.Error)
		}
	}
	return speeds{r.Rows[0].Median, r.Rows[1].Median}, nil
}

// generateSpeed is what a user of the library sees: prompt and generation of whole
// requests, with sampling, text and events.
func generateSpeed(c config) (s speeds, err error) {
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
