package main

import (
	"os"
	"strings"
	"unicode"
)

// style is what a stream may be given besides its text.
type style struct {
	terminal bool // it shows text to a person, and can erase a line
	color    bool
}

// styleOf asks the stream and the environment (https://no-color.org).
func styleOf(f *os.File) style {
	term := os.Getenv("TERM")
	s := style{terminal: isTerminal(f) && term != "" && term != "dumb"}
	s.color = s.terminal && os.Getenv("NO_COLOR") == ""
	return s
}

// dim makes text grey, and nothing after it.
func (s style) dim(text string) string {
	if !s.color || text == "" {
		return text
	}
	return "\x1b[2m" + text + "\x1b[0m"
}

// erase takes back what stands on the line.
func (s style) erase() string { return "\r\x1b[K" }

// safe is the text of a model for this stream: what a terminal would obey (a model
// may be told to write escape sequences) is shown as a symbol instead.
func (s style) safe(text string) string {
	if !s.terminal || strings.IndexFunc(text, isCommand) < 0 {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return -1
		case r == 0x7f:
			return '␡'
		case r < 0x20 && isCommand(r):
			return '␀' + r
		case isCommand(r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// isCommand tells whether a terminal obeys a character rather than showing it.
func isCommand(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
