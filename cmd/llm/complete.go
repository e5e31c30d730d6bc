package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/gguf"
)

// flagValues are the flags with but a few values.
var flagValues = map[string][]string{
	"think":                thinkModes,
	"flash-attn":           switchValues,
	"cache-type-k":         llm.KVCacheTypes,
	"cache-type-v":         llm.KVCacheTypes,
	"n-gpu-layers":         {"auto", "all"},
	"split-mode":           llm.SplitModes,
	"context-policy":       {string(llm.OverflowError), string(llm.OverflowShift), string(llm.OverflowTruncateMiddle)},
	"pooling":              llm.PoolingKinds,
	"type":                 gguf.ValueTypeNames(),
	"kv-type":              llm.KVCacheTypes,
	"outputs":              outputKinds,
	"output-format":        imatrixForms,
	"output-tensor-type":   tensorTypeNames(),
	"token-embedding-type": tensorTypeNames(),
}

// flagFiles are the flags that take a file, with the ends of its name; none: any.
var flagFiles = map[string][]string{
	"model": {"gguf"}, "lora": {"gguf"}, "lora-scaled": {"gguf"}, "control-vector": {"gguf"}, "control-vector-scaled": {"gguf"},
	"in-file": {"gguf", "dat"}, "mmproj": {"gguf"}, "model-draft": {"gguf"},
	"file": nil, "output": nil, "resume": nil, "chat-template-file": nil, "grammar-file": nil, "json-schema-file": nil,
	"imatrix": {"gguf", "dat"}, "tensor-type-file": nil,
}

// completeFlags tells the shell what the values of a command's flags are: files,
// words, or nothing.
func completeFlags(c *cobra.Command) {
	for name, values := range flagValues {
		if c.Flags().Lookup(name) != nil {
			c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		}
	}
	if c.Flags().Lookup("device") != nil {
		c.RegisterFlagCompletionFunc("device", completeDevices)
	}
	if c.Flags().Lookup("gpu") != nil {
		c.RegisterFlagCompletionFunc("gpu", completeCards)
	}
	for name, ends := range flagFiles {
		if c.Flags().Lookup(name) != nil {
			c.MarkFlagFilename(name, ends...)
		}
	}
}

// completeModel completes the first argument: a model, unless -m names it.
func completeModel(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 || c.Flags().Changed("model") {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"gguf"}, cobra.ShellCompDirectiveFilterFileExt
}

// expandCompletion is expandArgs for what the shell asks: the last word is not whole.
func expandCompletion(root *cobra.Command, args []string) []string {
	if len(args) < 3 || !strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return args
	}
	last := len(args) - 1
	whole, err := expandArgs(root, args[1:last])
	if err != nil {
		return args
	}
	return append(append([]string{args[0]}, whole...), args[last])
}
