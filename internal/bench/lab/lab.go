// Package lab is the machine that levels are compared on: it makes their files, plans and loads
// them, measures their speed, scores them on a text and has them answer tasks, with the engine in
// this process.
//
// It decides nothing, and keeps nothing but files in its cache: package levels says what is done
// when.
package lab

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/bench/levels"
	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/eval"
	"github.com/seed-f87006eb/llm/internal/eval/task"
	"github.com/seed-f87006eb/llm/internal/quantize"
	"github.com/seed-f87006eb/llm/internal/score"
	"github.com/seed-f87006eb/llm/plan"
	"github.com/seed-f87006eb/llm/quant"
)

// Options are what a lab is set up with.
type Options struct {
	Load     Load
	Context  int           // tokens that memory is planned and taken for
	KVTypes  []string      // the first is the reference's
	Card     []plan.Device // none: no card was named
	Headroom uint64        // that stays free on each
	Cache    string        // folder for what is made
	Limit    int64         // of its bytes; 0: none
	Imatrix  string        // file; empty: one is made where it is needed
	Chunks   int           // of text that it is made of; 0: pass.GeneratedChunks
	Isolated bool          // quantize in a child process

	Text   Text
	Window int // tokens; 0: score.DefaultWindow
	Seed   uint64

	Prompt, Generate int // tokens of the speed tests

	Tasks   int    // cases a rung; 0: none
	Longest int    // tokens of the longest prompt that something is to be found in; 0: none
	Suite   string // file with a user's own cases; empty: none

	Progress levels.Progress // of what is done before a run
}

// Load is how every model is loaded.
type Load struct {
	Threads, Batch, Ubatch int
	GPULayers              int      // negative: all
	Devices                []string // nil: the engine's choice; none alone: the CPU
	FlashAttention         *bool    // nil: where the device has it
}

// usualContext is what memory is planned for where nobody says, unless the model was trained on
// less.
const usualContext = 4096

// Text says what is scored: a file, prompts, or, where both are empty, what the model generates.
type Text struct {
	File    string
	Prompts string
	None    bool // nothing is scored
	Windows int  // that are generated; 0: DefaultWindows
}

// DefaultWindows is how many windows a model generates where there is no text.
const DefaultWindows = 32

// Lab is a levels.Lab. One goroutine uses it; the caller closes it.
type Lab struct {
	Options
	Model  levels.Model
	File   *gguf.File
	Tensor [32]byte // hash of its weights
	Vocab  eval.Vocabulary

	engine    engine.Options // of every load, but for the context and KV types
	cache     *quantize.Cache
	reference *score.Model // open while texts are scored
	text      *eval.Text
	described *record.Text
	cases     []task.Case
	asked     bool // for the cases
	group     *group
}

// Open looks at the model at path: its header, its weights' hash.
func Open(ctx context.Context, path string, o Options) (l *Lab, err error) {
	if o.Progress == nil {
		o.Progress = func(string, string, int64, int64) {}
	}
	if o.Window == 0 {
		o.Window = score.DefaultWindow
	}
	if _, err := engine.CheckModel(path, true, nil); err != nil {
		return nil, err
	}
	f, err := gguf.Open(path)
	if err != nil {
		return nil, err
	}
	opened := &Lab{Options: o, File: f}
	l = opened
	l.engine = engine.Options{Threads: o.Load.Threads, Batch: o.Load.Batch, Ubatch: o.Load.Ubatch, FlashAttention: o.Load.FlashAttention}
	l.engine.Placement.GPULayers, l.engine.Placement.Devices = &l.Options.Load.GPULayers, o.Load.Devices
	defer func() {
		if err != nil {
			err = errors.Join(err, opened.Close())
		}
	}()
	source, err := quant.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	size, err := fileBytes(f, path)
	if err != nil {
		return nil, err
	}
	l.Model = levels.Model{Path: path, Type: f.FileType(), Source: source, Bytes: size}
	if l.Vocab, err = eval.VocabularyOf(f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	hash, err := f.Hash(ctx, func(done, total int64) { o.Progress("hash", filepath.Base(path), done, total) })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	l.Tensor = hash.Sum
	if l.Context == 0 {
		l.Context = usualContext
		if t := l.trained(); t > 0 {
			l.Context = min(t, usualContext)
		}
	}
	l.cache = &quantize.Cache{Dir: filepath.Join(o.Cache, "levels"), Limit: o.Limit}
	return l, nil
}

// Hash is that of the weights, as a text.
func (l *Lab) Hash() string { return hex.EncodeToString(l.Tensor[:]) }

// fileBytes is the size of a model's file, of all its parts where it is split.
func fileBytes(f *gguf.File, path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return max(info.Size(), f.Parameters(nil).Bytes), nil
}

// Close frees everything.
func (l *Lab) Close() error {
	errs := []error{l.closeGroup()}
	if l.reference != nil {
		errs = append(errs, l.reference.Close())
	}
	if l.cache != nil {
		errs = append(errs, l.cache.Close())
	}
	return errors.Join(append(errs, l.File.Close())...)
}

// engineOptions are of a load with a KV type and a context.
func (l *Lab) engineOptions(kv string, context int) engine.Options {
	o := l.engine
	o.Context, o.KeyType, o.ValueType = context, kv, kv
	return o
}
