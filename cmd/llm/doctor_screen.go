package main

import (
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/internal/doctor"
)

// doctorScreenOf is a report at 80 columns.
func doctorScreenOf(r *doctor.Report, s style) string {
	w := &inspectScreen{style: s}
	doctorBuild(w, r)
	for i := range r.Devices {
		doctorDevice(w, &r.Devices[i])
	}
	for _, x := range r.Findings {
		fmt.Fprintf(w, "\n%s: %s\n", x.Level, printable(x.About))
		w.row("expected", "%s", printable(x.Expected))
		w.row("observed", "%s", printable(x.Observed))
		w.row("evidence", "%s", printable(x.Evidence))
		w.row("suggestion", "%s", printable(x.Suggestion))
	}
	fmt.Fprintf(w, "\n%s\n", conclusion(r))
	return w.String()
}

func conclusion(r *doctor.Report) string {
	failed := 0
	for _, x := range r.Findings {
		if x.Level == doctor.Error {
			failed++
		}
	}
	if failed > 0 {
		return plural(failed, "check") + " failed."
	}
	return "All checks passed."
}

func doctorBuild(w *inspectScreen, r *doctor.Report) {
	b, s := &r.Build, &r.System
	fmt.Fprintf(w, "llm %s · llama.cpp %s\n\n", b.Version, b.Engine)
	w.row("built with", "%s, %s", b.Backend, b.Link)
	for _, b := range r.Backends {
		text := printable(b.Name) + ", " + plural(b.Devices, "device")
		if b.Name == "" {
			text = "none"
		}
		w.row("backend", "%s%s%s", text, after("; ", printable(b.Module)), after(": ", printable(b.Reason)))
	}
	w.row("tree", "%s", b.Tree)
	w.row("features", "%s", strings.Join(b.Features, " "))
	w.row("system", "%s/%s, %s", s.OS, s.Arch, strings.TrimPrefix(fmt.Sprintf("%s, %s, %d logical", printable(s.CPU), plural(s.Cores, "core"), s.LogicalCPUs), ", "))
	w.row("threads", "%d", s.Threads)
	for _, g := range s.Graphics {
		w.row("graphics", "%s %s at %s%s", g.Vendor, g.ID, g.Address, after(", kernel driver ", g.Driver))
	}
	w.row("device nodes", "%s", strings.Join(s.Nodes, " "))
	w.row("NVIDIA driver", "%s", s.NVIDIADriver)
	w.row("compared with", "%s, %s", printable(r.Model.Name), size(r.Model.Bytes))
}

// after is text with what stands before it, or nothing.
func after(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

func doctorDevice(w *inspectScreen, d *doctor.Device) {
	fmt.Fprintln(w)
	heading := printable(d.Name)
	if d.Type != d.Name {
		heading += " · " + d.Type
	}
	for _, line := range fold(heading+" · "+printable(d.Description), screenWidth) {
		fmt.Fprintln(w, line)
	}
	w.row("driver", "%s", d.Driver)
	if d.MemoryTotal > 0 {
		w.row("memory", "%s of %s free", size(int64(d.MemoryFree)), size(int64(d.MemoryTotal)))
	}
	if c := d.Copy; c != nil {
		w.row("copy", "%s", speedOf(c, "B/s"))
	}
	for _, p := range d.Products {
		label := p.Type
		if p.Columns == 1 && p.Weights != nil {
			label += ", token"
			w.row(label, "%s of weights", speedOf(p.Weights, "B/s"))
		} else if p.Flop != nil {
			w.row(label+", prompt", "%s, %s", speedOf(p.Flop, "FLOP/s"), plural(p.Columns, "column"))
		} else if p.Unsupported {
			w.row(label, "not supported")
		}
	}
	doctorAccuracy(w, d.Accuracy)
	if c := d.Logits; c != nil {
		w.row("logits", "NMSE %.1e (limit %.0e), same best token at %d of %d positions, largest difference %.2g",
			float64(c.NMSE), float64(c.Limit), c.Top1, c.Tokens, float64(c.MaxDiff))
	}
	if d.Bound > 0 {
		w.row("generation", "about %.0f tokens/s at most: bandwidth by size of the model", d.Bound)
	}
	for _, x := range d.Failures {
		w.row(x.Step, "failed: %s", printable(x.Error))
	}
}

// speedOf is the best round and the median, in thousands of millions of a unit, or in
// millions of millions.
func speedOf(s *doctor.Speed, unit string) string {
	scale, prefix := 1e9, "G"
	if s.Best >= 1e12 {
		scale, prefix = 1e12, "T"
	}
	return fmt.Sprintf("%.1f %s%s (median %.1f of %s)", s.Best/scale, prefix, unit, s.Median/scale, plural(s.Rounds, "round"))
}

// doctorAccuracy sums up the types of weights.
func doctorAccuracy(w *inspectScreen, all []doctor.Accuracy) {
	worst, without, measured := doctor.Accuracy{NMSE: -1}, []string{}, 0
	for _, a := range all {
		switch {
		case a.Unsupported:
			without = append(without, a.Type)
		default:
			measured++
			if !(a.NMSE <= worst.NMSE) {
				worst = a
			}
		}
	}
	if measured > 0 {
		w.row("products", "%s of weights, NMSE %.1e at most (%s)%s", plural(measured, "type"), float64(worst.NMSE), worst.Type, after("; not supported: ", strings.Join(without, " ")))
	}
}
