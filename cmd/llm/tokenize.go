package main

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm"
)

func (a *app) tokenizeCommand() *cobra.Command {
	var asJSON, raw bool
	var model, file string
	c := &cobra.Command{
		Use:   "tokenize [MODEL] [TEXT]",
		Short: "Show the tokens of a text",
		Long: `Show the tokens of a text, one a line: id and text.

The text comes from the arguments, from --file or from a pipe. As in a prompt, the
special tokens that the model wants around a text are added and control tokens in
the text are read as such; --raw does neither.`,
		Example: "  llm tokenize model.gguf \"Hello world\"\n  cat notes.txt | llm tokenize model.gguf --json",
		RunE: func(c *cobra.Command, args []string) error {
			path, words, err := a.modelArg(model, args)
			if err != nil {
				return err
			}
			text, err := a.readPrompt("", file, words)
			if err != nil {
				return err
			}
			return a.tokenize(path, text, raw, asJSON)
		},
		ValidArgsFunction: completeModel,
	}
	c.Flags().SetNormalizeFunc(canonical)
	c.Flags().StringVarP(&model, "model", "m", "", "model file (instead of the first argument)")
	c.Flags().StringVarP(&file, "file", "f", "", "read the text from a file")
	c.Flags().BoolVar(&raw, "raw", false, "add no special tokens, read control tokens as text")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON array of {id, piece}")
	completeFlags(c)
	return c
}

func (a *app) tokenize(path, text string, raw, asJSON bool) error {
	m, err := llm.OpenTokenizer(path)
	if err != nil {
		return err
	}
	defer m.Close()
	split := m.TokenizePrompt
	if raw {
		split = m.Tokenize
	}
	tokens, err := split(text)
	if err != nil {
		return err
	}
	type row struct {
		ID    llm.Token `json:"id"`
		Piece string    `json:"piece"`
	}
	rows := make([]row, len(tokens))
	for i, t := range tokens {
		piece, err := m.Piece(t)
		if err != nil {
			return err
		}
		rows[i] = row{t, string(piece)}
	}
	if asJSON {
		return json.NewEncoder(a.out).Encode(rows)
	}
	for _, r := range rows {
		if _, err := fmt.Fprintf(a.out, "%6d  %s\n", r.ID, strconv.Quote(r.Piece)); err != nil {
			return err
		}
	}
	return nil
}
