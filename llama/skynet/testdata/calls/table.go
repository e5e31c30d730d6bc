package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	llama "github.com/go-skynet/go-llama.cpp"
)

type paths struct{ model, other, zero, random string }

// call is a row of the table: what is called, and what is wrong with the outcome.
type call struct {
	name string
	try  func(p paths) error
}

const prompt = "The capital of France is"

func table(p paths) {
	for _, group := range [][]call{loading, predicting, otherCalls, files, pairs} {
		for _, c := range group {
			if err := c.try(p); err != nil {
				fmt.Printf("%s\tfails: %v\n", c.name, err)
			} else {
				fmt.Printf("%s\tpasses\n", c.name)
			}
		}
	}
}

// fails wants an error.
func fails(err error) error {
	if err == nil {
		return errors.New("no error")
	}
	return nil
}

func refused(path string, options ...llama.ModelOption) error {
	l, err := llama.New(path, options...)
	if err == nil {
		l.Free()
	}
	return fails(err)
}

// with runs a call on a model of its own.
func with(p string, f func(l *llama.LLama) error, options ...llama.ModelOption) error {
	l, err := load(p, options...)
	if err != nil {
		return err
	}
	defer l.Free()
	return f(l)
}

// plain is a model without options that many rows use; loading one takes longer than they do.
var plain *llama.LLama

func on(f func(l *llama.LLama) error, options ...llama.ModelOption) func(paths) error {
	if len(options) > 0 {
		return func(p paths) error { return with(p.model, f, options...) }
	}
	return func(p paths) error {
		if plain == nil {
			plain = open(p.model)
		}
		return f(plain)
	}
}

// greedyWith is the greedy text of a model that is loaded with options.
func greedyWith(p string, options ...llama.ModelOption) (text string) {
	err := with(p, func(l *llama.LLama) (err error) {
		text, err = generate(l, prompt, 8)
		return err
	}, options...)
	if err != nil {
		return err.Error()
	}
	return text
}

func same(a, b string) error {
	if a != b || a == "" {
		return fmt.Errorf("%q and %q", a, b)
	}
	return nil
}

func different(a, b string) error {
	if a == b {
		return fmt.Errorf("%q twice", a)
	}
	return nil
}

func written(name, text string) string {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("calls-%d-%s", os.Getpid(), name))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		panic(err)
	}
	return path
}

var loading = []call{
	{"New, Free", on(func(*llama.LLama) error { return nil }, llama.SetContext(64))},
	{"New without the file: an error", func(paths) error { return refused("not-existing") }},
	{"New of a file that is no model: an error", func(paths) error {
		path := written("text", "no model")
		defer os.Remove(path)
		return refused(path)
	}},
	{"New of a file that is cut off: an error", func(p paths) error {
		whole, err := os.ReadFile(p.model)
		if err != nil {
			return err
		}
		path := written("cut", string(whole[:len(whole)/2]))
		defer os.Remove(path)
		return refused(path)
	}},
	{"New with the options that have no effect any more", on(func(l *llama.LLama) error {
		_, err := l.Predict(prompt, greedy(2, llama.SetTailFreeSamplingZ(0.5), llama.SetPenalizeNL(true), llama.SetMlock(true), llama.SetMemoryMap(false),
			llama.SetPredictionMainGPU("1"), llama.SetPredictionTensorSplit("1,1"), llama.SetNegativePrompt("no"), llama.SetNegativePromptScale(2), llama.EnableF16KV)...)
		return err
	}, llama.EnabelLowVRAM, llama.SetMulMatQ(false), llama.SetLoraBase("x"), llama.SetPerplexity(true), llama.SetModelSeed(7), llama.EnableF16Memory, llama.EnableNUMA)},
	{"New with SetMMap(false), EnableMLock, SetNBatch, SetGPULayers", on(func(l *llama.LLama) error {
		text, err := generate(l, prompt, 4)
		return errors.Join(err, different(text, ""))
	}, llama.SetMMap(false), llama.SetNBatch(64), llama.SetGPULayers(99))},
	{"New with a context below 0: an error", func(p paths) error { return refused(p.model, llama.SetContext(-1)) }},
	{"New with a RoPE of its own; the defaults are the model's", func(p paths) error {
		text := greedyWith(p.model)
		return errors.Join(same(text, greedyWith(p.model, llama.WithRopeFreqBase(10000), llama.WithRopeFreqScale(1))),
			different(text, greedyWith(p.model, llama.WithRopeFreqBase(17))))
	}},
	{"New with a LoRA adapter of zeros: the same text", func(p paths) error {
		return same(greedyWith(p.model), greedyWith(p.model, llama.SetLoraAdapter(p.zero)))
	}},
	{"New with a random LoRA adapter: another text", func(p paths) error {
		return different(greedyWith(p.model), greedyWith(p.model, llama.SetLoraAdapter(p.random)))
	}},
	{"New with a LoRA adapter that is missing: an error", func(p paths) error {
		return refused(p.model, llama.SetLoraAdapter("not-existing"))
	}},
	{"Free twice, and a call after it: an error", func(p paths) error {
		l := open(p.model)
		l.Free()
		l.Free()
		_, err := l.Predict(prompt)
		return fails(err)
	}},
}

