package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// keyEdit changes the keys of a file, and notes how. Without force it refuses what the
// engine would not load.
type keyEdit struct {
	file  *gguf.File
	w     *gguf.Writer
	force bool
	rows  []editRow
}

// editRow is one change. Values are absent where there is none.
type editRow struct {
	Key      string `json:"key"`
	NewKey   string `json:"new_key,omitempty"`
	OldType  string `json:"old_type,omitempty"`
	Old      any    `json:"old,omitempty"`
	Type     string `json:"type,omitempty"`
	New      any    `json:"new,omitempty"`
	TypeFrom string `json:"type_from,omitempty"` // where the type comes from

	oldText, newText string
}

func (r editRow) line() string {
	key := strings.Trim(gguf.Quote(r.Key), `"`)
	switch {
	case r.NewKey != "":
		return key + " → " + strings.Trim(gguf.Quote(r.NewKey), `"`)
	case r.Type == "":
		return fmt.Sprintf("%s: %s → (removed)", key, r.oldText)
	case r.OldType == "":
		return fmt.Sprintf("%s: (new) → %s (%s, %s)", key, r.newText, r.Type, r.TypeFrom)
	case r.OldType != r.Type:
		return fmt.Sprintf("%s: %s (%s) → %s (%s, %s)", key, r.oldText, r.OldType, r.newText, r.Type, r.TypeFrom)
	}
	return fmt.Sprintf("%s: %s → %s (%s)", key, r.oldText, r.newText, r.Type)
}

// Where the type of a value comes from.
const (
	typeOfKey   = "as it was"
	typeOfUse   = "as the engine reads it"
	typeGuessed = "guessed from the text; --type names another"
	typeGiven   = "from --type"
)

func (e *keyEdit) set(s assignment) error {
	old, exists := e.w.Lookup(s.key)
	use, known := gguf.KeyValueType(s.key, strings.HasPrefix(s.text, "["))
	from := typeGiven
	switch {
	case s.typed:
	case exists:
		s.read, from = old.ValueType(), typeOfKey
	case known:
		s.read, from = use, typeOfUse
	default:
		s.read, from = gguf.GuessValueType(s.text), typeGuessed
	}
	if s.read.Type != gguf.String {
		s.text = strings.TrimSpace(s.text)
	}
	v, err := gguf.ParseValue(s.text, s.read)
	if err != nil {
		return fmt.Errorf("set %s: %w (the type is %v, %s)", gguf.Quote(s.key), err, s.read, from)
	}
	row := editRow{Key: s.key, Type: s.read.String(), New: plainValue(v), TypeFrom: from, newText: showValue(v)}
	if exists {
		row.OldType, row.Old, row.oldText = old.ValueType().String(), plainValue(old), showValue(old)
		if same, err := old.Equal(v); err != nil || same {
			e.rows = append(e.rows, row)
			return err
		}
	}
	switch {
	case exists && !s.read.Is(old.ValueType()):
		err = e.guard(s.key, "its type is %v, not %v", old.ValueType(), s.read)
	case !exists && known && !s.read.Is(use):
		err = e.guard(s.key, "the engine reads it as %v, not %v", use, s.read)
	case exists && s.key == gguf.KeyArchitecture:
		err = e.guard(s.key, "the other keys and the tensors are those of %s", gguf.Quote(e.file.Architecture()))
	case strings.HasPrefix(s.key, "split."):
		err = e.guard(s.key, "it says how the model is split")
	case exists && strings.HasPrefix(s.key, "tokenizer.ggml.") && v.Type == gguf.Array && v.Len() != old.Len():
		err = e.guard(s.key, "it has %d elements, one a token or a merge, not %d", old.Len(), v.Len())
	}
	if err != nil {
		return err
	}
	e.rows = append(e.rows, row)
	return e.w.Set(s.key, v)
}

// guard refuses what breaks a model, unless that is forced.
func (e *keyEdit) guard(key, format string, args ...any) error {
	if e.force {
		return nil
	}
	return fmt.Errorf("%s: %s; --force does it all the same", gguf.Quote(key), fmt.Sprintf(format, args...))
}

// needed are keys without which the engine does not load a model, or loads another.
func (e *keyEdit) needed(key string) error {
	_, read := gguf.KeyValueType(key, false)
	switch {
	case key == gguf.KeyArchitecture, key == gguf.KeyAlignment,
		strings.HasPrefix(key, "tokenizer.ggml."), strings.HasPrefix(key, "split."),
		read && strings.HasPrefix(key, e.file.Architecture()+"."):
		return e.guard(key, "the engine needs it to load the model")
	}
	return nil
}

func (e *keyEdit) find(key string) (gguf.Value, error) {
	v, ok := e.w.Lookup(key)
	if !ok {
		var names []string
		for _, k := range e.file.Keys {
			names = append(names, k.Name)
		}
		return v, fmt.Errorf("there is no key %s%s", gguf.Quote(key), nearest(key, names, ""))
	}
	return v, e.needed(key)
}

func (e *keyEdit) remove(key string) error {
	old, err := e.find(key)
	if err != nil {
		return err
	}
	e.rows = append(e.rows, editRow{Key: key, OldType: old.ValueType().String(), Old: plainValue(old), oldText: showValue(old)})
	e.w.Remove(key)
	return nil
}

func (e *keyEdit) rename(from, to string) error {
	v, err := e.find(from)
	if err != nil {
		return err
	}
	if use, known := gguf.KeyValueType(to, v.Type == gguf.Array); known && !use.Is(v.ValueType()) {
		if err := e.guard(to, "the engine reads it as %v, not %v", use, v.ValueType()); err != nil {
			return err
		}
	}
	e.rows = append(e.rows, editRow{Key: from, NewKey: to})
	return e.w.Rename(from, to)
}

// forceHint adds what helps against one kind of error.
func forceHint(err, kind error, hint string) error {
	if errors.Is(err, kind) {
		return fmt.Errorf("%w; %s", err, hint)
	}
	return err
}
