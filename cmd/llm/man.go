package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand is hidden: make install calls it.
func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages into a folder",
		Hidden: true,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("llm man takes one folder; it got %q", args)
			}
			return writeManual(c.Root(), args[0])
		},
	}
}

// writeManual writes a page a command. They are the same in every build.
func writeManual(c *cobra.Command, dir string) error {
	c.InitDefaultHelpFlag()
	c.DisableAutoGenTag = true // it has the date
	page, err := manPage(c)
	if err != nil {
		return err
	}
	name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
	if err := os.WriteFile(filepath.Join(dir, name), page, 0o644); err != nil {
		return fmt.Errorf("write the manual: %w", err)
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() && !sub.IsAdditionalHelpTopicCommand() {
			if err := writeManual(sub, dir); err != nil {
				return err
			}
		}
	}
	return nil
}

var manDate = regexp.MustCompile(`(?m)^(\.TH "[^"]*" "[^"]*") "[^"]*"`)

// manPage is the page of one command, without a date.
func manPage(c *cobra.Command) ([]byte, error) {
	var b bytes.Buffer
	header := &doc.GenManHeader{Section: "1", Source: "llm", Manual: "llm", Date: &time.Time{}}
	if err := doc.GenMan(c, header, &b); err != nil {
		return nil, err
	}
	return manDate.ReplaceAll(b.Bytes(), []byte(`$1 ""`)), nil
}
