package engine

import (
	"testing"

	"github.com/seed-f87006eb/llm/llama"
)

// TestPlain has messages as the engine words them.
func TestPlain(t *testing.T) {
	for message, want := range map[string]string{
		"llama_model_load: error loading model: check_tensor: no such tensor":  "error loading model: no such tensor",
		"engine assertion failed: src/llama.cpp:12: GGML_ASSERT(n > 0) failed": "the engine requires n > 0",
		"failed to initialize the context: third_party/llama.cpp/ggml/src/ggml-backend.cpp:941: pre-allocated tensor (cache_k_l0) in a buffer (Vulkan0) that cannot run the operation (NONE)": "failed to initialize the context: the memory of device Vulkan0 takes no tensor as large as cache_k_l0",
		"failed to initialize the context: third_party/llama.cpp/ggml/src/ggml-backend.cpp:1162: GGML_ASSERT(*cur_backend_id != -1) failed":                                                   "failed to initialize the context: no device can compute a part of this model with its weights where they are: leave those of the CPU as they are in the file, or do without flash attention",
	} {
		if got := llama.Plain(message); got != want {
			t.Errorf("%s:\n got %s\nwant %s", message, got, want)
		}
	}
}
