package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm"
)

func (a *app) devicesCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "devices",
		Short:   "List what the engine can compute on, with its memory",
		Example: "  llm devices\n  llm devices --json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			devices, err := llm.Devices()
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(a.out).Encode(deviceRows(devices))
			}
			w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "NAME\tTYPE\tFREE\tTOTAL\tDESCRIPTION")
			for _, d := range devices {
				free, total := "unknown", "unknown"
				if d.MemoryTotal > 0 {
					free, total = mib(d.MemoryFree), mib(d.MemoryTotal)
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", d.Name, d.Type, free, total, d.Description)
			}
			if err := w.Flush(); err != nil {
				return err
			}
			backends, err := llm.Backends()
			if err != nil {
				return err
			}
			for _, line := range backendLines(backends) {
				if _, err := fmt.Fprintln(a.out, oneLine(line)); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// deviceRow leaves out what is not known.
type deviceRow struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Type        string `json:"type"`
	MemoryFree  uint64 `json:"memory_free,omitempty"`
	MemoryTotal uint64 `json:"memory_total,omitempty"`
}

func deviceRows(devices []llm.Device) []deviceRow {
	rows := make([]deviceRow, len(devices))
	for i, d := range devices {
		rows[i] = deviceRow{d.Name, d.Description, d.Type.String(), d.MemoryFree, d.MemoryTotal}
	}
	return rows
}

// backendLines say what a backend did not find, and why.
func backendLines(backends []llm.Backend) []string {
	var lines []string
	for _, b := range backends {
		if b.Devices > 0 {
			continue
		}
		line := fmt.Sprintf("no %s device was found", b.Name)
		if b.Name == "" {
			line = b.Module + " did not load"
		}
		lines = append(lines, line+after(": ", b.Reason))
	}
	return lines
}

func mib(bytes uint64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }
