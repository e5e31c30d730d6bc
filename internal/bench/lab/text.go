package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/seed-f87006eb/llm/internal/bench/levels"
	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/eval"
	"github.com/seed-f87006eb/llm/internal/wholefile"
)

// Prepare reads or generates the text. Errors: eval.ErrText and eval.ErrShort, those of reading.
func (l *Lab) Prepare(ctx context.Context) error {
	if l.Options.Text.None {
		return nil
	}
	text, err := l.given()
	if err != nil {
		return err
	}
	reference, err := l.scorer(ctx, levels.Target{Path: l.Model.Path, KV: l.KVTypes[0]})
	if err != nil {
		return err
	}
	l.reference = reference
	d := &record.Text{}
	switch o := &l.Options.Text; {
	case o.File != "":
		d.Kind, d.Name, d.Bytes = "file", filepath.Base(o.File), int64(len(text))
		l.text, err = reference.Text(text)
	case o.Prompts != "":
		d.Kind, d.Name, d.Bytes = "prompts", filepath.Base(o.Prompts), int64(len(text))
		var prompts []eval.Prompt
		if prompts, err = eval.ReadPrompts(bytes.NewReader([]byte(text))); err == nil {
			l.text, err = reference.Prompts(prompts)
		}
	default:
		d.Kind = "generated"
		l.text, err = l.generated(ctx)
	}
	if err != nil {
		return errors.Join(l.named(err), l.closeReference())
	}
	d.Tokens, d.Chunks, d.SHA256 = len(l.text.Tokens), l.text.Windows(), l.text.Hash()
	l.described = d
	return l.closeReference()
}

func (l *Lab) closeReference() error {
	r := l.reference
	l.reference = nil
	return r.Close()
}

// named adds to an error which file it is about.
func (l *Lab) named(err error) error {
	if name := l.Options.Text.File + l.Options.Text.Prompts; name != "" {
		return fmt.Errorf("%s: %w", name, err)
	}
	return err
}

// mostText bounds what is read of a text.
const mostText = 256 << 20

// given is the content of the file; empty: there is none.
func (l *Lab) given() (string, error) {
	name := l.Options.Text.File + l.Options.Text.Prompts
	if name == "" {
		return "", nil
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s: %w: it is no file", name, eval.ErrText)
	case info.Size() > mostText:
		return "", fmt.Errorf("%s: %w: it has more than %d MiB; give a part of it", name, eval.ErrText, mostText>>20)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	if l.Options.Text.Prompts != "" {
		return string(content), nil
	}
	text, err := eval.PlainText(content)
	if err != nil {
		return "", l.named(err)
	}
	return text, nil
}

// generated is text of the model's own, from the cache where it was made before.
func (l *Lab) generated(ctx context.Context) (*eval.Text, error) {
	windows := l.Options.Text.Windows
	if windows == 0 {
		windows = DefaultWindows
	}
	path := filepath.Join(l.Cache, "text", fmt.Sprintf("%s-%s-%s-%d-%d-%d.json", trimmed(l.Model.Path), l.Hash()[:16], l.KVTypes[0], l.Seed, l.Window, windows))
	var saved eval.Text
	if content, err := os.ReadFile(path); err == nil && json.Unmarshal(content, &saved) == nil {
		if text, err := eval.NewText(saved.Tokens, l.Window, saved.BOS); err == nil && text.Windows() == windows {
			return text, nil
		}
	}
	text, err := l.reference.Generated(ctx, windows, l.Seed, func(done, total int) { l.Progress("text", "generating", int64(done), int64(total)) })
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(text)
	if err != nil {
		return nil, err
	}
	return text, write(path, content)
}

// write makes a file whole or not at all.
func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return wholefile.Write(path, 0o600, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// Text is of levels.Lab.
func (l *Lab) Text() (*record.Text, int) {
	if l.described == nil {
		return nil, 0
	}
	return l.described, l.described.Chunks
}

func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
