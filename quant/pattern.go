package quant

import (
	"fmt"
	"strings"
)

// A pattern is short: the engine's regular expressions recurse once for each character.
const (
	longestPattern = 1024 // bytes
	mostRepeats    = 1000 // Go's limit
)

// checkPattern refuses what the engine's regular expressions and Go's read differently, or
// one of them not at all. What is left both read alike: characters, any (.), classes,
// groups, alternatives, repetition, the ends (^ $) and \d \w \s \b with their opposites.
func checkPattern(pattern string) error {
	if len(pattern) > longestPattern {
		return fmt.Errorf("%d bytes: the limit is %d", len(pattern), longestPattern)
	}
	p := patternScan{text: pattern}
	for p.at < len(pattern) {
		if err := p.step(); err != nil {
			return err
		}
	}
	if p.open > 0 {
		return fmt.Errorf("a group is not closed")
	}
	return nil
}

type patternScan struct {
	text   string
	at     int
	open   int  // groups
	repeat bool // what comes before can be repeated
}

// punctuation may stand for itself behind a backslash.
const punctuation = `^$\.*+?()[]{}|/-`

func (p *patternScan) step() error {
	c := p.text[p.at]
	p.at++
	switch {
	case c < ' ' || c > '~':
		return fmt.Errorf("a byte that is no printable ASCII: names of tensors have none")
	case c == '\\':
		return p.escape(`dDwWsSbB`)
	case c == '[':
		return p.class()
	case c == '(':
		p.open++
		p.repeat = false
		if rest := p.text[p.at:]; strings.HasPrefix(rest, "?:") {
			p.at += 2
		} else if strings.HasPrefix(rest, "?") {
			return fmt.Errorf("(?%.1s is not supported: write what is to be found", rest[1:])
		}
		return nil
	case c == ')':
		if p.open--; p.open < 0 {
			return fmt.Errorf("a ) without a (")
		}
		p.repeat = true
		return nil
	case c == ']' || c == '}':
		return fmt.Errorf(`a %c without what opens it: write \%c for the character`, c, c)
	case c == '|' || c == '^' || c == '$':
		p.repeat = false
		return nil
	case c == '*' || c == '+' || c == '?':
		return p.repeated()
	case c == '{':
		return p.count()
	}
	p.repeat = true
	return nil
}

// escape reads what is behind a backslash: one of letters or punctuation.
func (p *patternScan) escape(letters string) error {
	if p.at == len(p.text) {
		return fmt.Errorf(`nothing behind the last \`)
	}
	c := p.text[p.at]
	p.at++
	p.repeat = c != 'b' && c != 'B'
	if !strings.ContainsRune(letters+punctuation, rune(c)) {
		return fmt.Errorf(`\%c is not supported`, c)
	}
	return nil
}

// repeated is behind *, + or ?, after which a ? may stand.
func (p *patternScan) repeated() error {
	if !p.repeat {
		return fmt.Errorf("nothing to repeat before byte %d", p.at)
	}
	if p.at < len(p.text) && p.text[p.at] == '?' {
		p.at++
	}
	p.repeat = false
	return nil
}

// count reads {n}, {n,} or {n,m} behind its first brace.
func (p *patternScan) count() error {
	body, _, closed := strings.Cut(p.text[p.at:], "}")
	low, high, pair := strings.Cut(body, ",")
	from, ok1 := smallNumber(low)
	to, ok2 := smallNumber(high)
	if pair && high == "" || !pair {
		to, ok2 = from, true
	}
	if !closed || !ok1 || !ok2 || to < from {
		return fmt.Errorf(`a { that counts nothing: write {2,4} for two to four (at most %d), \{ for the character`, mostRepeats)
	}
	p.at += len(body) + 1
	return p.repeated()
}

func smallNumber(text string) (n int, ok bool) {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' || n > mostRepeats {
			return 0, false
		}
		n = 10*n + int(text[i]-'0')
	}
	return n, text != "" && n <= mostRepeats
}

// class reads [...] behind its first bracket: characters, ranges of letters or digits, and
// \d \w \s.
func (p *patternScan) class() error {
	if p.at < len(p.text) && p.text[p.at] == '^' {
		p.at++
	}
	for first := true; ; first = false {
		if p.at == len(p.text) {
			return fmt.Errorf("a [ is not closed")
		}
		c := p.text[p.at]
		p.at++
		switch {
		case c == ']' && first:
			return fmt.Errorf("an empty [], or one that begins with ]: write [\\]…]")
		case c == ']':
			p.repeat = true
			return nil
		case c == '[':
			return fmt.Errorf(`a [ within []: write \[`)
		case c == '\\':
			if err := p.escape("dws"); err != nil {
				return err
			}
			if p.at < len(p.text) && p.text[p.at] == '-' {
				return fmt.Errorf("a - behind an escape within []: put it last as \\-")
			}
		case c == '-':
			return fmt.Errorf(`a - that is no range within []: write \-`)
		case c < ' ' || c > '~':
			return fmt.Errorf("a byte that is no printable ASCII: names of tensors have none")
		case strings.HasPrefix(p.text[p.at:], "-"):
			if err := p.span(c); err != nil {
				return err
			}
		}
	}
}

// span reads the rest of a range that begins with c.
func (p *patternScan) span(c byte) error {
	if p.at+1 >= len(p.text) || kindOf(c) == 0 || kindOf(p.text[p.at+1]) != kindOf(c) || p.text[p.at+1] < c {
		return fmt.Errorf("a range within [] is of letters or digits, as in a-z")
	}
	p.at += 2
	return nil
}

// kindOf a character that ranges are of; 0: of none.
func kindOf(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return '0'
	case c >= 'a' && c <= 'z':
		return 'a'
	case c >= 'A' && c <= 'Z':
		return 'A'
	}
	return 0
}
