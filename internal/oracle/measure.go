package oracle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// load has the engine load the model without its weights. Cancelling ctx stops it.
func load(ctx context.Context, path string, p llama.ModelParams) (*llama.Model, error) {
	p.NoAlloc = true
	p.Progress = func(float32) bool { return ctx.Err() == nil }
	m, err := llama.LoadModel(path, p)
	if errors.Is(err, llama.ErrCanceled) {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, explainLoad(err, path)
	}
	return m, nil
}

// measure makes a context of a simulated model, and accounts for it.
func measure(m *llama.Model, devices []string, p llama.ContextParams) (*plan.Memory, error) {
	if i := m.Info(); i.Encoder && i.Decoder && p.Sequences > 1 {
		// Its graph asserts on the shape of cross attention.
		return nil, impossible("an encoder-decoder model takes one sequence at a time, not %d", p.Sequences)
	}
	c, err := m.NewContext(p)
	if err != nil {
		return nil, explainContext(err)
	}
	memory := Account(m, c, devices, p.Embeddings)
	return memory, c.Close()
}

// Account sorts the engine's buffers of a model and a context by device. Devices are their
// names; what is on none of them is the host's. Embeddings: it computes them, not logits.
func Account(m *llama.Model, c *llama.Context, devices []string, embeddings bool) *plan.Memory {
	info := c.Info()
	memory := &plan.Memory{Devices: make([]plan.Use, len(devices)), Context: info.Context, ContextSeq: info.ContextSeq}
	for _, use := range c.MemoryUse() {
		to := &memory.Host
		// A device's own kind of host memory counts as the CPU's.
		if i := find(devices, use.Device); i >= 0 {
			to = &memory.Devices[i]
		} else if !use.Host { // the CPU has rearranged them, for instance in CPU_REPACK
			to.Repacked += use.Model
		}
		to.Weights += use.Model
		to.KV += use.Context
		to.Compute += use.Compute
	}
	memory.Host.Output = outputSize(m, info, embeddings)
	for _, device := range m.LayerDevices() {
		memory.Layers = append(memory.Layers, find(devices, device))
	}
	return memory
}

// find is which of the devices has this name; -1: the CPU.
func find(devices []string, name string) int {
	return slices.IndexFunc(devices, func(d string) bool { return strings.EqualFold(d, name) })
}

// outputSize is the buffer that logits and embeddings are handed out in, which the engine's
// account leaves out: src/llama-context.cpp@v0.5.0, output_reserve. It has a row for each
// sequence at first, and grows with what a batch asks for.
func outputSize(m *llama.Model, c llama.ContextInfo, embeddings bool) uint64 {
	numbers := m.Info().Vocab
	arch, _ := m.Meta("general.architecture")
	if embeddings || arch == "t5" {
		numbers += embeddingOut(m, c, arch)
	}
	return uint64(numbers) * uint64(c.Sequences) * 4
}

// embeddingOut is how many numbers an embedding has, also where they become scores.
func embeddingOut(m *llama.Model, c llama.ContextInfo, arch string) int {
	if c.Pooling != llama.PoolingRank {
		return c.Embedding
	}
	text, _ := m.Meta(arch + ".embedding_length_out")
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return n
	}
	return m.Info().Embedding
}

// impossible is a refusal.
func impossible(format string, args ...any) error {
	return &plan.Impossible{Reason: fmt.Sprintf(format, args...)}
}

// explainLoad tells a placement that the engine refuses from a file that it cannot load.
func explainLoad(err error, path string) error {
	var le *llama.Error
	if !errors.As(err, &le) {
		return err
	}
	text := strings.TrimSuffix(llama.Plain(le.Message), "; failed to load model")
	text = strings.TrimPrefix(strings.ReplaceAll(text, path, "the header"), "error loading model: ")
	if errors.Is(err, llama.ErrInvalid) {
		return impossible("%s", text)
	}
	for _, words := range []string{"main_gpu", "split buffers", "SPLIT_MODE"} {
		if strings.Contains(text, words) {
			return impossible("%s; choose other devices, or another split mode", text)
		}
	}
	return fmt.Errorf("the engine cannot load this model: %s (%w)", text, le.Kind)
}

// explainContext does the same for a context. What an assertion leaves is no answer.
func explainContext(err error) error {
	var le *llama.Error
	if !errors.As(err, &le) || !errors.Is(err, llama.ErrInvalid) && !errors.Is(err, llama.ErrEngine) {
		return fmt.Errorf("the engine failed while it planned: %w", err)
	}
	return impossible("%s", llama.Plain(le.Message))
}
