package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// keyEdit changes the keys of a file, and notes how. Without force it refuses what the
// engine would not load.
type keyEdit struct {
	file  *gguf.File
	w     *gguf.Writer
	force bool

	rows     []editRow
	problems []gguf.Problem // that the file did not have
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
	if err := e.guard(s.key); err != nil {
		return err
	}
	e.rows = append(e.rows, row)
	return e.w.Set(s.key, v)
}

// guard refuses to change how a model is split, unless that is forced.
func (e *keyEdit) guard(key string) error {
	if !e.force && strings.HasPrefix(key, "split.") {
		return fmt.Errorf("%s says how the model is split; --force changes it all the same", gguf.Quote(key))
	}
	return nil
}

// check refuses what the engine would not load any more, unless that is forced, and
// notes what else would become worse.
func (e *keyEdit) check(before, after *gguf.File) error {
	old, err1 := before.Validate()
	problems, err2 := after.Validate()
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	isError := func(p gguf.Problem) bool { return p.Level == gguf.Error }
	refuse := !e.force && !slices.ContainsFunc(old, isError)
	for _, p := range problems {
		p.Remedy = "" // of one who got the file so
		known := func(q gguf.Problem) bool { return p.Key == q.Key && p.Tensor == q.Tensor && p.What == q.What }
		switch {
		case slices.ContainsFunc(old, known):
		case refuse && isError(p):
			return fmt.Errorf("the engine would not load it any more: %v; --force writes it all the same", p)
		default:
			e.problems = append(e.problems, p)
		}
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
	if !e.force && key == gguf.KeyArchitecture {
		return v, fmt.Errorf("without %s the file is no model; --force changes it all the same", key)
	}
	return v, e.guard(key)
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
	if _, err := e.find(from); err != nil {
		return err
	}
	if err := e.guard(to); err != nil {
		return err
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
