package llama

import (
	"regexp"
	"strings"
)

var (
	// functionPrefix is how the engine begins its log lines: "llama_model_load: ".
	functionPrefix = regexp.MustCompile(`(^|; |error loading model: )\w+: `)
	// tooLarge is how it words a tensor of the KV cache that is larger than the device takes.
	tooLarge = regexp.MustCompile(`\S+:\d+: pre-allocated tensor \((\S+)\) in a buffer \((\S+)\) that cannot run the operation.*`)
	// assertion is how it words a failed one.
	assertion = regexp.MustCompile(`(?:engine assertion failed: )?\S+:\d+: GGML_ASSERT\((.*)\) failed`)
)

// noBackend is the assertion of its scheduler on weights that were rearranged for one operation
// and are then wanted for another: those of latent attention, on a CPU with AMX.
const noBackend = "the engine requires *cur_backend_id != -1"

// Plain is the engine's report of an error without its function names.
func Plain(message string) string {
	text := tooLarge.ReplaceAllString(message, "the memory of device $2 takes no tensor as large as $1")
	text = assertion.ReplaceAllString(text, "the engine requires $1")
	text = strings.ReplaceAll(text, noBackend, "no device can compute a part of this model with its weights where they are: leave those of the CPU as they are in the file, or do without flash attention")
	return functionPrefix.ReplaceAllString(text, "$1")
}
