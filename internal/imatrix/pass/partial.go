package pass

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"time"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/imatrix"
	"github.com/seed-f87006eb/llm/llama"
)

// ErrResume is for partial results that this pass cannot go on from.
var ErrResume = errors.New("it cannot be resumed; run without resuming, which begins anew")

// Keys of partial results beside those of an importance matrix, which they are too.
const (
	keyModel    = "llm.imatrix.model"
	keyText     = "llm.imatrix.text"
	keySettings = "llm.imatrix.settings"
	keyDone     = "llm.imatrix.done"
	keyScored   = "llm.imatrix.scored"
	keyScore    = "llm.imatrix.score"
	keyRunning  = "llm.imatrix.perplexities"
	keyTokens   = "llm.imatrix.tokens"
)

// partial is what a pass before has left.
type partial struct {
	matrix *imatrix.Matrix
	done   int
	score  scores
	tokens []llama.Token // of the model's own text
}

// save writes partial results, in the place of those before.
func (p *pass) save() error {
	w, err := p.matrix().GGUF()
	if err != nil {
		return err
	}
	values := []struct {
		key   string
		value any
	}{
		{keyModel, p.origin.model}, {keyText, p.origin.text}, {keySettings, p.origin.settings},
		{keyDone, uint32(p.done)}, {keyScored, uint64(p.score.n)},
		{keyScore, []float64{p.score.sum, p.score.square}}, {keyRunning, append([]float64{}, p.score.running...)},
	}
	if p.Text == "" {
		values = append(values, struct {
			key   string
			value any
		}{keyTokens, p.tokens32()})
	}
	for _, v := range values {
		value, err := gguf.NewValue(v.value)
		if err == nil {
			err = w.Set(v.key, value)
		}
		if err != nil {
			return err
		}
	}
	if err := gguf.Create(context.WithoutCancel(p.ctx), []gguf.Output{{Path: p.Output + PartialEnd, Content: w}}, true, nil); err != nil {
		return err
	}
	p.saved, p.savedAt = time.Now(), p.done
	return nil
}

func (p *pass) tokens32() []int32 {
	v := make([]int32, len(p.tokens))
	for i, t := range p.tokens {
		v[i] = int32(t)
	}
	return v
}

// readPartial is what a pass before has left, where it is asked for and there is something.
func (p *pass) readPartial() (*partial, error) {
	path := p.Output + PartialEnd
	if !p.Resume {
		return nil, nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	f, err := gguf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, err, ErrResume)
	}
	defer f.Close()
	for _, o := range []struct{ what, was, is string }{
		{"another model", f.Text(keyModel), p.origin.model},
		{"another text", f.Text(keyText), p.origin.text},
		{"other settings", f.Text(keySettings), p.origin.settings},
	} {
		if o.was != o.is {
			return nil, fmt.Errorf("%s was begun with %s (%s, now %s): %w", path, o.what, gguf.Quote(o.was), o.is, ErrResume)
		}
	}
	before, err := p.parsePartial(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, err, ErrResume)
	}
	return before, nil
}

var errPartial = errors.New("its own keys are damaged")

func (p *pass) parsePartial(f *gguf.File) (*partial, error) {
	m, err := imatrix.FromGGUF(f)
	if err != nil {
		return nil, err
	}
	done, ok := f.Uint(keyDone)
	scored, sok := f.Uint(keyScored)
	if !ok || !sok || done > math.MaxInt32 || scored > math.MaxInt32 || m.ChunkSize != p.ChunkSize {
		return nil, errPartial
	}
	b := &partial{matrix: m, done: int(done)}
	sums, err := numbers[float64](f, keyScore)
	if err == nil {
		b.score.running, err = numbers[float64](f, keyRunning)
	}
	if err != nil {
		return nil, err
	}
	if len(sums) != 2 || len(b.score.running) > b.done || !finite(sums...) || !finite(b.score.running...) {
		return nil, errPartial
	}
	b.score.n, b.score.sum, b.score.square = int(scored), sums[0], sums[1]
	if p.Text != "" {
		return b, nil
	}
	tokens, err := numbers[int32](f, keyTokens)
	for _, t := range tokens {
		b.tokens = append(b.tokens, llama.Token(t))
	}
	return b, err
}

func numbers[T gguf.Number](f *gguf.File, key string) ([]T, error) {
	v, ok := f.Lookup(key)
	if !ok || v.Type != gguf.Array || v.Len() > math.MaxInt32 {
		return nil, errPartial
	}
	return gguf.Numbers[T](v)
}

func finite(v ...float64) bool {
	for _, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}
