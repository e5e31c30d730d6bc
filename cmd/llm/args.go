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
	"ctx":             "ctx-size",
	"np":              "parallel",
	"kvu":             "kv-unified",
	"mm":              "mmproj",
	"md":              "model-draft",
	"ub":              "ubatch-size",
	"tb":              "threads-batch",
	"ngl":             "n-gpu-layers",
	"gpu-layers":      "n-gpu-layers",
	"dev":             "device",
	"sm":              "split-mode",
	"ts":              "tensor-split",
	"mg":              "main-gpu",
	"cmoe":            "cpu-moe",
	"ncmoe":           "n-cpu-moe",
	"ot":              "override-tensor",
	"nkvo":            "no-kv-offload",
	"nr":              "no-repack",
	"temperature":     "temp",
	"typical-p":       "typical",
	"top-nsigma":      "top-n-sigma",
	"sampler-seq":     "sampling-seq",
	"sys":             "system-prompt",
	"system":          "system-prompt",
	"fa":              "flash-attn",
	"ctk":             "cache-type-k",
	"ctv":             "cache-type-v",
	"reverse-prompt":  "stop",
	"no-cnv":          "no-chat",
	"no-conversation": "no-chat",
	"jf":              "json-schema-file",

	"split-max-size":        "max-size",
	"split-max-tensors":     "max-tensors",
	"no-tensor-first-split": "keys-first",

	"output-file": "output",
	"ofreq":       "output-frequency",
	"from-chunk":  "chunk",
}

func canonical(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	name = strings.ReplaceAll(name, "_", "-")
	if to, ok := aliases[name]; ok {
		name = to
	}
	return pflag.NormalizedName(name)
}

// expandArgs gives llama.cpp's long flags with one dash (-ngl 99) their second
// dash, which cobra wants. Values of flags are left alone. A word with one dash that
// is no flag is an error here: taken letter by letter it would mean something else.
func expandArgs(root *cobra.Command, args []string) ([]string, error) {
	command, _, err := root.Find(args)
	if err != nil {
		return args, nil
	}
	flags := command.Flags()
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(out, args[i:]...), nil
		}
		flag, word := lookUp(flags, arg)
		if flag == nil && word && !takesNumber(flags, arg) {
			return nil, usagef("unknown flag: %s; see '%s --help'", arg, command.CommandPath())
		}
		if flag != nil && word {
			arg = "-" + arg
		}
		out = append(out, arg)
		if flag != nil && !strings.Contains(arg, "=") && flag.NoOptDefVal == "" && i+1 < len(args) {
			i++
			out = append(out, args[i])
		}
	}
	return out, nil
}

// lookUp finds the flag that an argument names. word: it has one dash and more than
// one letter.
func lookUp(flags *pflag.FlagSet, arg string) (flag *pflag.Flag, word bool) {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	switch {
	case !strings.HasPrefix(arg, "-") || name == "":
		return nil, false
	case strings.HasPrefix(arg, "--"):
		return flags.Lookup(name), false
	case len(name) == 1:
		return flags.ShorthandLookup(name), false
	}
	return flags.Lookup(name), true
}

// takesNumber tells whether an argument is a letter with its number: -n16, -c-1.
func takesNumber(flags *pflag.FlagSet, arg string) bool {
	flag := flags.ShorthandLookup(arg[1:2])
	return flag != nil && flag.NoOptDefVal == "" && strings.Trim(arg[2:], "-.0123456789") == ""
}

// noArgs refuses arguments as a usage error.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments; it got %q", c.CommandPath(), args)
	}
	return nil
}
