package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm/gguf"
)

// editFlags are those of all commands that change keys.
type editFlags struct{ force, dryRun, json bool }

func (f *editFlags) register(c *cobra.Command, force string) {
	s := c.Flags()
	s.SetNormalizeFunc(canonical)
	s.BoolVar(&f.force, "force", false, force)
	s.BoolVarP(&f.dryRun, "dry-run", "n", false, "say what would be done, and do nothing")
	s.BoolVar(&f.json, "json", false, "print JSON")
	completeFlags(c)
}

const editing = `

What the engine would not load any more is refused; --force writes it all the same.

A change that fits into a disk sector and moves nothing is written in place; otherwise
a copy of the file, which needs its room on the disk meanwhile, takes its place. Links
are followed. Of a split model, give the first part.`

func (a *app) ggufSetCommand() *cobra.Command {
	var f editFlags
	var kind string
	c := &cobra.Command{
		Use:   "set FILE KEY=VALUE...",
		Short: "Set keys of a model file",
		Long: `Set keys of a model file.

A value has the type that its key has, or that the engine reads it as; for other keys
it is guessed from the text, and said. --type names another: u8 u16 u32 u64 i8 i16 i32
i64 f32 f64 bool str, or arr: and one of these for an array, which is written as in
JSON. KEY=@FILE takes the value from a file, KEY=@@TEXT is the text @TEXT.` + editing,
		Example: `  llm gguf set model.gguf general.name="My model" llama.context_length=8192
  llm gguf set model.gguf tokenizer.chat_template=@template.jinja
  llm gguf set model.gguf general.tags='["chat","small"]'
  llm gguf set model.gguf my.key=5 --type i64`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("llm gguf set takes a FILE and at least one KEY=VALUE; it got %q", args)
			}
			set, err := parseSettings(args[1:], kind)
			if err != nil {
				return err
			}
			return a.edit(args[0], f, func(e *keyEdit) error {
				for _, s := range set {
					if err := e.set(s); err != nil {
						return err
					}
				}
				return nil
			})
		},
		ValidArgsFunction: completeKeys("="),
	}
	c.Flags().StringVarP(&kind, "type", "t", "", "type of the values")
	f.register(c, "also write what the engine would not load")
	return c
}

func (a *app) ggufRmCommand() *cobra.Command {
	var f editFlags
	c := &cobra.Command{
		Use:     "rm FILE KEY...",
		Short:   "Remove keys of a model file",
		Long:    "Remove keys of a model file." + editing,
		Example: "  llm gguf rm model.gguf general.url general.description",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("llm gguf rm takes a FILE and at least one KEY; it got %q", args)
			}
			return a.edit(args[0], f, func(e *keyEdit) error {
				for _, name := range args[1:] {
					if err := e.remove(name); err != nil {
						return err
					}
				}
				return nil
			})
		},
		ValidArgsFunction: completeKeys(""),
	}
	f.register(c, "also write what the engine would not load")
	return c
}

func (a *app) ggufRenameCommand() *cobra.Command {
	var f editFlags
	c := &cobra.Command{
		Use:     "rename FILE OLD-KEY NEW-KEY",
		Short:   "Rename a key of a model file",
		Long:    "Rename a key of a model file. Its value and its place stay." + editing,
		Example: "  llm gguf rename model.gguf general.source.url general.url",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 3 {
				return usagef("llm gguf rename takes a FILE, a key and its new name; it got %q", args)
			}
			return a.edit(args[0], f, func(e *keyEdit) error { return e.rename(args[1], args[2]) })
		},
		ValidArgsFunction: completeKeys(""),
	}
	f.register(c, "also write what the engine would not load")
	return c
}

// assignment is a KEY=VALUE of the command line.
type assignment struct {
	key, text string
	read      gguf.ValueType
	typed     bool // the type was given
}

func parseSettings(args []string, kind string) ([]assignment, error) {
	var list []assignment
	for _, arg := range args {
		key, text, ok := strings.Cut(arg, "=")
		if !ok || key == "" {
			return nil, usagef("%q is not KEY=VALUE", arg)
		}
		s := assignment{key: key, text: text}
		if kind != "" {
			var err error
			if s.read, err = gguf.ParseValueType(kind); err != nil {
				return nil, usagef("--type: %w", err)
			}
			s.typed = true
		}
		if path, isFile := strings.CutPrefix(text, "@"); isFile {
			s.text = path // @@TEXT
			if !strings.HasPrefix(path, "@") {
				b, err := readValue(path)
				if err != nil {
					return nil, fmt.Errorf("set %s: %w", gguf.Quote(key), err)
				}
				s.text = string(b)
			}
		}
		if !utf8.ValidString(s.key + s.text) {
			return nil, fmt.Errorf("set %s: the text is not UTF-8", gguf.Quote(key))
		}
		list = append(list, s)
	}
	return list, nil
}

// readValue reads a file whole, up to a limit: /dev/zero has no end.
func readValue(path string) ([]byte, error) {
	const most = 64 << 20
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(b) > most {
		err = fmt.Errorf("%s is longer than %d MiB", path, most>>20)
	}
	return b, err
}

// edit changes a file and says what was done.
func (a *app) edit(path string, f editFlags, change func(*keyEdit) error) error {
	if err := localFile(path); err != nil {
		return err
	}
	ctx, release := interruptible()
	defer release()
	p := a.newProgress("writing " + filepath.Base(path))
	e := keyEdit{force: f.force}
	done, err := gguf.Edit(ctx, path, gguf.EditOptions{DryRun: f.dryRun, Progress: p.bytes, Check: e.check}, func(file *gguf.File, w *gguf.Writer) error {
		e.file, e.w = file, w
		return change(&e)
	})
	p.done()
	if err != nil {
		return err
	}
	for _, problem := range e.problems {
		fmt.Fprintf(a.err, "llm: %v: %v\n", problem.Level, problem)
	}
	if f.json {
		return json.NewEncoder(a.out).Encode(editReport{done.Path, done.Changed, f.dryRun, done.InPlace, done.Written, e.rows})
	}
	for _, r := range e.rows {
		if _, err := fmt.Fprintln(a.out, r.line()); err != nil {
			return err
		}
	}
	if path != done.Path && filepath.Clean(path) != done.Path {
		fmt.Fprintf(a.err, "llm: %s is a link: the file is %s\n", oneLine(path), oneLine(done.Path))
	}
	if done.Changed && done.Names > 1 {
		fmt.Fprintf(a.err, "llm: the file has %d names: the others keep the old one\n", done.Names)
	}
	_, err = fmt.Fprintf(a.out, "%s: %s\n", oneLine(done.Path), how(done, f.dryRun))
	return err
}

func how(done gguf.Edited, dryRun bool) string {
	text := fmt.Sprintf("rewritten, %s", size(done.Written))
	switch {
	case !done.Changed:
		return "nothing to change"
	case done.InPlace:
		text = size(done.Written) + " written in place"
	}
	if dryRun {
		return "not written (--dry-run); it would be: " + text
	}
	return text
}

// editReport is the JSON output.
type editReport struct {
	File    string    `json:"file"`
	Changed bool      `json:"changed"`
	DryRun  bool      `json:"dry_run"`
	InPlace bool      `json:"in_place"`
	Written int64     `json:"bytes_written"`
	Keys    []editRow `json:"keys"`
}
