package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/state"
	"github.com/seed-f87006eb/llm/llama"
)

// SaveState writes what memory holds of the last conversation to a file.
func (e *Engine) SaveState(ctx context.Context, path string, note []byte) error {
	s := &state.State{Note: note}
	err := e.do(ctx, func(o *owner) (err error) {
		if e.cannotGenerate != nil {
			return e.cannotGenerate
		}
		if s.Origin, err = e.origin(o.adapters); err != nil {
			return err
		}
		for _, t := range o.tokens {
			s.Tokens = append(s.Tokens, int32(t))
		}
		if len(o.tokens) > 0 {
			s.Memory, err = o.memory.State(0)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("save the state: %w", err)
	}
	if err := state.Write(path, s); err != nil {
		return fmt.Errorf("save the state to %s: %w", path, cause(err))
	}
	return nil
}

// LoadState brings back what SaveState wrote. ErrState when it cannot be used; the note
// comes back even then, where it could be read.
func (e *Engine) LoadState(ctx context.Context, path string) (note []byte, err error) {
	s, err := state.Read(path)
	if err == nil {
		err = e.do(ctx, func(o *owner) error { return o.restore(s) })
	}
	if err != nil {
		return s.Note, fmt.Errorf("load the state from %s: %w", path, cause(err))
	}
	return s.Note, nil
}

// restore makes memory what it was when s was saved.
func (o *owner) restore(s *state.State) error {
	if o.engine.cannotGenerate != nil {
		return o.engine.cannotGenerate
	}
	if err := o.checkOrigin(s); err != nil {
		return err
	}
	if err := o.memory.Clear(); err != nil {
		return err
	}
	o.tokens = o.tokens[:0]
	if len(s.Tokens) == 0 {
		return nil
	}
	if err := o.memory.SetState(0, s.Memory); err != nil {
		return fmt.Errorf("%w: %w", chat.ErrState, err)
	}
	if _, last, err := o.memory.Range(0); err != nil || last != len(s.Tokens)-1 {
		return fmt.Errorf("%w: it holds %d tokens and memory up to position %d", chat.ErrState, len(s.Tokens), last)
	}
	for _, t := range s.Tokens {
		o.tokens = append(o.tokens, llama.Token(t))
	}
	return nil
}

// checkOrigin refuses a state that this engine would read as something else.
func (o *owner) checkOrigin(s *state.State) error {
	if err := o.adapt(nil); err != nil {
		return err
	}
	now, err := o.engine.origin(o.adapters)
	if err != nil {
		return err
	}
	was := s.Origin
	switch {
	case was.Model != now.Model:
		return fmt.Errorf("%w: it belongs to another model", chat.ErrState)
	case was.Engine != now.Engine:
		return fmt.Errorf("%w: it was saved by another version of the engine", chat.ErrState)
	case was.KeyType != now.KeyType || was.ValueType != now.ValueType:
		return fmt.Errorf("%w: its KV cache types are %s and %s, the model was opened with %s and %s",
			chat.ErrState, was.KeyType, was.ValueType, now.KeyType, now.ValueType)
	case !slices.Equal(was.Adapters, now.Adapters):
		return fmt.Errorf("%w: it was computed with other adapters", chat.ErrState)
	case len(s.Tokens) > o.size:
		return fmt.Errorf("%w: it holds %d tokens, the context %d", chat.ErrState, len(s.Tokens), o.size)
	}
	vocab := o.engine.info.Model.Vocab
	if slices.ContainsFunc(s.Tokens, func(t int32) bool { return t < 0 || int(t) >= vocab }) {
		return fmt.Errorf("%w: it holds tokens that the model does not have", chat.ErrState)
	}
	return nil
}

// origin says what the states of this engine are made by.
func (e *Engine) origin(acting []chat.Adapter) (state.Origin, error) {
	at := state.Origin{
		Engine:  llama.BuildInfo().Tree,
		KeyType: orDefault(e.options.KeyType, "f16"), ValueType: orDefault(e.options.ValueType, "f16"),
		Adapters: []string{},
	}
	var err error
	if at.Model, err = fingerprint(e.info.Path); err != nil {
		return at, err
	}
	for _, a := range acting {
		print, err := fingerprint(a.Path)
		if err != nil {
			return at, err
		}
		at.Adapters = append(at.Adapters, fmt.Sprintf("%s*%g", print, a.Scale))
	}
	return at, nil
}

// fingerprint tells files apart by their size and by a MiB of their beginning (the
// header) and of their end (weights).
func fingerprint(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintln(h, st.Size())
	const part = 1 << 20
	for _, from := range []int64{0, max(0, st.Size()-part)} {
		if _, err := io.Copy(h, io.NewSectionReader(f, from, part)); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}
