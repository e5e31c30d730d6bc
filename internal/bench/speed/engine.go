package speed

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/oracle"
	"github.com/seed-f87006eb/llm/llama"
)

// Placement is what all tests have in common of where a model goes.
type Placement struct {
	Devices     []string // nil: the engine's choice; none alone: the CPU
	MainGPU     int
	TensorSplit []float32
	Overrides   [][2]string // regular expressions of names, and buffers
	NoOpOffload bool
	NoHost      bool
	NoRepack    bool
}

// usuallyKept is Engine.Kept where that is 0.
const usuallyKept = 1 << 30

// Engine is a Machine: the engine in this process, through package llama. One model is loaded
// at a time. The caller closes it.
type Engine struct {
	Placement Placement
	NoWarmup  bool
	Seed      uint64 // of the random tokens
	// Kept is how many bytes the buffers of open contexts may take together, beside the one in
	// use: making one anew costs a warm-up, and its depth must be filled again. 0: 1 GiB.
	Kept uint64
	// Progress, where it is not nil, is told of a load.
	Progress func(path string, fraction float32)

	random    *rand.Rand
	oracles   map[string]*oracle.Oracle // by model; nil: the engine will say why
	plans     map[Test]planned
	loadTimes map[Load][]time.Duration
	loaded    *loaded
	ready     *opened
}

// loaded is the model that is there.
type loaded struct {
	load     Load
	model    *llama.Model
	contexts []*opened // the one that was used last is the last
}

// opened is a context.
type opened struct {
	setup   Setup
	size    int
	context *llama.Context
	batch   *llama.Batch
	memory  []Memory
	warm    map[[2]int]bool // prompt and generation
	filled  int             // tokens of a depth that memory begins with
	first   int             // position of the first of them that memory still had then
	state   []byte          // of filled tokens, where memory cannot drop what came after
	keep    bool            // state is wanted
}

func (o *opened) bytes() (sum uint64) {
	for _, m := range o.memory {
		sum += m.KV + m.Compute
	}
	return sum
}

func (o *opened) close() error { return errors.Join(o.batch.Close(), o.context.Close()) }

// Close frees the model.
func (e *Engine) Close() error {
	errs := []error{e.unload()}
	for _, o := range e.oracles {
		if o != nil {
			errs = append(errs, o.Close())
		}
	}
	e.random = nil
	return errors.Join(errs...)
}

func (e *Engine) unload() error {
	if e.loaded == nil {
		return nil
	}
	var errs []error
	for _, o := range e.loaded.contexts {
		errs = append(errs, o.close())
	}
	errs = append(errs, e.loaded.model.Close())
	e.loaded, e.ready = nil, nil
	return errors.Join(errs...)
}

// options are what a model is loaded with.
func (e *Engine) options(l Load) engine.Options {
	p := &e.Placement
	to := engine.Placement{
		GPULayers: &l.GPULayers, Devices: p.Devices, SplitMode: l.SplitMode, MainGPU: p.MainGPU, TensorSplit: p.TensorSplit,
		NoHost: p.NoHost, NoRepack: p.NoRepack, NoOpOffload: p.NoOpOffload,
	}
	for _, o := range p.Overrides {
		to.Overrides = append(to.Overrides, llama.Override{Pattern: o[0], Buffer: o[1]})
	}
	if l.CPUMoE != 0 {
		to.Overrides = append(to.Overrides, engine.ExpertsOnCPU(l.CPUMoE))
	}
	return engine.Options{Placement: to}
}

// contextParams are what a test's context is made with: as llama-bench does, with room for one
// row of logits, which is what both ask for.
func (e *Engine) contextParams(t Test) (llama.ContextParams, error) {
	p, s := llama.DefaultContextParams(), t.Setup
	p.Context, p.Batch, p.Ubatch, p.Outputs = t.Context(), s.Batch, s.Ubatch, 1
	p.Threads, p.ThreadsBatch = s.Threads, s.Threads
	p.OffloadKQV, p.OpOffload, p.FullSWA = !s.NoKVOffload, !e.Placement.NoOpOffload, false
	p.FlashAttention = llama.FlashAttention(flashAttention(s.FlashAttention))
	var err, err2 error
	p.KeyType, err = llama.ParseKVType(s.KeyType)
	p.ValueType, err2 = llama.ParseKVType(s.ValueType)
	return p, errors.Join(err, err2)
}

