package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm"
)

// embedFlags are the flags of llm embed as they were typed.
type embedFlags struct {
	loadFlags
	file, pooling string
	raw, json     bool
}

func (a *app) embedCommand() *cobra.Command {
	var f embedFlags
	c := &cobra.Command{
		Use:   "embed MODEL [TEXT...]",
		Short: "Turn texts into vectors",
		Long: `Turn texts into vectors (embeddings).

Each argument is a text. Without one, each line of --file, or of what comes through a
pipe, is a text; empty lines are left out. The output is a line of numbers a text, or,
with --json, an array of {text, tokens, embedding}. Vectors have length 1, so that
their dot product is the cosine of the angle between them, unless --raw is given.`,
		Example: `  llm embed model.gguf "The sky is blue" "Grass is green"
  llm embed model.gguf --json <lines.txt`,
		RunE:              func(_ *cobra.Command, args []string) error { return a.embed(&f, args) },
		ValidArgsFunction: completeModel,
	}
	f.loadFlags.register(c)
	s := c.Flags()
	s.StringVarP(&f.file, "file", "f", "", "read the texts from a file, one a line")
	s.StringVar(&f.pooling, "pooling", "", "how one vector is made of a text: none (one a token), mean, cls, last or rank (default: the model's own)")
	s.BoolVar(&f.raw, "raw", false, "leave the vectors as the model makes them")
	s.BoolVar(&f.json, "json", false, "print a JSON array")
	f.registerEngine(c)
	completeFlags(c)
	return c
}

func (a *app) embed(f *embedFlags, args []string) error {
	open, err := f.options()
	if err != nil {
		return err
	}
	if f.pooling != "" {
		if err := oneOf("pooling", f.pooling, llm.PoolingKinds...); err != nil {
			return err
		}
		open = append(open, llm.Pooling(f.pooling))
	}
	path, texts, err := a.modelArg(f.model, args)
	if err != nil {
		return err
	}
	if texts, err = a.textsToEmbed(f.file, texts); err != nil {
		return err
	}
	m, err := a.open(path, open, f.adapterPaths()...)
	if err != nil {
		return err
	}
	defer m.Close()
	ctx, release := interruptible()
	defer release()
	var options []llm.EmbedOption
	if f.raw {
		options = append(options, llm.RawEmbeddings())
	}
	e, err := m.Embed(ctx, texts, options...)
	if err != nil {
		return err
	}
	if f.json {
		return json.NewEncoder(a.out).Encode(embeddingRows(texts, e))
	}
	for _, v := range e.Vectors {
		if _, err := fmt.Fprintln(a.out, numbers(v)); err != nil {
			return err
		}
	}
	return nil
}

// textsToEmbed are the arguments, else the lines of the file, else those of a pipe.
func (a *app) textsToEmbed(file string, texts []string) ([]string, error) {
	var all string
	var err error
	switch {
	case file != "" && len(texts) > 0:
		return nil, usagef("texts are given both as arguments and with --file; give one of them")
	case len(texts) > 0:
		return texts, nil
	case file != "":
		all, err = readFile(file)
	case !isTerminal(a.in):
		all, err = readText("standard input", a.in)
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(all) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
			texts = append(texts, line)
		}
	}
	if len(texts) == 0 {
		return nil, usagef("there is no text: give one as an argument, or one a line with -f or through a pipe")
	}
	return texts, nil
}

// embeddingRow is a text with its vector, or, with pooling none, its vectors.
type embeddingRow struct {
	Text      string `json:"text"`
	Tokens    int    `json:"tokens"`
	Embedding any    `json:"embedding"`
}

func embeddingRows(texts []string, e *llm.Embeddings) []embeddingRow {
	rows := make([]embeddingRow, len(texts))
	vectors := e.Vectors
	for i, text := range texts {
		rows[i] = embeddingRow{Text: text, Tokens: e.Tokens[i]}
		if e.Pooling == "none" {
			rows[i].Embedding, vectors = slices.Clone(vectors[:e.Tokens[i]]), vectors[e.Tokens[i]:]
		} else {
			rows[i].Embedding, vectors = vectors[0], vectors[1:]
		}
	}
	return rows
}

// numbers are a vector on a line, short and exact.
func numbers(v []float32) string {
	b := make([]byte, 0, 12*len(v))
	for i, x := range v {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendFloat(b, float64(x), 'g', -1, 32)
	}
	return string(b)
}
