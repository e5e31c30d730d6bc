package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm/gguf"
)

// outputFlags are those of split and merge.
type outputFlags struct {
	output string
	editFlags
}

func (a *app) ggufSplitCommand() *cobra.Command {
	var f outputFlags
	var maxSize string
	var o gguf.SplitOptions
	c := &cobra.Command{
		Use:   "split FILE (--max-size SIZE | --max-tensors N)",
		Short: "Split a model file into parts",
		Long: `Split a model file into parts.

The parts are named as llama.cpp wants it, PREFIX-00001-of-00003.gguf, and a model is
loaded by its first part. A size is that of a whole file: 2G and 2GB are 2000000000
bytes, 2GiB is 2147483648. A model that is split already is split anew.`,
		Example: `  llm gguf split model.gguf --max-size 2G
  llm gguf split model.gguf --max-tensors 128 --keys-first -o parts/model
  llm gguf split model.gguf --max-size 4GiB --dry-run`,
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) != 1:
				return usagef("llm gguf split takes one FILE; it got %q; the name of the parts goes after -o", args)
			case maxSize == "" && !c.Flags().Changed("max-tensors"):
				return usagef("--max-size or --max-tensors is missing")
			case c.Flags().Changed("max-tensors") && o.MaxTensors < 1:
				return usagef("--max-tensors %d: it must be at least 1", o.MaxTensors)
			}
			if maxSize != "" {
				var err error
				if o.MaxSize, err = parseBytes(maxSize); err != nil {
					return usagef("--max-size: %w", err)
				}
			}
			return a.split(args[0], o, f)
		},
		ValidArgsFunction: completeModel,
	}
	s := c.Flags()
	s.StringVar(&maxSize, "max-size", "", "largest size of a part (2G, 500M, 4GiB)")
	s.IntVar(&o.MaxTensors, "max-tensors", 0, "largest number of tensors in a part")
	s.BoolVar(&o.KeysFirst, "keys-first", false, "the first part has the keys and no tensors")
	s.StringVarP(&f.output, "output", "o", "", "path of the parts, without -00001-of-… (default: that of FILE without .gguf)")
	f.register(c, "replace files that exist")
	return c
}

func (a *app) ggufMergeCommand() *cobra.Command {
	var f outputFlags
	c := &cobra.Command{
		Use:   "merge PART...",
		Short: "Merge the parts of a model into one file",
		Long: `Merge the parts of a model into one file.

One part is enough: the others are found by their names. The parts stay.`,
		Example: `  llm gguf merge model-00001-of-00003.gguf
  llm gguf merge model-0000*.gguf -o model.gguf`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("llm gguf merge takes a part of a model")
			}
			return a.merge(args, f)
		},
		ValidArgsFunction: completeModels,
	}
	c.Flags().StringVarP(&f.output, "output", "o", "", "file to write (default: the name of the parts without -00001-of-…)")
	f.register(c, "replace a file that exists")
	return c
}

func (a *app) split(path string, o gguf.SplitOptions, f outputFlags) error {
	model, err := openLocal(path)
	if err != nil {
		return err
	}
	defer model.Close()
	parts, err := model.Split(o)
	if err != nil {
		return err
	}
	prefix := f.output
	if prefix == "" {
		if prefix = modelPath(path, model); prefix == "" {
			prefix = strings.TrimSuffix(path, ".gguf")
		}
	}
	outputs := make([]gguf.Output, len(parts))
	for i, w := range parts {
		outputs[i] = gguf.Output{Path: gguf.PartName(prefix, i, len(parts)), Content: w}
	}
	return a.write("splitting", outputs, f.editFlags)
}

func (a *app) merge(args []string, f outputFlags) error {
	model, err := openLocal(args[0])
	if err != nil {
		return err
	}
	defer model.Close()
	output := modelPath(args[0], model)
	if output == "" {
		return fmt.Errorf("merge %s: it is not split", gguf.Quote(args[0]))
	}
	for _, arg := range args[1:] {
		isPart := func(p gguf.Part) bool { return p.Name == filepath.Base(arg) }
		if filepath.Dir(arg) != filepath.Dir(args[0]) || !slices.ContainsFunc(model.Parts, isPart) {
			return usagef("%s is no part of the model that %s is of; the file to write goes after -o", arg, args[0])
		}
	}
	if output += ".gguf"; f.output != "" {
		output = f.output
	}
	w, err := model.Copy()
	if err != nil {
		return err
	}
	return a.write("merging", []gguf.Output{{Path: output, Content: w}}, f.editFlags)
}

func openLocal(path string) (*gguf.File, error) {
	if err := localFile(path); err != nil {
		return nil, err
	}
	return gguf.Open(path)
}

// modelPath is the path of a model that is split, without an end; empty when it is not.
func modelPath(path string, f *gguf.File) string {
	name := filepath.Base(path)
	if len(f.Parts) == 1 {
		return ""
	}
	part := slices.IndexFunc(f.Parts, func(p gguf.Part) bool { return p.Name == name })
	model, ok := gguf.ModelName(name, part, len(f.Parts))
	if !ok {
		return ""
	}
	return filepath.Join(filepath.Dir(path), model)
}

// outputRow is a file that was written.
type outputRow struct {
	File    string `json:"file"`
	Tensors int    `json:"tensors"`
	Size    int64  `json:"bytes"`
}

// write writes files, or only says which.
func (a *app) write(what string, outputs []gguf.Output, f editFlags) error {
	rows := make([]outputRow, len(outputs))
	for i, o := range outputs {
		size, err := o.Content.Size()
		if err != nil {
			return err
		}
		rows[i] = outputRow{o.Path, o.Content.Tensors(), size}
	}
	if !f.dryRun {
		if err := a.create(what, outputs, f.force); err != nil {
			return err
		}
	}
	if f.json {
		return json.NewEncoder(a.out).Encode(struct {
			DryRun bool        `json:"dry_run"`
			Files  []outputRow `json:"files"`
		}{f.dryRun, rows})
	}
	for _, r := range rows {
		if _, err := fmt.Fprintf(a.out, "%s: %d tensors, %s\n", oneLine(r.File), r.Tensors, size(r.Size)); err != nil {
			return err
		}
	}
	if f.dryRun {
		fmt.Fprintln(a.err, "llm: nothing was written (--dry-run)")
	}
	return nil
}
