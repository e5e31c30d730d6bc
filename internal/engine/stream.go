package engine

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// stream turns token pieces into text: it holds back half characters and what may
// be the beginning of a stop string, so that neither is ever emitted.
type stream struct {
	stops []string
	held  []byte
}

// push adds a piece and returns what can be emitted, valid UTF-8; found is the
// stop string that was reached, after which nothing more comes.
func (s *stream) push(piece []byte) (text, found string) {
	s.held = append(s.held, piece...)
	if at, stop := s.findStop(); stop != "" {
		text = valid(s.held[:at])
		s.held = s.held[:0]
		return text, stop
	}
	return s.take(len(s.held) - s.hold()), ""
}

// flush returns what is still held back. Bytes that never became a character are
// shown as U+FFFD.
func (s *stream) flush() string { return s.take(len(s.held)) }

func (s *stream) take(n int) string {
	text := valid(s.held[:n])
	s.held = s.held[:copy(s.held, s.held[n:])]
	return text
}

// findStop is the earliest stop string in the held text; of those that begin at
// the same place the longest.
func (s *stream) findStop() (at int, found string) {
	at = len(s.held)
	for _, stop := range s.stops {
		i := bytes.Index(s.held, []byte(stop))
		if i >= 0 && (i < at || i == at && len(stop) > len(found)) {
			at, found = i, stop
		}
	}
	return at, found
}

// hold is how many bytes at the end must wait.
func (s *stream) hold() int {
	n := incomplete(s.held)
	for _, stop := range s.stops {
		for k := min(len(stop)-1, len(s.held)); k > n; k-- {
			if string(s.held[len(s.held)-k:]) == stop[:k] {
				n = k
				break
			}
		}
	}
	// What waits for a stop string must not begin inside a character.
	for n < len(s.held) && n > 0 && !utf8.RuneStart(s.held[len(s.held)-n]) {
		n++
	}
	return n
}

// incomplete is how many bytes at the end of b begin a UTF-8 character that is not
// finished.
func incomplete(b []byte) int {
	for k := 1; k < utf8.UTFMax && k <= len(b); k++ {
		if c := b[len(b)-k]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-k:]) {
				return k
			}
			return 0
		}
	}
	return 0
}

func valid(b []byte) string { return strings.ToValidUTF8(string(b), "\uFFFD") }
