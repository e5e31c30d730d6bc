package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

var background = context.Background()

// TestStateContinues: a conversation goes on from a file as it would have gone on in
// memory, token by token, in another process's engine, and evaluates nothing again.
func TestStateContinues(t *testing.T) {
	for _, model := range []string{testmodel.SmolLM2(t), testmodel.Gemma3(t)} {
		path := filepath.Join(t.TempDir(), "state")
		first := greedy(chat.Request{Prompt: "The history of bread begins with"}, 24)
		e := openModel(t, model, Options{Context: 512})
		begun := mustGenerate(t, e, first)
		if err := e.SaveState(background, path, []byte("note")); err != nil {
			t.Fatal(err)
		}
		second := first
		second.Prompt += begun.text + " It was"
		want := mustGenerate(t, e, second)

		other := openModel(t, model, Options{Context: 1024})
		note, err := other.LoadState(background, path)
		if err != nil || string(note) != "note" {
			t.Fatalf("%q, %v", note, err)
		}
		got := mustGenerate(t, other, second)
		if got.text != want.text || got.usage.CachedTokens != want.usage.CachedTokens || got.usage.CachedTokens < 20 {
			t.Errorf("%q with %d tokens from memory, want %q with %d", got.text, got.usage.CachedTokens, want.text, want.usage.CachedTokens)
		}
	}
}

// TestStateOfAnother: a state that this engine would read as something else is refused,
// and the note still comes back.
func TestStateOfAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	e := openModel(t, testmodel.SmolLM2(t), Options{Context: 512})
	mustGenerate(t, e, greedy(ask(strings.Repeat("word ", 300)), 8))
	if err := e.SaveState(background, path, []byte("note")); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut")
	if err := os.WriteFile(cut, raw[:len(raw)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, model, path string
		options           Options
		want              string
	}{
		{"another model", testmodel.Gemma3(t), path, Options{Context: 512}, "another model"},
		{"KV type", testmodel.SmolLM2(t), path, Options{Context: 512, KeyType: "q8_0"}, "its KV cache types are f16 and f16, the model was opened with q8_0 and f16"},
		{"a small context", testmodel.SmolLM2(t), path, Options{Context: 16}, "the context"},
		{"a cut file", testmodel.SmolLM2(t), cut, Options{Context: 512}, "checksum"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := openModel(t, c.model, c.options)
			note, err := e.LoadState(background, c.path)
			if !errors.Is(err, chat.ErrState) || !strings.Contains(err.Error(), c.want) || string(note) != "note" {
				t.Errorf("%q, %v; want %q", note, err, c.want)
			}
			mustGenerate(t, e, greedy(chat.Request{Prompt: "a"}, 2)) // it goes on
		})
	}
	if _, err := e.LoadState(background, "/no/such/file"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if err := e.SaveState(background, "/dev/full", nil); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Error(err)
	}
}
