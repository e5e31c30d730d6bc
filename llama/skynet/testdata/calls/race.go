package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	llama "github.com/go-skynet/go-llama.cpp"
)

// race has four goroutines call two models, and drafts of them, each in another order.
func race(a, b string) {
	models := []*llama.LLama{open(a, llama.EnableEmbeddings), open(b, llama.EnableEmbeddings)}
	drafts := []*llama.LLama{open(a), open(b)}
	few := []llama.PredictOption{llama.SetThreads(1), llama.SetTokens(4), llama.IgnoreEOS}
	errs := make([]error, 4)
	var wait sync.WaitGroup
	for g := range errs {
		wait.Go(func() {
			path := filepath.Join(os.TempDir(), fmt.Sprintf("calls-%d-race%d", os.Getpid(), g))
			defer os.Remove(path)
			for round := range 3 {
				l, d := models[(g+round)%2], drafts[(g+round)%2]
				if g > 1 { // the other way round: who drafts must not matter
					l, d = d, l
				}
				_, err := l.Predict(prompt, append(few, llama.SetTokenCallback(func(string) bool { return true }))...)
				_, err2 := l.SpeculativeSampling(d, prompt, few...)
				_, _, err3 := models[g%2].TokenizeString(prompt)
				_, err4 := models[g%2].Embeddings(prompt, llama.SetTokens(4096), llama.SetThreads(1))
				err5 := l.Eval(prompt, few...)
				errs[g] = errors.Join(errs[g], err, err2, err3, err4, err5, l.SaveState(path), l.LoadState(path))
			}
		})
	}
	wait.Wait()
	for _, l := range append(models, drafts...) {
		l.Free()
	}
	fmt.Println(errors.Join(errs...))
}
