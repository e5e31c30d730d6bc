package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm/gguf"
)

func (a *app) ggufHashCommand() *cobra.Command {
	var tensors, asJSON bool
	c := &cobra.Command{
		Use:   "hash FILE...",
		Short: "Hash the tensors of model files",
		Long: `Hash the tensors of model files (SHA-256).

Names, types, dimensions and data of the tensors count; keys, and where tensors stand,
do not. A model has one hash, whole or split, whatever its keys say.`,
		Example: `  llm gguf hash model.gguf
  llm gguf hash model-00001-of-00003.gguf other.gguf
  llm gguf hash model.gguf --tensors`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("llm gguf hash takes at least one FILE")
			}
			for _, path := range args {
				if err := a.hash(path, tensors, asJSON); err != nil {
					return err
				}
			}
			return nil
		},
		ValidArgsFunction: completeModels,
	}
	s := c.Flags()
	s.SetNormalizeFunc(canonical)
	s.BoolVar(&tensors, "tensors", false, "also print the SHA-256 of each tensor's data")
	s.BoolVar(&asJSON, "json", false, "print a JSON object a file")
	return c
}

// hashRow is a file, or a tensor, in JSON.
type hashRow struct {
	File    string    `json:"file,omitempty"`
	Name    string    `json:"name,omitempty"`
	Hash    string    `json:"sha256"`
	Tensors []hashRow `json:"tensors,omitempty"`
}

func (a *app) hash(path string, tensors, asJSON bool) error {
	model, err := openLocal(path)
	if err != nil {
		return err
	}
	defer model.Close()
	ctx, release := interruptible()
	defer release()
	p := a.newProgress("hashing " + filepath.Base(path))
	h, err := model.Hash(ctx, p.bytes)
	p.done()
	if err != nil {
		return err
	}
	row := hashRow{File: path, Hash: hex.EncodeToString(h.Sum[:])}
	if tensors {
		for _, t := range h.Tensors {
			row.Tensors = append(row.Tensors, hashRow{Name: t.Name, Hash: hex.EncodeToString(t.Sum[:])})
		}
	}
	if asJSON {
		return json.NewEncoder(a.out).Encode(row)
	}
	for _, t := range row.Tensors {
		if _, err := fmt.Fprintf(a.out, "%s  %s\n", t.Hash, strings.Trim(gguf.Quote(t.Name), `"`)); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.out, "%s  %s\n", row.Hash, oneLine(path))
	return err
}
