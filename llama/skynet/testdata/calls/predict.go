package main

import (
	"errors"
	"fmt"
	"strings"

	llama "github.com/go-skynet/go-llama.cpp"
)

// pieces runs Predict with a callback that counts, and stops after limit tokens.
func pieces(l *llama.LLama, prompt string, limit int, options ...llama.PredictOption) (text string, n int, result string, err error) {
	result, err = l.Predict(prompt, append(options, llama.SetTokenCallback(func(piece string) bool {
		text, n = text+piece, n+1
		return n < limit
	}))...)
	return text, n, result, err
}

var predicting = []call{
	{"Predict, streamed: as many pieces as SetTokens, and the result is how their text begins", on(func(l *llama.LLama) error {
		text, n, result, err := pieces(l, prompt, 99, greedy(16, llama.IgnoreEOS)...)
		begins := strings.TrimPrefix(strings.TrimPrefix(text, " "), "\n")
		if n != 16 || len(result) == 0 || !strings.HasPrefix(begins, result) {
			return fmt.Errorf("%d pieces, %q, %q", n, text, result)
		}
		return err
	})},
	{"Predict, more bytes than SetTokens: cut between characters, nothing overwritten", on(func(l *llama.LLama) error {
		text, _, result, err := pieces(l, "ä", 99, greedy(8, llama.WithGrammar(`root ::= "ää日本語" [ä]*`), llama.IgnoreEOS)...)
		if len(result) > 7 || len(text) <= 7 {
			return fmt.Errorf("%q of %q", result, text)
		}
		return errors.Join(err, valid(result))
	})},
	{"Predict, the callback returns false: it ends, without an error", on(func(l *llama.LLama) error {
		_, n, _, err := pieces(l, prompt, 3, greedy(16, llama.IgnoreEOS)...)
		if n != 3 {
			return fmt.Errorf("%d pieces", n)
		}
		return err
	})},
	{"Predict with SetTokens(0): until the callback ends it", on(func(l *llama.LLama) error {
		_, n, _, err := pieces(l, prompt, 20, greedy(0, llama.IgnoreEOS)...)
		if n != 20 {
			return fmt.Errorf("%d pieces", n)
		}
		return err
	})},
	{"Predict, a stop word ends it", on(func(l *llama.LLama) error {
		text, n, _, err := pieces(l, prompt, 99, greedy(40, llama.WithGrammar(`root ::= "one two three four five six seven"`), llama.SetStopWords("three"))...)
		if !strings.Contains(text, "three") || strings.Contains(text, "five") {
			return fmt.Errorf("%d pieces, %q", n, text)
		}
		return err
	})},
	{"Predict with a grammar", on(func(l *llama.LLama) error {
		text, err := generate(l, "Is water wet? ", 12, llama.WithGrammar(`root ::= "yes" | "no"`))
		if text != "yes" && text != "no" {
			return fmt.Errorf("%q", text)
		}
		return err
	})},
	{"Predict with a grammar that is wrong: an error", on(func(l *llama.LLama) error {
		_, err := l.Predict(prompt, llama.WithGrammar(`root ::= (`))
		return fails(err)
	})},
	{"Predict with a grammar of 20,000 parentheses: an error", on(func(l *llama.LLama) error {
		_, err := l.Predict(prompt, llama.WithGrammar("root ::= "+strings.Repeat("(", 20000)+`"a"`+strings.Repeat(")", 20000)))
		return fails(err)
	})},
	{"Predict of a prompt beyond the context: an error", on(func(l *llama.LLama) error {
		_, err := l.Predict(strings.Repeat("chess ", 400))
		return fails(err)
	})},
	{"Predict of an empty prompt", on(func(l *llama.LLama) error {
		_, n, _, err := pieces(l, "", 99, greedy(4, llama.IgnoreEOS)...)
		if n != 4 {
			return fmt.Errorf("%d pieces", n)
		}
		return err
	})},
	{"Predict, the context is shifted: more tokens than it has", on(func(l *llama.LLama) error {
		_, n, _, err := pieces(l, prompt, 999, greedy(90, llama.IgnoreEOS, llama.SetNKeep(4))...)
		if n != 90 {
			return fmt.Errorf("%d pieces", n)
		}
		return err
	}, llama.SetContext(64), llama.SetNBatch(32))},
	{"Predict with a seed: the same text again, and another with another seed", func(p paths) error {
		text := func(seed int) (text string) {
			with(p.model, func(l *llama.LLama) error {
				text, _ = generate(l, prompt, 12, llama.SetTemperature(1.5), llama.SetSeed(seed))
				return nil
			})
			return text
		}
		return errors.Join(same(text(1), text(1)), different(text(1), text(2)))
	}},
	{"Predict with Mirostat 1 and 2, top-k, top-p, typical-p, penalties", on(func(l *llama.LLama) error {
		one, err := generate(l, prompt, 6, llama.IgnoreEOS, llama.SetTemperature(1), llama.SetMirostat(1), llama.SetMirostatTAU(4), llama.SetMirostatETA(0.2))
		two, err2 := generate(l, prompt, 6, llama.IgnoreEOS, llama.SetTemperature(1), llama.SetMirostat(2))
		three, err3 := generate(l, prompt, 6, llama.IgnoreEOS, llama.SetTemperature(1), llama.SetTopK(5), llama.SetTopP(0.5), llama.SetTypicalP(0.9), llama.SetPenalty(1.3),
			llama.SetRepeat(32), llama.SetFrequencyPenalty(0.5), llama.SetPresencePenalty(0.5))
		return errors.Join(err, err2, err3, different(one, ""), different(two, ""), different(three, ""))
	})},
	{"Predict with a logit bias: the token does not come, and one that there is not is an error", on(func(l *llama.LLama) error {
		first, err := generate(l, prompt, 1)
		_, tokens, err2 := l.TokenizeString(prompt + first)
		other, err3 := generate(l, prompt, 1, llama.SetLogitBias(fmt.Sprintf("%d-100", tokens[len(tokens)-1])))
		_, err4 := generate(l, prompt, 1, llama.SetLogitBias("99999999-100"))
		return errors.Join(err, err2, err3, different(first, other), fails(err4))
	})},
	{"Predict, TokenizeString of the same model in the callback", on(func(l *llama.LLama) error {
		var n int32
		_, err := l.Predict(prompt, greedy(2, llama.IgnoreEOS, llama.SetTokenCallback(func(string) bool {
			n, _, _ = l.TokenizeString(prompt)
			return true
		}))...)
		if n < 1 {
			return fmt.Errorf("%d tokens", n)
		}
		return err
	})},
	{"Predict of the same model in the callback: an error, and no deadlock", on(func(l *llama.LLama) error {
		var inner error
		_, err := l.Predict(prompt, greedy(2, llama.IgnoreEOS, llama.SetTokenCallback(func(string) bool {
			_, inner = l.Predict("x", greedy(1)...)
			return true
		}))...)
		return errors.Join(err, fails(inner))
	})},
	{"Free in the callback: the call ends as it would", func(p paths) error {
		l := open(p.model)
		_, n, _, err := pieces(l, prompt, 99, greedy(4, llama.IgnoreEOS)...)
		if n != 4 || err != nil {
			return fmt.Errorf("%d pieces, %w", n, err)
		}
		n = 0
		_, err = l.Predict(prompt, greedy(4, llama.IgnoreEOS, llama.SetTokenCallback(func(string) bool {
			if n++; n == 2 {
				l.Free()
			}
			return true
		}))...)
		if n != 4 {
			return fmt.Errorf("%d pieces", n)
		}
		return err
	}},
}
