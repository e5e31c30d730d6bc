package main

import "strings"

// fence begins and ends a text of several lines.
const fence = `"""`

// draft is a text that is typed over several lines.
type draft struct {
	open  bool
	lines []string
}

// add takes a line. done: text is all of it.
func (d *draft) add(line string) (text string, done bool) {
	if !d.open {
		begin, ok := strings.CutPrefix(strings.TrimLeft(line, " "), fence)
		if !ok {
			return line, true
		}
		d.open, line = true, begin
		if line == "" { // the text begins on the next line
			return "", false
		}
	}
	end, ok := strings.CutSuffix(strings.TrimRight(line, " "), fence)
	if !ok {
		d.lines = append(d.lines, line)
		return "", false
	}
	if end != "" || len(d.lines) == 0 {
		d.lines = append(d.lines, end)
	}
	text = strings.Join(d.lines, "\n")
	*d = draft{}
	return text, true
}

// fenced is a text as it can be typed again: history has it on one line.
func fenced(text string) string {
	if strings.Contains(text, "\n") && !strings.HasPrefix(text, "/") {
		return fence + text + fence
	}
	return text
}

// input is what a line of a chat is.
type input struct {
	command, argument string // of a command, without its slash
	text              string // else
}

// parseInput tells commands from what is sent: a line that begins with // is sent
// with one slash.
func parseInput(line string) input {
	trimmed := strings.TrimSpace(line)
	rest, ok := strings.CutPrefix(trimmed, "/")
	switch {
	case !ok:
		return input{text: line}
	case strings.HasPrefix(rest, "/"):
		return input{text: rest}
	}
	name, argument, _ := strings.Cut(rest, " ")
	return input{command: "/" + name, argument: strings.TrimSpace(argument)}
}
