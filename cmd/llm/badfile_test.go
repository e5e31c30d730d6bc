package main

import (
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// TestFilesThatAreNoModels: GGUF files of other kinds say what they are.
func TestFilesThatAreNoModels(t *testing.T) {
	for name, c := range map[string]struct {
		file *testgguf.File
		want string
	}{
		"no tensors":           {testgguf.NoTensors(), "the file has no tensors"},
		"projector":            {testgguf.Projector(), "this is the projector of a multimodal model"},
		"LoRA":                 {testgguf.LoRA(t, testgguf.ReadHeader(t, testmodel.SmolLM2(t)), 1, false), "this is a LoRA adapter; give the model it was made for"},
		"control vector":       {testgguf.ControlVector("llama", 576, 30, 1), "this is a control vector"},
		"unknown architecture": {testgguf.UnknownArchitecture(), "not supported by this engine"},
		"encoder-decoder":      {testgguf.EncoderDecoder(1), "encoder-decoder models are not supported"},
		"negative epsilon":     {testgguf.Decoder(1).Set("llama.attention.layer_norm_rms_epsilon", float32(-1)), "epsilon is negative"},
		"absurd layers":        {testgguf.Decoder(1).Set("llama.block_count", uint32(1e9)), "key llama.block_count (byte 253): it is 1000000000, must be 1 to 512; convert the model again"},
	} {
		path := c.file.Write(t, "model.gguf")
		t.Run(name, func(t *testing.T) {
			checkFailure(t, runLLM(t, "", "run", path, "-p", "hello"), exitFailure, "open model ", c.want)
		})
	}
	encoder := testgguf.Encoder(1, testgguf.PoolingMean).Write(t, "encoder.gguf")
	checkFailure(t, runLLM(t, "", "run", encoder, "-p", "hello", "--no-chat"), exitFailure, "it makes embeddings")
	if r := runLLM(t, "", "embed", encoder, "a b"); r.code != 0 || len(strings.Fields(r.stdout)) < 8 {
		t.Errorf("code %d, %.100q, %q", r.code, r.stdout, r.stderr)
	}
}

// TestTemplateOfAStranger: a model whose template never ends, takes all memory, or does
// not compile.
func TestTemplateOfAStranger(t *testing.T) {
	for name, template := range map[string]string{
		"recursion": "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
		"range":     "{% for i in range(100000000000) %}{{ i }}{% endfor %}",
		"doubling":  "{% set ns = namespace(s='aaaaaaaa') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}",
		"loops":     strings.Repeat("{% for i in range(100000) %}", 6) + strings.Repeat("{% endfor %}", 6),
		"syntax":    "{% for %}",
	} {
		path := testgguf.Decoder(1).Set("tokenizer.chat_template", template).Write(t, "model.gguf")
		t.Run(name, func(t *testing.T) {
			checkFailure(t, runLLM(t, "", "run", path, "-p", "a", "-n", "2"), exitFailure, "the model's own chat template cannot be used", "--no-chat")
			if r := runLLM(t, "", "run", path, "-p", "a", "-n", "2", "--no-chat"); r.code != 0 {
				t.Errorf("without the template: code %d, %q", r.code, r.stderr)
			}
		})
	}
}
