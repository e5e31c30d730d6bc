package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/store/remote"
)

type inspectFlags struct {
	json, tensors bool
	kv, template  string
}

func (a *app) inspectCommand() *cobra.Command {
	var f inspectFlags
	c := &cobra.Command{
		Use:   "inspect FILE|URL",
		Short: "Tell what a model file is, and whether it is sound",
		Long: `Tell what a model file (GGUF) is: its kind and size, how it is quantized, how much
memory its weights and the KV cache at the trained context take, its licence, and what
is wrong with it.

Only the header is read, also behind a URL: the model is not downloaded. A file of a
split model stands for all of them. Text of the file is shown with control characters
escaped. The exit code is 1 when the file must not be loaded. What --json prints is
described in docs/inspect.md. A token for the hub huggingface.co is taken from HF_TOKEN.`,
		Example: `  llm inspect model.gguf
  llm inspect model.gguf --json | jq .parameters
  llm inspect model.gguf --kv tokenizer.ggml.tokens | head
  llm inspect model.gguf --template >template.jinja
  llm inspect https://huggingface.co/ORG/REPO/resolve/main/model.gguf`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("%s takes one file or URL, not %d; see '%s --help'", c.CommandPath(), len(args), c.CommandPath())
			}
			return nil
		},
		RunE:              func(_ *cobra.Command, args []string) error { return a.inspect(&f, args[0]) },
		ValidArgsFunction: completeModel,
	}
	s := c.Flags()
	s.BoolVar(&f.json, "json", false, "print JSON")
	s.BoolVar(&f.tensors, "tensors", false, "list all tensors too")
	s.StringVar(&f.kv, "kv", "", "print the value of this key, whole; a list one element a line")
	s.StringVar(&f.template, "template", "", "print the chat template of this name, whole (without a name: the default)")
	s.Lookup("template").NoOptDefVal = defaultTemplate
	return c
}

// defaultTemplate is what --template asks for without a name.
const defaultTemplate = "default"

func (a *app) inspect(f *inspectFlags, address string) error {
	if f.kv != "" && f.template != "" {
		return usagef("--kv and --template exclude each other")
	}
	ctx, stop := interruptible()
	defer stop()
	file, err := openHeader(ctx, address)
	if err != nil {
		return err
	}
	defer file.Close()
	switch {
	case f.kv != "":
		return a.printKey(file, f.kv, f.json)
	case f.template != "":
		return a.printTemplate(file, f.template)
	}
	r, err := newInspection(file, address, f.tensors)
	if err != nil {
		return err
	}
	return a.report(r, f.json, r.screen, r.errors() == 0)
}

// openHeader reads the header of a file, or of what is behind a URL.
func openHeader(ctx context.Context, address string) (*gguf.File, error) {
	f, _, err := openHeaderFrom(ctx, address)
	return f, err
}

// openHeaderFrom is openHeader, and counts what is fetched from a URL; nil: it is a file.
func openHeaderFrom(ctx context.Context, address string) (f *gguf.File, fetched func() int64, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		f, err = gguf.Open(address)
		return f, nil, err
	}
	if file, ok := remote.DownloadAddress(address); ok {
		if u, err = url.Parse(file); err != nil {
			return nil, nil, fmt.Errorf("the address of the file: %w", err)
		}
	}
	opts := remote.Options{}
	if u.Host == "huggingface.co" && u.Scheme == "https" {
		opts.Token = os.Getenv("HF_TOKEN")
	}
	folder, name := path.Split(u.Path)
	var parts []*remote.File
	f, err = gguf.ReadSplit(name, func(name string) (io.ReaderAt, int64, error) {
		part := *u
		part.Path, part.RawPath = folder+name, ""
		r, err := remote.Open(ctx, part.String(), opts)
		if err != nil {
			return nil, 0, err
		}
		parts = append(parts, r)
		return r, r.Size(), nil
	})
	return f, func() (n int64) {
		for _, p := range parts {
			n += p.BytesRead()
		}
		return n
	}, err
}

func (a *app) printTemplate(file *gguf.File, name string) error {
	var names []string
	for _, t := range file.Tokenizer().Templates {
		t.Name = cmp.Or(t.Name, defaultTemplate)
		if t.Name == name {
			_, err := io.WriteString(a.out, styleOf(a.out).safe(t.Text)+"\n")
			return err
		}
		names = append(names, gguf.Quote(t.Name))
	}
	if names == nil {
		return fmt.Errorf("the file has no chat template")
	}
	return fmt.Errorf("the file has no chat template %q; it has %s", name, strings.Join(names, ", "))
}
