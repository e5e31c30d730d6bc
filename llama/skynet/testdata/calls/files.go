package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	llama "github.com/go-skynet/go-llama.cpp"
)

var files = []call{
	{"SaveState, LoadState into another model: the text goes on", func(p paths) error {
		path := written("state", "")
		defer os.Remove(path)
		var text, again string
		err := with(p.model, func(l *llama.LLama) error {
			if err := l.Eval(prompt, llama.SetThreads(1)); err != nil {
				return err
			}
			if err := l.SaveState(path); err != nil {
				return err
			}
			var err error
			text, err = generate(l, prompt, 8)
			return err
		})
		err2 := with(p.model, func(l *llama.LLama) (err error) {
			if err = l.LoadState(path); err == nil {
				again, err = generate(l, prompt, 8)
			}
			return err
		})
		return errors.Join(err, err2, same(text, again))
	}},
	{"LoadState of files that are missing, cut off, changed or another model's: an error each", func(p paths) error {
		path := written("state", "")
		defer os.Remove(path)
		return with(p.model, func(l *llama.LLama) error {
			if err := errors.Join(l.Eval(prompt, llama.SetThreads(1)), l.SaveState(path), l.LoadState(path)); err != nil {
				return err
			}
			state, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			wrong := []error{fails(l.LoadState("not-existing")), fails(l.LoadState(os.TempDir()))}
			for _, n := range []int{0, 7, 30, len(state) / 2, len(state) - 1} {
				os.WriteFile(path, state[:n], 0o600)
				wrong = append(wrong, fails(l.LoadState(path)))
			}
			for _, at := range []int{0, 9, 17, 25, 33, 41, 60, len(state) / 2, len(state) - 1} {
				changed := append([]byte(nil), state...)
				changed[at] ^= 0x40
				os.WriteFile(path, changed, 0o600)
				if l.LoadState(path) == nil {
					wrong = append(wrong, fmt.Errorf("byte %d", at))
				}
			}
			os.WriteFile(path, state, 0o600)
			wrong = append(wrong, with(p.other, func(o *llama.LLama) error { return fails(o.LoadState(path)) }))
			_, err = generate(l, prompt, 2) // it still works
			return errors.Join(append(wrong, err)...)
		})
	}},
	{"SaveState into a folder that is missing: an error", on(func(l *llama.LLama) error {
		return fails(l.SaveState("/not-existing/state"))
	})},
	{"Predict with a prompt cache: it is written, read, and a damaged one is an error", func(p paths) error {
		path := written("cache", "")
		os.Remove(path)
		defer os.Remove(path)
		var text, again string
		err := with(p.model, func(l *llama.LLama) (err error) {
			text, err = generate(l, prompt, 8, llama.SetPathPromptCache(path), llama.EnablePromptCacheAll)
			return err
		})
		st, err2 := os.Stat(path)
		if err2 != nil || st.Size() < 1000 {
			return errors.Join(err, err2, errors.New("nothing was written"))
		}
		err3 := with(p.model, func(l *llama.LLama) (err error) {
			again, err = generate(l, prompt, 8, llama.SetPathPromptCache(path), llama.EnablePromptCacheRO)
			os.WriteFile(path, []byte("damaged"), 0o600)
			_, err2 := generate(l, prompt, 8, llama.SetPathPromptCache(path))
			return errors.Join(err, fails(err2))
		})
		return errors.Join(err, err2, err3, same(text, again))
	}},
}

// two loads a model twice: target and draft.
func two(f func(p paths, target, draft *llama.LLama) error, draft func(paths) string, options ...llama.ModelOption) func(paths) error {
	return func(p paths) error {
		return with(p.model, func(t *llama.LLama) error {
			return with(draft(p), func(d *llama.LLama) error { return f(p, t, d) }, options...)
		}, options...)
	}
}

func model(p paths) string { return p.model }
func other(p paths) string { return p.other }

// speculated is the text of SpeculativeSampling, by the callback on the target.
func speculated(t, d *llama.LLama, prompt string, limit int, options ...llama.PredictOption) (text string, n int, err error) {
	_, err = t.SpeculativeSampling(d, prompt, append(options, llama.SetTokenCallback(func(piece string) bool {
		text, n = text+piece, n+1
		return n < limit
	}))...)
	return text, n, err
}

var pairs = []call{
	{"SpeculativeSampling: the text of Predict", two(func(p paths, t, d *llama.LLama) error {
		want, err := generate(t, prompt, 24, llama.IgnoreEOS)
		got, n, err2 := speculated(t, d, prompt, 99, greedy(24, llama.IgnoreEOS, llama.SetNDraft(8))...)
		if n != 24 {
			return fmt.Errorf("%d pieces", n)
		}
		return errors.Join(err, err2, same(want, got))
	}, model)},
	{"SpeculativeSampling, the callback returns false: it ends", two(func(p paths, t, d *llama.LLama) error {
		_, n, err := speculated(t, d, prompt, 5, greedy(40, llama.IgnoreEOS, llama.SetNDraft(16))...)
		if n != 5 {
			return fmt.Errorf("%d pieces", n)
		}
		return err
	}, model)},
	{"SpeculativeSampling with a grammar, a stop word and a seed", two(func(p paths, t, d *llama.LLama) error {
		text, _, err := speculated(t, d, prompt, 99, greedy(24, llama.WithGrammar(`root ::= "one two three four five"`), llama.SetStopWords("three"), llama.SetNDraft(4))...)
		if !strings.Contains(text, "three") || strings.Contains(text, "five") {
			return fmt.Errorf("%q", text)
		}
		_, n, err2 := speculated(t, d, prompt, 99, llama.SetTokens(12), llama.SetThreads(1), llama.IgnoreEOS, llama.SetSeed(3), llama.SetNDraft(4))
		if n != 12 {
			return fmt.Errorf("%d pieces", n)
		}
		return errors.Join(err, err2)
	}, model)},
	{"SpeculativeSampling, the context is shifted", two(func(p paths, t, d *llama.LLama) error {
		_, n, err := speculated(t, d, prompt, 999, greedy(80, llama.IgnoreEOS, llama.SetNKeep(4), llama.SetNDraft(4))...)
		if n != 80 {
			return fmt.Errorf("%d pieces", n)
		}
		return err
	}, model, llama.SetContext(64), llama.SetNBatch(32))},
	{"SpeculativeSampling with another vocabulary: an error", two(func(p paths, t, d *llama.LLama) error {
		_, _, err := speculated(t, d, prompt, 9, greedy(4)...)
		return fails(err)
	}, other)},
	{"SpeculativeSampling with itself: an error", on(func(l *llama.LLama) error {
		_, _, err := speculated(l, l, prompt, 9, greedy(4)...)
		return fails(err)
	})},
}
