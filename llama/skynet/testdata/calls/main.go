// Calls is a program as people wrote them for github.com/go-skynet/go-llama.cpp: it knows
// nothing of what it is linked with. It makes each call of the module and says what came of it.
//
//	calls table MODEL OTHER ZERO RANDOM    each call: OTHER is a model with another vocabulary,
//	                                       ZERO and RANDOM are LoRA adapters for MODEL
//	calls text MODEL PROMPT N              the greedy text of N tokens, by the token callback
//	calls embed MODEL                      a model that makes embeddings and nothing else
//	calls memory MODEL LORA N              each kind of call N times, and what memory it left
//	calls race MODEL OTHER                 four goroutines on both models
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	llama "github.com/go-skynet/go-llama.cpp"
)

func main() {
	a := append(os.Args[1:], "", "", "", "", "")
	n, _ := strconv.Atoi(a[3])
	switch a[0] {
	case "table":
		table(paths{model: a[1], other: a[2], zero: a[3], random: a[4]})
	case "text":
		l := open(a[1], llama.SetContext(512))
		text, _ := generate(l, a[2], n)
		fmt.Print(text)
	case "embed":
		embed(open(a[1], llama.EnableEmbeddings))
	case "memory":
		memory(a[1], a[2], n)
	case "race":
		race(a[1], a[2])
	default:
		panic("unknown mode " + a[0])
	}
}

func load(path string, options ...llama.ModelOption) (*llama.LLama, error) {
	return llama.New(path, append([]llama.ModelOption{llama.SetContext(256)}, options...)...)
}

// open loads a model, or ends the program.
func open(path string, options ...llama.ModelOption) *llama.LLama {
	l, err := load(path, options...)
	if err != nil {
		fmt.Fprintln(os.Stderr, path, err)
		os.Exit(1)
	}
	return l
}

// greedy are the options of text that does not depend on a seed.
func greedy(n int, more ...llama.PredictOption) []llama.PredictOption {
	return append([]llama.PredictOption{llama.SetTokens(n), llama.SetTemperature(0), llama.SetPenalty(1), llama.SetThreads(1)}, more...)
}

// generate is all of the greedy text, which Predict itself would cut off.
func generate(l *llama.LLama, prompt string, n int, more ...llama.PredictOption) (string, error) {
	var b strings.Builder
	_, err := l.Predict(prompt, greedy(n, append(more, llama.SetTokenCallback(func(piece string) bool {
		b.WriteString(piece)
		return true
	}))...)...)
	return b.String(), err
}

func embed(l *llama.LLama) {
	v, err := l.Embeddings(prompt, llama.SetTokens(4096), llama.SetThreads(1))
	_, tokens, err2 := l.TokenizeString(prompt)
	_, err3 := l.Predict(prompt)
	fmt.Println(norm(v) > 0, len(tokens) > 0, err, err2, err3)
}
