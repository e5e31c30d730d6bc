package report

import (
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/internal/bench/record"
)

// Markdown is a record as a page with tables; images are the files of charts, by their titles.
func Markdown(r *record.Record, images []Chart) string {
	v := viewOf(r)
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Levels of %s\n", plain(v.Model.File))
	line("%s\n", strings.Join(plains(v.heading()), "  \n"))
	if v.Choice.Level != "" {
		line("**%s**\n", plain(v.Choice.Sentence))
	} else {
		line("%s\n", plain(v.Choice.Sentence))
	}
	for _, text := range v.Choice.Caveats {
		line("- **Caveat:** %s", plain(text))
	}
	for _, text := range v.Choice.Reasons {
		line("- %s", plain(text))
	}
	for _, group := range v.groups {
		line("")
		markdownTable(&b, v, group)
	}
	line("\n▸ recommended; • no other level is smaller, faster and closer at once; ± the larger half of the %s interval.", percent(v.Settings.Confidence))
	line("\n%s", plain(v.certainty()))
	for _, u := range v.undone() {
		line("\n%s %s", plain(u[0]), plain(u[1]))
	}
	for _, text := range append(v.Choice.Explains, v.Notes...) {
		line("\n%s", plain(text))
	}
	for _, c := range images {
		line("\n![%s](%s)", plain(c.Title), c.File)
	}
	line("\n## Conditions\n")
	for _, c := range v.conditions() {
		line("- %s: %s", c[0], plain(c[1]))
	}
	return b.String()
}

func markdownTable(b *strings.Builder, v *view, columns []column) {
	heads, rules := []string{"", "level"}, []string{"---", "---"}
	for _, c := range columns {
		heads = append(heads, plain(c.title()))
		rules = append(rules, map[bool]string{true: "---", false: "---:"}[c.left])
	}
	row := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	row(heads)
	row(rules)
	for i := range v.Rows {
		r := &v.Rows[i]
		if !v.done(i) {
			continue
		}
		cells := []string{v.mark(r), plain(v.label(r))}
		for _, c := range columns {
			cells = append(cells, plain(c.cell(r)))
		}
		row(cells)
	}
}

// plain is a text that Markdown shows as it is: its signs are escaped, and so are tags.
func plain(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '&':
			b.WriteString("&amp;")
		case strings.ContainsRune("\\`*_[]|#!~$>", r):
			b.WriteRune('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	// Nothing of it becomes a link by itself.
	return strings.NewReplacer("://", ":\u200b//", "www.", "www\u200b.", "@", "@\u200b").Replace(b.String())
}

func plains(texts []string) []string {
	list := make([]string, len(texts))
	for i, t := range texts {
		list[i] = plain(t)
	}
	return list
}

// conditions are what it was measured under: names and values.
func (v *view) conditions() (list [][2]string) {
	add := func(name, format string, args ...any) {
		if text := strings.TrimSpace(fmt.Sprintf(format, args...)); text != "" {
			list = append(list, [2]string{name, text})
		}
	}
	add("made", "%s, in %s", v.Made.UTC().Format("2006-01-02 15:04 UTC"), duration(v.Seconds))
	add("program", "llm %s %s", v.Program.Version, commit(&v.Program))
	add("engine", "%s %s, tree %s, %s", v.Engine.Name, v.Engine.Version, v.Engine.Tree, v.Engine.Backend)
	add("instructions", "%s", v.Engine.System)
	add("system", "%s", strings.Join(nonEmpty(v.Machine.OS, v.Machine.Kernel), ", kernel "))
	add("processor", "%s, %s", v.Machine.CPU, plural(v.Machine.Cores, "core", "cores"))
	if v.Machine.Memory > 0 {
		add("memory", "%s GiB", gib(float64(v.Machine.Memory)))
	}
	for _, d := range v.Machine.Devices {
		add("device", "%s %s", d.Name, d.Description)
	}
	if c := v.Card; c != nil {
		add("card", "%s, of which %s GiB stay free on each", c.Name, gib(float64(c.Headroom)))
	}
	s := &v.Settings
	add("context", "%d tokens, KV cache %s", s.Context, strings.Join(s.KVTypes, ", "))
	add("computing", "%s, batch %d, ubatch %d, GPU layers %s, flash attention %s", plural(s.Threads, "thread", "threads"), s.Batch, s.Ubatch, layers(s.GPULayers), s.FlashAttn)
	add("confidence", "%s", percent(s.Confidence))
	add("seed", "%d", s.Seed)
	add("tensors", "%s", v.Model.Tensors)
	add("vocabulary", "%s", v.Model.Vocabulary)
	if t := v.Text; t != nil {
		add("text", "%s, SHA-256 %s, %d bytes, %s", t.Kind, t.SHA256, t.Bytes, plural(t.Chunks, "chunk", "chunks"))
	}
	if v.Resumed > 0 {
		add("resumed", "%s", plural(v.Resumed, "time", "times"))
	}
	add("command", "%s", strings.Join(v.Arguments, " "))
	return list
}

func layers(n int) string {
	if n < 0 {
		return "all"
	}
	return fmt.Sprint(n)
}

func commit(p *record.Program) string {
	switch {
	case p.Commit == "":
		return ""
	case p.Modified:
		return "(" + p.Commit + ", with changes)"
	}
	return "(" + p.Commit + ")"
}

func nonEmpty(texts ...string) (list []string) {
	for _, t := range texts {
		if t != "" {
			list = append(list, t)
		}
	}
	return list
}
