package machine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/seed-f87006eb/llm/internal/doctor"
	"github.com/seed-f87006eb/llm/llama"
)

// Task is what the process of a device is to do.
type Task struct {
	Device    doctor.Device
	Model     string        // a file
	Synthetic bool          // of which there is no text
	Threads   int           // of the CPU; 0: the physical cores
	Time      time.Duration // of each measurement
	Reference string        // a file for the CPU's logits: made where it is missing
}

// update is what that process says: where it is, and all that it knows of the device.
type update struct {
	Step     string         `json:"step"`
	Fraction float64        `json:"fraction"`
	Device   *doctor.Device `json:"device,omitempty"`
}

// Sizes of the check: 64 tokens, of which the device evaluates half at once, as a prompt,
// and half one by one, as when it generates. The CPU evaluates all at once.
const (
	checkTokens = 64
	checkPrompt = 32
	// promptColumns is what a product has at most for a prompt: the engine's ubatch.
	promptColumns = 512
)

var (
	productTypes  = []string{"f16", "q4_K"}
	accuracyTypes = []string{"f32", "f16", "bf16", "q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q2_K", "q3_K", "q4_K", "q5_K", "q6_K", "iq4_nl", "iq4_xs", "mxfp4"}
)

// examination is a task at work.
type examination struct {
	Task
	ctx    context.Context
	probe  llama.ProbeParams
	report func(update)
}

// examine does a task. What fails is among the device's failures.
func examine(ctx context.Context, t Task, report func(update)) {
	e := &examination{Task: t, ctx: ctx, report: report}
	e.step("device", e.find)
	if len(e.Device.Failures) == 0 {
		e.step("copy", e.copy)
		e.step("products", e.products)
		e.step("accuracy", e.accuracy)
		e.step("logits", e.logits)
	}
}

func (e *examination) step(name string, do func(progress func(float64)) error) {
	if e.ctx.Err() != nil {
		return
	}
	e.report(update{Step: name, Device: &e.Device})
	var last time.Time
	err := do(func(fraction float64) {
		if time.Since(last) > 50*time.Millisecond {
			last = time.Now()
			e.report(update{Step: name, Fraction: fraction})
		}
	})
	if err != nil && e.ctx.Err() == nil {
		e.Device.Failures = append(e.Device.Failures, doctor.Failure{Step: name, Error: err.Error()})
	}
	e.report(update{Step: name, Fraction: 1, Device: &e.Device})
}

// find makes sure that this process has the device, too.
func (e *examination) find(func(float64)) error {
	all, err := llama.Devices()
	if err != nil {
		return err
	}
	if e.Device.Index >= len(all) || all[e.Device.Index].Name != e.Device.Name {
		return fmt.Errorf("device %d is not %s in another process of the same program", e.Device.Index, e.Device.Name)
	}
	const unknown = 1 << 30 // where the device does not tell
	free := cmp.Or(all[e.Device.Index].MemoryFree, unknown)
	e.probe = llama.ProbeParams{Device: e.Device.Index, Threads: e.Threads, Time: e.Time, MaxBytes: min(free/4, unknown)}
	return nil
}

func (e *examination) copy(func(float64)) error {
	p, err := llama.ProbeCopy(e.ctx, e.probe)
	if err != nil && !errors.Is(err, llama.ErrNoOperation) {
		return err
	}
	e.Device.Copy = speed(p, float64(p.Bytes))
	return nil
}

// speed is an amount by the time it took; nil: nothing was measured.
func speed(p llama.Probe, amount float64) *doctor.Speed {
	if p.Rounds == 0 || p.Best <= 0 {
		return nil
	}
	return &doctor.Speed{Rounds: p.Rounds, Best: amount / p.Best.Seconds(), Median: amount / p.Median.Seconds()}
}

func (e *examination) products(progress func(float64)) error {
	for i, kind := range productTypes {
		for j, columns := range []int{promptColumns, 1} {
			progress(float64(2*i+j) / float64(2*len(productTypes)))
			p, err := llama.ProbeProduct(e.ctx, e.probe, kind, columns)
			if err != nil && !errors.Is(err, llama.ErrNoOperation) {
				return err
			}
			product := doctor.Product{Type: kind, Columns: p.Columns, Flop: speed(p, p.Flop), Unsupported: err != nil}
			if columns == 1 {
				product.Columns, product.Weights = 1, speed(p, float64(p.Bytes))
			}
			e.Device.Products = append(e.Device.Products, product)
		}
	}
	return nil
}

func (e *examination) accuracy(progress func(float64)) error {
	for i, kind := range accuracyTypes {
		progress(float64(i) / float64(len(accuracyTypes)))
		nmse, err := llama.ProbeAccuracy(e.probe, kind)
		if err != nil && !errors.Is(err, llama.ErrNoOperation) {
			return err
		}
		e.Device.Accuracy = append(e.Device.Accuracy, doctor.Accuracy{Type: kind, NMSE: doctor.Float(nmse), Unsupported: err != nil})
		if e.ctx.Err() != nil {
			break
		}
	}
	return nil
}

func (e *examination) logits(progress func(float64)) error {
	tokens, err := e.tokens()
	if err != nil {
		return err
	}
	reference, vocab, err := e.reference(tokens, func(fraction float32) { progress(float64(fraction) / 2) })
	if err != nil {
		return fmt.Errorf("on the CPU: %w", err)
	}
	rows, _, err := llama.Logits(e.ctx, e.Model, tokens, llama.LogitsParams{
		Device: e.Device.Index, Threads: e.Threads, Prompt: checkPrompt, Batch: checkPrompt,
		Progress: func(fraction float32) { progress(0.5 + float64(fraction)/2) },
	})
	if err != nil {
		return err
	}
	c := doctor.Compare(reference, rows, vocab)
	c.Prompt, c.Limit = checkPrompt, doctor.ModelLimit
	if e.Synthetic {
		c.Limit = doctor.SyntheticLimit
	}
	e.Device.Logits = &c
	return nil
}

// reference are the logits of the CPU, all tokens at once, kept in a file for the next
// device.
func (e *examination) reference(tokens []llama.Token, progress func(float32)) ([]float32, int, error) {
	if rows, err := readRows(e.Reference); err == nil {
		return rows, len(rows) / checkTokens, nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, 0, err
	}
	rows, vocab, err := llama.Logits(e.ctx, e.Model, tokens, llama.LogitsParams{
		Device: llama.CPUAlone, Threads: e.Threads, Prompt: checkTokens, Batch: checkTokens, Progress: progress,
	})
	if err != nil {
		return nil, 0, err
	}
	if slices.ContainsFunc(rows, func(v float32) bool { return v != v }) {
		return nil, 0, doctor.ErrNoNumbers
	}
	return rows, vocab, writeRows(e.Reference, rows)
}