var otherCalls = []call{
	{"TokenizeString", on(func(l *llama.LLama) error {
		n, tokens, err := l.TokenizeString("A strange game.\nHow about a nice game of chess?")
		if n < 8 || int(n) != len(tokens) {
			return fmt.Errorf("%d, %v, %v", n, tokens, err)
		}
		return err
	})},
	{"TokenizeString of more than SetTokens: an error", on(func(l *llama.LLama) error {
		n, _, err := l.TokenizeString(strings.Repeat("chess ", 40), llama.SetTokens(8))
		if n >= 0 {
			return fmt.Errorf("%d", n)
		}
		return fails(err)
	})},
	{"Embeddings", on(func(l *llama.LLama) error {
		a, err := l.Embeddings("A game of chess", llama.SetTokens(4096), llama.SetThreads(1))
		b, err2 := l.Embeddings("The weather of tomorrow", llama.SetTokens(4096), llama.SetThreads(1))
		c, err3 := l.Embeddings("A game of chess", llama.SetTokens(4096), llama.SetThreads(1))
		if !slices.Equal(a, c) || slices.Equal(a, b) || norm(a) == 0 {
			return fmt.Errorf("%v", a[:4])
		}
		return errors.Join(err, err2, err3)
	}, llama.EnableEmbeddings)},
	{"Embeddings with SetTokens below their size: an error", on(func(l *llama.LLama) error {
		_, err := l.Embeddings("A game of chess", llama.SetTokens(16))
		return fails(err)
	}, llama.EnableEmbeddings)},
	{"Embeddings without EnableEmbeddings: an error", on(func(l *llama.LLama) error {
		_, err := l.Embeddings("A game of chess", llama.SetTokens(4096), llama.SetThreads(1))
		return fails(err)
	})},
	{"TokenEmbeddings of what TokenizeString gave: as Embeddings", on(func(l *llama.LLama) error {
		_, tokens, err := l.TokenizeString("A game of chess")
		var ids []int
		for _, t := range tokens {
			ids = append(ids, int(t))
		}
		a, err2 := l.TokenEmbeddings(ids, llama.SetTokens(4096), llama.SetThreads(1))
		b, err3 := l.Embeddings("A game of chess", llama.SetTokens(4096), llama.SetThreads(1))
		if !slices.Equal(a, b) {
			return fmt.Errorf("%v and %v", a[:4], b[:4])
		}
		return errors.Join(err, err2, err3)
	}, llama.EnableEmbeddings)},
	{"TokenEmbeddings of a token that there is not: an error", on(func(l *llama.LLama) error {
		_, err := l.TokenEmbeddings([]int{1 << 30}, llama.SetTokens(4096), llama.SetThreads(1))
		return fails(err)
	}, llama.EnableEmbeddings)},
	{"Eval", on(func(l *llama.LLama) error { return l.Eval(prompt, llama.SetThreads(1)) })},
	{"Eval of more than the context: an error", on(func(l *llama.LLama) error {
		return fails(l.Eval(strings.Repeat("chess ", 400)))
	})},
}

func norm(v []float32) (sum float64) {
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}

func valid(s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%q", s)
	}
	return nil
}
