package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// aliases are the other names of flags that fingers know from llama.cpp and
// Ollama.
var aliases = map[string]string{
	"m":               "model",
	"n-predict":       "predict",
	"num-predict":     "predict",
	"c":               "ctx-size",
	"num-ctx":         "ctx-size",
	"ub":              "ubatch-size",
	"tb":              "threads-batch",
	"ngl":             "n-gpu-layers",
	"gpu-layers":      "n-gpu-layers",
	"temperature":     "temp",
	"typical-p":       "typical",
	"sys":             "system-prompt",
	"system":          "system-prompt",
	"fa":              "flash-attn",
	"ctk":             "cache-type-k",
	"ctv":             "cache-type-v",
	"reverse-prompt":  "stop",
	"no-cnv":          "no-chat",
	"no-conversation": "no-chat",
}

func canonical(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	name = strings.ReplaceAll(name, "_", "-")
	if to, ok := aliases[name]; ok {
		name = to
	}
	return pflag.NormalizedName(name)
}

// expandArgs gives llama.cpp's long flags with one dash (-ngl 99) their second
// dash, which cobra wants. Values of flags are left alone.
func expandArgs(root *cobra.Command, args []string) []string {
	command, _, err := root.Find(args)
	if err != nil {
		return args
	}
	flags := command.Flags()
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(out, args[i:]...)
		}
		name, _, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		var flag *pflag.Flag
		if strings.HasPrefix(arg, "-") && name != "" {
			if len(name) == 1 && !strings.HasPrefix(arg, "--") {
				flag = flags.ShorthandLookup(name)
			} else if flag = flags.Lookup(name); flag != nil && !strings.HasPrefix(arg, "--") {
				arg = "-" + arg
			}
		}
		out = append(out, arg)
		if flag != nil && !hasValue && flag.NoOptDefVal == "" && i+1 < len(args) {
			i++
			out = append(out, args[i])
		}
	}
	return out
}
