package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
)

// Engine is a loaded model with a context, and another one for embeddings when they
// are asked for. Its methods may be called from any goroutine.
type Engine struct {
	Tokenizer
	templates   *llama.ChatTemplates // nil: see templateErr
	templateErr error
	cacheable   bool // what they render depends on nothing but the request
	rendered    rendered
	breakers    sync.Map // of DRY: lists of texts as tokens
	adapters    adapters
	options     Options
	asked       int // the context, before Options.Fit chose one
	info        Info

	// cannotGenerate is why a model that makes embeddings does nothing else.
	cannotGenerate error

	progress, embedProgress atomic.Pointer[llama.Context]

	work chan func(*owner) // unbuffered: senders wait in the order in which they came
	quit chan struct{}     // closed by Close
	done chan struct{}     // closed when the owner goroutine is gone

	close    sync.Once
	closeErr error
}

// Info describes a loaded model and its context.
type Info struct {
	Path          string
	Model         llama.ModelInfo
	Context       llama.ContextInfo
	ContextReason string // why the context has this size
	Threads       int
	ThreadsBatch  int
	ChatTemplate  bool
	// ChatTemplateProblem is why the model's own template cannot be used; empty where
	// it can, and where there is none.
	ChatTemplateProblem string
	LoadTime            time.Duration
	Memory              []llama.MemoryUse
	// Shares are the devices that the model uses, and the CPU, with what each has of it.
	Shares []llama.DeviceShare
	// Chosen is what Options.Fit chose, in a clause; empty: nothing.
	Chosen string
	// Notices are what became of the choices of its load otherwise than they say.
	Notices []string
	// Plan is what was planned beside what was taken; nil unless Options.ComparePlan asks.
	Plan *PlanReport
}

// Open loads the model at path. Cancelling ctx stops the load.
func Open(ctx context.Context, path string, o Options) (*Engine, error) {
	begin, asked := time.Now(), o.Context
	var chosen string
	var notices []string
	badTemplate, err := CheckModel(path, true, func(f *gguf.File) {
		if o.Fit && o.Shared == 0 {
			chosen, notices = o.fit(ctx, f)
		}
	})
	if err != nil {
		return nil, err
	}
	params, err := o.modelParams()
	if err == nil {
		err = o.Placement.Check()
	}
	if err != nil {
		return nil, fmt.Errorf("open model %s: %w", path, err)
	}
	model, err := o.weights(ctx, path, params)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		Tokenizer: Tokenizer{model: model},
		options:   o,
		asked:     asked,
		work:      make(chan func(*owner)),
		quit:      make(chan struct{}),
		done:      make(chan struct{}),
	}
	if o.ChatTemplate == "" {
		e.templateErr = badTemplate
	}
	e.info.Chosen = chosen
	owner, err := e.setUp(path)
	if err == nil && ctx.Err() != nil {
		err = errors.Join(fmt.Errorf("loading was stopped: %w", context.Cause(ctx)), owner.close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open model %s: %w", path, err), e.free())
	}
	e.info.Notices = append(e.info.Notices, notices...)
	e.info.LoadTime = time.Since(begin)
	go owner.loop()
	return e, nil
}

// weights loads the file at path, which is checked, or takes what was loaded from it.
func (o *Options) weights(ctx context.Context, path string, p llama.ModelParams) (*llama.Model, error) {
	if o.Shared == 0 {
		model, err := loadModel(ctx, path, o.Progress, p)
		return model, explainModelMemory(err, path, o)
	}
	model, err := llama.SharedModel(o.Shared)
	if err != nil {
		return nil, fmt.Errorf("open model %s: %w", path, err)
	}
	return model, nil
}

// WeightsID is what Options.Shared names the weights by; 0 after Close.
func (e *Engine) WeightsID() (id uint64) {
	e.use(func() error { id = e.model.ID(); return nil })
	return id
}

// loadModel loads the file at path, which is checked. Cancelling ctx stops it.
func loadModel(ctx context.Context, path string, progress func(float32), p llama.ModelParams) (*llama.Model, error) {
	p.Progress = func(fraction float32) bool {
		if ctx.Err() == nil && progress != nil {
			progress(fraction)
		}
		return ctx.Err() == nil
	}
	model, err := llama.LoadModel(path, p)
	switch {
	case errors.Is(err, llama.ErrCanceled):
		return nil, fmt.Errorf("open model %s: loading was stopped: %w", path, context.Cause(ctx))
	case err != nil:
		return nil, fmt.Errorf("open model %s: %w", path, explainLoad(err))
	}
	return model, nil
}

// errOnlyEmbeds: the model has an encoder and nothing else.
var errOnlyEmbeds = fmt.Errorf("generating text is %w by this model: it makes embeddings", chat.ErrUnsupported)