// Ready is of Machine.
func (e *Engine) Ready(ctx context.Context, t Test) (Facts, error) {
	if e.random == nil {
		e.random = rand.New(rand.NewPCG(e.Seed, 0))
		e.oracles = map[string]*oracle.Oracle{}
		e.plans, e.loadTimes = map[Test]planned{}, map[Load][]time.Duration{}
	}
	e.ready = nil
	if err := e.plan(ctx, t); err != nil {
		return Facts{}, err
	}
	if err := e.load(ctx, t.Load); err != nil {
		return Facts{}, err
	}
	o, err := e.open(ctx, t)
	if err == nil {
		err = e.prepare(ctx, o, t)
	}
	if err != nil {
		return Facts{}, err
	}
	e.ready = o
	i, c := e.loaded.model.Info(), o.context.Info()
	return Facts{
		ModelType: i.Description, ModelSize: i.Size, ModelParams: i.Params, LoadTimes: slices.Clone(e.loadTimes[t.Load]),
		Batch: c.Batch, Ubatch: c.Ubatch, Memory: o.memory, OnDevice: len(e.loaded.model.Devices()) > 0, ContextTrain: i.ContextTrain,
	}, nil
}

// load makes the test's model the one that is there.
func (e *Engine) load(ctx context.Context, l Load) error {
	if e.loaded != nil && e.loaded.load == l {
		return nil
	}
	if err := e.unload(); err != nil {
		return err
	}
	o := e.options(l)
	o.Progress = func(fraction float32) {
		if e.Progress != nil {
			e.Progress(l.Model, fraction)
		}
	}
	begin := time.Now()
	m, err := engine.Load(ctx, l.Model, o, nil)
	if err != nil {
		return err
	}
	e.loadTimes[l] = append(e.loadTimes[l], time.Since(begin))
	e.loaded = &loaded{load: l, model: m}
	return nil
}

// open makes the test's context the one that was used last.
func (e *Engine) open(ctx context.Context, t Test) (*opened, error) {
	l := e.loaded
	if i := slices.IndexFunc(l.contexts, func(o *opened) bool { return o.setup == t.Setup && o.size == t.Context() }); i >= 0 {
		o := l.contexts[i]
		l.contexts = append(slices.Delete(l.contexts, i, i+1), o)
		return o, nil
	}
	p, err := e.contextParams(t)
	if err != nil {
		return nil, err
	}
	kept := cmp.Or(e.Kept, usuallyKept)
	if err := l.makeRoom(kept, e.plans[t].bytes()); err != nil {
		return nil, err
	}
	c, err := l.model.NewContext(p)
	if err != nil && len(l.contexts) > 0 { // maybe for lack of memory
		if err := l.makeRoom(0, 1); err != nil {
			return nil, err
		}
		c, err = l.model.NewContext(p)
	}
	if err != nil {
		return nil, err
	}
	if !c.Info().Memory {
		return nil, errors.Join(errors.New("the model makes embeddings and has no KV cache: it neither reads a prompt bit by bit nor generates"), c.Close())
	}
	batch, err := llama.NewBatch(max(min(c.Info().Batch, max(t.Prompt, t.Depth)), 1), 1)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	devices := l.model.Devices()
	o := &opened{setup: t.Setup, size: t.Context(), context: c, batch: batch, warm: map[[2]int]bool{},
		memory: memoryOf(devices, oracle.Account(l.model, c, devices, false))}
	l.contexts = append(l.contexts, o)
	return o, nil
}

// makeRoom closes contexts, those that were not used for the longest time first, until those
// that stay take at most kept bytes with a new one.
func (l *loaded) makeRoom(kept, needed uint64) error {
	sum := needed
	for _, o := range l.contexts {
		sum += o.bytes()
	}
	for len(l.contexts) > 0 && sum > kept {
		o := l.contexts[0]
		sum -= o.bytes()
		l.contexts = l.contexts[1:]
		if err := o.close(); err != nil {
			return err
		}
	}
	return nil
}
