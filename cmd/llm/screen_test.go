package main

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// screen is what a terminal shows of the bytes it was sent: as much of a VT100 as
// the line editor uses. The right half of a wide character is a 0.
type screen struct {
	cols, rows int
	cells      [][]rune
	above      []string // what was scrolled away
	x, y       int
	wrap       bool // the last column is written, and the next character wraps
	bracketed  bool
	grey       bool
	greyText   string // all that was shown in grey
	rest       []byte
	unknown    []string
}

func newScreen(cols, rows int) *screen {
	s := &screen{}
	s.resize(cols, rows)
	return s
}

// resize cuts or widens the lines, as xterm does.
func (s *screen) resize(cols, rows int) {
	for len(s.cells) > rows {
		s.scroll()
		s.cells = s.cells[:len(s.cells)-1]
		s.y--
	}
	for len(s.cells) < rows {
		s.cells = append(s.cells, nil)
	}
	for i, line := range s.cells {
		s.cells[i] = append(slices.Clone(line[:min(len(line), cols)]), blank(max(cols-len(line), 0))...)
	}
	s.cols, s.rows = cols, rows
	s.x, s.y = min(s.x, cols-1), max(s.y, 0)
}

func blank(n int) []rune { return []rune(strings.Repeat(" ", n)) }

// scroll moves everything a line up.
func (s *screen) scroll() {
	s.above = append(s.above, s.text(0))
	copy(s.cells, s.cells[1:])
	s.cells[len(s.cells)-1] = blank(s.cols)
}

// text is a line without what is blank at its end.
func (s *screen) text(row int) string {
	return strings.TrimRight(strings.ReplaceAll(string(s.cells[row]), "\x00", ""), " ")
}

// line is the line that the cursor is on.
func (s *screen) line() string { return s.text(s.y) }

// all is everything, also what was scrolled away.
func (s *screen) all() string {
	lines := slices.Clone(s.above)
	for i := range s.cells {
		lines = append(lines, s.text(i))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func (s *screen) Write(b []byte) (int, error) {
	n := len(b)
	b = append(s.rest, b...)
	s.rest = nil
	for len(b) > 0 {
		used := s.step(b)
		if used == 0 {
			s.rest = b
			break
		}
		b = b[used:]
	}
	return n, nil
}

// step obeys what b begins with and returns its length; 0: there must be more.
func (s *screen) step(b []byte) int {
	switch b[0] {
	case '\r':
		s.x, s.wrap = 0, false
	case '\n':
		s.down()
	case '\b':
		s.x = max(s.x-1, 0)
	case 7:
	case 0x1b:
		return s.escape(b)
	default:
		if !utf8.FullRune(b) {
			return 0
		}
		r, n := utf8.DecodeRune(b)
		s.put(r)
		return n
	}
	return 1
}

func (s *screen) down() {
	if s.y++; s.y == s.rows {
		s.scroll()
		s.y--
	}
	s.wrap = false
}

func (s *screen) put(r rune) {
	width := runewidth.RuneWidth(r)
	if width == 0 {
		return
	}
	if s.wrap || s.x+width > s.cols {
		s.x = 0
		s.down()
	}
	s.cells[s.y][s.x] = r
	if width == 2 {
		s.cells[s.y][s.x+1] = 0
	}
	if s.grey {
		s.greyText += string(r)
	}
	if s.x += width; s.x == s.cols {
		s.x, s.wrap = s.cols-1, true
	}
}

// escape obeys a CSI sequence.
func (s *screen) escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	if b[1] != '[' {
		s.unknown = append(s.unknown, string(b[:2]))
		return 2
	}
	end := 2
	for ; ; end++ {
		if end == len(b) {
			return 0
		}
		if b[end] >= '@' {
			break
		}
	}
	argument := string(b[2:end])
	n, err := strconv.Atoi(argument)
	if err != nil {
		n = 1
	}
	s.wrap = s.wrap && (b[end] == 'm' || b[end] == 'h' || b[end] == 'l')
	switch b[end] {
	case 'A':
		s.y = max(s.y-n, 0)
	case 'B':
		s.y = min(s.y+n, s.rows-1)
	case 'C':
		s.x = min(s.x+n, s.cols-1)
	case 'D':
		s.x = max(s.x-n, 0)
	case 'G':
		s.x = min(n-1, s.cols-1)
	case 'H':
		s.x, s.y = 0, 0
	case 'K':
		copy(s.cells[s.y][s.x:], blank(s.cols))
	case 'J':
		for i := range s.cells {
			s.cells[i] = blank(s.cols)
		}
	case 'm':
		s.grey = argument == "2"
	case 'h', 'l':
		s.bracketed = argument == "?2004" && b[end] == 'h'
	default:
		s.unknown = append(s.unknown, string(b[:end+1]))
	}
	return end + 1
}

func TestScreen(t *testing.T) {
	for _, c := range []struct{ sent, all, line string }{
		{"one\r\ntwo", "one\ntwo", "two"},
		{"abcdefgh\r\nx", "abcdefgh\nx", "x"},
		{"abcdefghij", "abcdefgh\nij", "ij"},
		{"abc\r\x1b[K", "", ""},
		{"abc\x1b[2GX\x1b[0K", "aX", "aX"},
		{"日本語日本", "日本語日\n本", "本"},
		{"a日本語日", "a日本語\n日", "日"},
		{"1\r\n2\r\n3\r\n4\x1b[2Ax", "1\n2x\n3\n4", "2x"},
		{"\x1b[2mgrey\x1b[0m", "grey", "grey"},
	} {
		s := newScreen(8, 3)
		for i := range len(c.sent) {
			s.Write([]byte{c.sent[i]})
		}
		if s.all() != c.all || s.line() != c.line || s.unknown != nil {
			t.Errorf("%q: %q and %q, want %q and %q; %q", c.sent, s.all(), s.line(), c.all, c.line, s.unknown)
		}
	}
}
