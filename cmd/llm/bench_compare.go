package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/bench/report"
)

func (a *app) benchCompareCommand() *cobra.Command {
	var confidence, margin string
	var asJSON bool
	c := &cobra.Command{
		Use:   "compare A.json B.json",
		Short: "Compare two records of llm bench levels",
		Long: `Compare two records of llm bench levels (or the folders that they are in): for each level
that both have, how many times the figures of A those of B are, with intervals, and whether
they are the same or different. Quality is compared window by window, where both read the same
text. In which conditions they differ is said first.`,
		Example: `  llm bench compare before/record.json after/record.json
  llm bench compare before after --margin 5% --json`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef("llm bench compare takes two records, not %d", len(args))
			}
			sure, err := percentage("confidence", confidence, 50, 99.99)
			if err != nil {
				return err
			}
			within, err := percentage("margin", margin, 0.01, 50)
			if err != nil {
				return err
			}
			return a.benchCompare(args[0], args[1], sure, within, asJSON)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	s := c.Flags()
	s.SetNormalizeFunc(canonical)
	s.StringVar(&confidence, "confidence", "95%", "of the intervals")
	s.StringVar(&margin, "margin", "2%", "difference up to which figures count as the same")
	s.BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) benchCompare(first, second string, confidence, margin float64, asJSON bool) error {
	x, err := record.Open(first)
	if err != nil {
		return err
	}
	y, err := record.Open(second)
	if err != nil {
		return err
	}
	c := record.Compare(x, y, confidence, margin)
	c.A, c.B = first, second
	if asJSON {
		e := json.NewEncoder(a.out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(c)
	}
	_, err = a.out.WriteString(report.ComparisonTerminal(c, a.columns(), styleOf(a.out).dim))
	return err
}