// checkGenerates refuses models that this package has no loop for.
func checkGenerates(i llama.ModelInfo) error {
	switch {
	case !i.Decoder:
		return errOnlyEmbeds
	case i.Encoder:
		return fmt.Errorf("encoder-decoder models are %w; use a decoder-only model", chat.ErrUnsupported)
	case i.Diffusion:
		return fmt.Errorf("diffusion models are %w; use an autoregressive model", chat.ErrUnsupported)
	case i.Vocab == 0 || i.VocabType == 0:
		return fmt.Errorf("files without a vocabulary are %w: they cannot turn text into tokens", chat.ErrUnsupported)
	}
	return nil
}

// setUp makes the contexts and what belongs to them, and hands them to their owner.
func (e *Engine) setUp(path string) (*owner, error) {
	o, mi := e.options, e.model.Info()
	e.info = Info{Path: path, Model: mi, Chosen: e.info.Chosen, Shares: e.model.Shares(), Notices: o.Placement.notices(e.model)}
	var err error
	if e.adapters, err = loadAdapters(e.model, o); err != nil {
		return nil, err
	}
	switch err = checkGenerates(mi); {
	case err == errOnlyEmbeds:
		return e.setUpEmbeddings()
	case err != nil:
		return nil, err
	}
	size, reason := chooseContext(o.Context, mi.ContextTrain)
	if e.asked == 0 && o.Context != 0 {
		reason = "as fits the devices"
	}
	params, err := o.contextParams(size)
	if err != nil {
		return nil, err
	}
	if e.templateErr == nil {
		e.templates, e.templateErr = e.model.NewChatTemplates(o.ChatTemplate)
	}
	if e.templateErr != nil && o.ChatTemplate != "" {
		return nil, e.templateErr
	}
	e.cacheable = e.templates != nil && cacheable(e.templates.Source())
	if err := checkMemory(path, o, params); err != nil {
		return nil, err
	}
	c, err := e.model.NewContext(params)
	if err != nil {
		return nil, e.explainContextMemory(explainContext(err, size, mi), params)
	}
	if !c.Info().Memory { // BERT and its kind
		if err := c.Close(); err != nil {
			return nil, err
		}
		return e.setUpEmbeddings()
	}
	batch, err := llama.NewBatch(c.Info().Batch, 1)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	n := c.Info().ContextSeq
	if n != size {
		reason = fmt.Sprintf("%d %s, padded by the engine", size, reason)
	}
	e.describe(c, params, reason)
	e.progress.Store(c)
	return &owner{engine: e, ctx: c, batch: batch, memory: c.Memory(), size: n, tokens: make([]llama.Token, 0, n), pieces: pieces{}}, nil
}

// setUpEmbeddings is setUp for models that do nothing else.
func (e *Engine) setUpEmbeddings() (*owner, error) {
	e.cannotGenerate = errOnlyEmbeds
	m, err := e.newEmbedder()
	if err != nil {
		return nil, err
	}
	size, reason := e.embedContext()
	params, err := e.options.embedParams(size, m.ctx.Info().Pooling)
	if err != nil {
		return nil, errors.Join(err, m.close())
	}
	e.describe(m.ctx, params, reason)
	e.embedProgress.Store(m.ctx)
	return &owner{engine: e, embedder: m}, nil
}

func (e *Engine) describe(c *llama.Context, p llama.ContextParams, reason string) {
	e.info.Context = c.Info()
	e.info.ContextReason = reason
	e.info.Threads, e.info.ThreadsBatch = p.Threads, p.ThreadsBatch
	e.info.ChatTemplate = e.templates != nil
	if e.templateErr != nil && !errors.Is(e.templateErr, llama.ErrInvalid) {
		e.info.ChatTemplateProblem = e.templateErr.Error()
	}
	e.info.Memory = c.MemoryUse()
	if e.options.ComparePlan {
		e.info.Plan = e.comparePlan(c, p)
	}
}

// free frees what the owner does not own.
func (e *Engine) free() error {
	err := errors.Join(e.adapters.close(), e.Tokenizer.Close())
	if e.templates != nil {
		err = errors.Join(e.templates.Close(), err)
	}
	return err
}

// Progress is how far computation has come: a number that grows while one runs.
func (e *Engine) Progress() (n uint64) {
	e.use(func() error {
		for _, c := range []*llama.Context{e.progress.Load(), e.embedProgress.Load()} {
			if c != nil {
				n += c.Progress()
			}
		}
		return nil
	})
	return n
}

// Close stops the running request, refuses the queued ones (chat.ErrClosed) and
// frees everything. It may be called from within a Generate loop; a second Close
// returns the same.
func (e *Engine) Close() error {
	e.close.Do(func() {
		e.shut()
		close(e.quit)
		<-e.done
		e.closeErr = e.free()
	})
	return e.closeErr
}

// Info describes the model and its context.
func (e *Engine) Info() Info { return e.info }
