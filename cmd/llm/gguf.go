package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm/gguf"
)

func (a *app) ggufCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "gguf",
		Short: "Change, split, merge and hash model files",
		Long: `Change, split, merge and hash model files.

Whatever stops these commands (Ctrl-C, a full disk, a crash, the power), a file is
the old one or the new one, whole.`,
		Example: `  llm gguf set model.gguf general.name="My model"
  llm gguf split model.gguf --max-size 2G
  llm gguf merge model-00001-of-00003.gguf
  llm gguf hash model.gguf`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("%s has no command %q%s; see '%s --help'", c.CommandPath(), args[0],
					nearest(args[0], []string{"set", "rm", "rename", "split", "merge", "hash"}, ""), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.ggufSetCommand(), a.ggufRmCommand(), a.ggufRenameCommand(), a.ggufSplitCommand(), a.ggufMergeCommand(), a.ggufHashCommand())
	return c
}

// localFile refuses what is on another machine.
func localFile(path string) error {
	if strings.Contains(path, "://") {
		return usagef("%s is on another machine: download it, and give the file", path)
	}
	return nil
}

// parseBytes reads a size: 2G and 2GB are powers of 1000, 2GiB is one of 1024.
func parseBytes(text string) (int64, error) {
	number := strings.TrimRight(text, "kKMGTiB")
	unit, factor := strings.ToUpper(text[len(number):]), int64(1)
	if unit != "" && unit != "B" {
		base := int64(1000)
		if strings.HasSuffix(unit, "IB") {
			base = 1024
		}
		power := strings.Index("KMGT", unit[:1]) + 1
		if rest := unit[1:]; power == 0 || rest != "" && rest != "B" && rest != "IB" {
			return 0, fmt.Errorf("%s is no size; give a number of bytes, or one with k, M, G or T (2G), or KiB, MiB, GiB or TiB", strconv.Quote(text))
		}
		for range power {
			factor *= base
		}
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || !(f > 0 && f*float64(factor) < 1<<62) || strings.ContainsAny(number, "xXpP_eEiInN") {
		return 0, fmt.Errorf("%s is no size; give a number of bytes, or one with k, M, G or T (2G), or KiB, MiB, GiB or TiB", strconv.Quote(text))
	}
	return int64(f * float64(factor)), nil
}

// showValue is a value on a line, fit for a terminal; of a long array its length only.
func showValue(v gguf.Value) string {
	const most = 8
	if text, ok := v.Text(); ok {
		return gguf.Quote(text)
	}
	if v.Type != gguf.Array {
		return fmt.Sprint(scalar(v))
	}
	if v.Len() > most || v.Elem == gguf.Array {
		return fmt.Sprintf("[%d × %v]", v.Len(), v.Elem)
	}
	var list []string
	err := each(v, func(one any) error {
		if text, ok := one.(string); ok {
			one = gguf.Quote(text)
		}
		list = append(list, fmt.Sprint(one))
		return nil
	})
	if err != nil {
		return fmt.Sprintf("[%d × %v, unreadable]", v.Len(), v.Elem)
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// plainValue is a value as JSON has it: a text where it has no such number, and of an
// array the length.
func plainValue(v gguf.Value) any {
	if v.Type == gguf.Array {
		return map[string]int{"count": v.Len()}
	}
	if f, ok := v.Float(); ok && f-f != 0 {
		return fmt.Sprint(f)
	}
	return scalar(v)
}

// showsAsItIs tells whether a terminal shows a name without harm.
func showsAsItIs(name string) bool { return strconv.Quote(name) == `"`+name+`"` }

// completeKeys completes the keys of the file that the first argument names, with an
// end.
func completeKeys(end string) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return completeModel(c, args, typed)
		}
		f, err := gguf.Open(args[0])
		if err != nil || strings.Contains(typed, "=") {
			return nil, cobra.ShellCompDirectiveDefault
		}
		defer f.Close()
		var names []string
		for _, k := range f.Keys {
			if strings.HasPrefix(k.Name, typed) && showsAsItIs(k.Name) {
				names = append(names, k.Name+end)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// completeModels completes any number of models.
func completeModels(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"gguf"}, cobra.ShellCompDirectiveFilterFileExt
}

// create writes files, and shows how far that is.
func (a *app) create(what string, outputs []gguf.Output, replace bool) error {
	ctx, release := interruptible()
	defer release()
	p := a.newProgress(what + " " + filepath.Base(outputs[0].Path))
	defer p.done()
	return forceHint(gguf.Create(ctx, outputs, replace, p.bytes), os.ErrExist, "--force replaces it")
}
