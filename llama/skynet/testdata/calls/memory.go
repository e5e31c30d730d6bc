package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	llama "github.com/go-skynet/go-llama.cpp"
)

// resident is what the process has in memory, in KiB.
func resident() (kib int) {
	debug.FreeOSMemory()
	text, _ := os.ReadFile("/proc/self/statm")
	var size, pages int
	fmt.Sscan(string(text), &size, &pages)
	return pages * os.Getpagesize() / 1024
}

// memory makes each kind of call n times and prints by how much the process grew after the
// first hundred.
func memory(model, lora string, n int) {
	l := open(model, llama.EnableEmbeddings, llama.SetContext(1100))
	d := open(model, llama.EnableEmbeddings)
	long := strings.Repeat("a text of a kilobyte, which is more than a few tokens, and none ", 16)
	// Among the strings of each call, so that one that nobody frees is seen.
	large := strings.Repeat("x", 16<<10)
	path := filepath.Join(os.TempDir(), fmt.Sprintf("calls-%d-memory", os.Getpid()))
	defer os.Remove(path)
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	one := []llama.PredictOption{llama.SetThreads(1), llama.SetTokens(4096), llama.SetNegativePrompt(large), llama.SetStopWords("one stop", large), llama.SetTokenCallback(func(string) bool { return false })}
	few := []llama.PredictOption{llama.SetThreads(1), llama.SetTokens(4), llama.IgnoreEOS, llama.SetNDraft(2), llama.SetNegativePrompt(large), llama.SetStopWords("one stop", large)}
	kinds := []call{
		{"New, Free", func(paths) error {
			open(model, llama.SetContext(64), llama.SetLoraAdapter(lora), llama.SetMainGPU("0")).Free()
			return nil
		}},
		{"New that fails", func(paths) error { return refused("not-existing", llama.SetTensorSplit("1")) }},
		{"Predict", func(paths) error { _, err := l.Predict(long, one...); return err }},
		{"Predict that fails", func(paths) error {
			_, err := l.Predict(long, llama.WithGrammar("root ::= ("+large), llama.SetThreads(1))
			return fails(err)
		}},
		{"SpeculativeSampling", func(paths) error { _, err := l.SpeculativeSampling(d, prompt, few...); return err }},
		{"TokenizeString", func(paths) error { _, _, err := l.TokenizeString(long, one[:4]...); return err }},
		{"TokenizeString that fails", func(paths) error { _, _, err := l.TokenizeString(large); return fails(err) }},
		{"Embeddings", func(paths) error { _, err := l.Embeddings(prompt, one[:4]...); return err }},
		{"Embeddings that fail", func(paths) error {
			_, err := l.Embeddings(large, llama.SetTokens(4), llama.SetStopWords(large))
			return fails(err)
		}},
		{"TokenEmbeddings", func(paths) error { _, err := l.TokenEmbeddings([]int{5, 6, 7}, one[:4]...); return err }},
		{"Eval", func(paths) error { return l.Eval(long, one[:4]...) }},
		{"Eval that fails", func(paths) error { return fails(d.Eval(long, one[:4]...)) }},
		{"SaveState, LoadState", func(paths) error {
			if err := d.Eval(prompt, one[:4]...); err != nil {
				return err
			}
			if err := d.SaveState(path); err != nil {
				return err
			}
			return d.LoadState(path)
		}},
	}
	for _, kind := range kinds {
		for range 100 {
			must(kind.try(paths{}))
		}
		before := resident()
		for range n {
			must(kind.try(paths{}))
		}
		fmt.Printf("%s\t%d\n", kind.name, resident()-before)
	}
}
