package gguf_test

import (
	"fmt"
	"log"
	"path/filepath"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

func Example() {
	f, err := gguf.Open(filepath.Join(testmodel.Root(), "models", "SmolLM2-135M-Instruct.Q4_1.gguf"))
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	h, err := f.Hyper()
	if err != nil {
		log.Fatal(err)
	}
	kv, _ := h.KVBytes(8192, gguf.F16, gguf.F16)
	fmt.Printf("%s, %d layers, %d tokens of context, KV cache %d MiB\n", h.Architecture, h.Main(), h.Context, kv>>20)
	problems, err := f.Validate()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(problems), "problems")
	// Output:
	// llama, 30 layers, 8192 tokens of context, KV cache 180 MiB
	// 0 problems
}
