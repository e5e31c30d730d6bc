package engine

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/seed-f87006eb/llm/llama"
)

// Engine is a loaded model with one context. Its methods may be called from any
// goroutine.
type Engine struct {
	Tokenizer
	templates   *llama.ChatTemplates // nil: see templateErr
	templateErr error
	info        Info

	jobs chan *job     // unbuffered: senders wait in the order in which they came
	quit chan struct{} // closed by Close
	done chan struct{} // closed when the owner goroutine is gone

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
	LoadTime      time.Duration
	Memory        []llama.MemoryUse
}

// Open loads the model at path. Cancelling ctx stops the load.
func Open(ctx context.Context, path string, o Options) (*Engine, error) {
	begin := time.Now()
	model, err := loadModel(ctx, path, o.Progress, o.modelParams())
	if err != nil {
		return nil, err
	}
	e := &Engine{
		Tokenizer: Tokenizer{model: model},
		jobs:      make(chan *job),
		quit:      make(chan struct{}),
		done:      make(chan struct{}),
	}
	owner, err := e.setUp(path, o)
	if err == nil && ctx.Err() != nil {
		err = errors.Join(fmt.Errorf("loading was stopped: %w", context.Cause(ctx)), owner.close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open model %s: %w", path, err), e.free())
	}
	e.info.LoadTime = time.Since(begin)
	go owner.run()
	return e, nil
}

// loadModel loads the file at path. Cancelling ctx stops it.
func loadModel(ctx context.Context, path string, progress func(float32), p llama.ModelParams) (*llama.Model, error) {
	if err := checkFile(path); err != nil {
		return nil, fmt.Errorf("open model %w", err)
	}
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

// checkGenerates refuses models that this package has no loop for.
func checkGenerates(i llama.ModelInfo) error {
	switch {
	case !i.Decoder:
		return errors.New("this model has an encoder only: it makes embeddings, it cannot generate text")
	case i.Encoder:
		return errors.New("encoder-decoder models are not supported; use a decoder-only model")
	case i.Diffusion:
		return errors.New("diffusion models are not supported; use an autoregressive model")
	case i.Vocab == 0 || i.VocabType == 0:
		return errors.New("the file has no vocabulary: it cannot turn text into tokens")
	}
	return nil
}

// setUp makes the context and what belongs to it, and hands them to their owner.
func (e *Engine) setUp(path string, o Options) (*owner, error) {
	mi := e.model.Info()
	if err := checkGenerates(mi); err != nil {
		return nil, err
	}
	size, reason := chooseContext(o.Context, mi.ContextTrain)
	params, err := o.contextParams(size)
	if err != nil {
		return nil, err
	}
	e.templates, e.templateErr = e.model.NewChatTemplates(o.ChatTemplate)
	if e.templateErr != nil && o.ChatTemplate != "" {
		return nil, e.templateErr
	}
	if err := checkMemory(path, o, params); err != nil {
		return nil, err
	}
	c, err := e.model.NewContext(params)
	if err != nil {
		return nil, explainContext(err, size, mi)
	}
	if _, _, err := c.Memory().Range(0); err != nil { // BERT and its kind
		return nil, errors.Join(errors.New("this model makes embeddings, it cannot generate text"), c.Close())
	}
	batch, err := llama.NewBatch(c.Info().Batch, 1)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if got := c.Info().ContextSeq; got != size {
		reason = fmt.Sprintf("%d %s, padded by the engine", size, reason)
	}
	e.info = Info{
		Path:          path,
		Model:         mi,
		Context:       c.Info(),
		ContextReason: reason,
		Threads:       params.Threads,
		ThreadsBatch:  params.ThreadsBatch,
		ChatTemplate:  e.templates != nil,
		Memory:        c.MemoryUse(),
	}
	n := c.Info().ContextSeq
	return &owner{engine: e, ctx: c, batch: batch, memory: c.Memory(), size: n, tokens: make([]llama.Token, 0, n), pieces: pieces{}}, nil
}

// free frees what the owner does not own.
func (e *Engine) free() error {
	err := e.Tokenizer.Close() // waits for the last caller that uses the model
	if e.templates != nil {
		err = errors.Join(e.templates.Close(), err)
	}
	return err
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

// functionPrefix is how the engine begins its log lines: "llama_model_load: ".
var functionPrefix = regexp.MustCompile(`(^|; )\w+: `)

// explainLoad shortens the engine's report of a failed load to what happened.
func explainLoad(err error) error {
	var le *llama.Error
	if !errors.As(err, &le) {
		return err
	}
	text := functionPrefix.ReplaceAllString(le.Message, "$1")
	text = strings.TrimSuffix(text, "; failed to load model")
	text = strings.TrimPrefix(text, "error loading model: ")
	hint := "the file is damaged, or of a kind that this engine does not know"
	if strings.Contains(text, "file bounds") || strings.Contains(text, "corrupted or incomplete") || strings.Contains(text, "truncated") {
		hint = "the file is incomplete: fetch it again"
	}
	return fmt.Errorf("%s; %s (%w)", text, hint, le.Kind)
}

func explainContext(err error, size int, mi llama.ModelInfo) error {
	var le *llama.Error
	if !errors.As(err, &le) {
		return err
	}
	text := functionPrefix.ReplaceAllString(le.Message, "$1")
	return fmt.Errorf("a context of %d tokens could not be made: %s; ask for a smaller one (the model was trained on %d tokens) (%w)",
		size, text, mi.ContextTrain, le.Kind)
}
