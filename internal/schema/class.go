package schema

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// breaksJSON: the characters that stand in a JSON string as escapes only.
func breaksJSON(r rune) bool { return r < ' ' || r == '"' || r == '\\' }

// class reads […]. The converter hands it to the grammar as it is.
func (p *pattern) class() error {
	p.at++
	not := strings.HasPrefix(p.text[p.at:], "^")
	if not {
		p.at++
	}
	var ranges [][2]rune
	for {
		if p.at == len(p.text) {
			return errors.New("a [ without its ]")
		}
		if p.text[p.at] == ']' {
			break
		}
		lo, err := p.character(true)
		if err != nil {
			return err
		}
		hi := lo
		if rest := p.text[p.at:]; len(rest) > 1 && rest[0] == '-' && rest[1] != ']' {
			p.at++
			if hi, err = p.character(true); err != nil {
				return err
			}
		}
		if hi < lo {
			return fmt.Errorf("the range %c-%c is empty", lo, hi)
		}
		ranges = append(ranges, [2]rune{lo, hi})
	}
	if len(ranges) == 0 {
		return errors.New("an empty class")
	}
	for r := rune(0); r <= '\\'; r++ {
		listed := slices.ContainsFunc(ranges, func(x [2]rune) bool { return x[0] <= r && r <= x[1] })
		if breaksJSON(r) && listed != not {
			return fmt.Errorf(`the class lets %q into the reply, where it would have to be escaped; exclude it (a class with ^ needs "\\\x00-\x1F in it)`, r)
		}
	}
	p.at++
	return nil
}

// character reads a character or an escape that means the same to the converter.
func (p *pattern) character(inClass bool) (rune, error) {
	rest := p.text[p.at:]
	if rest[0] != '\\' {
		r, n := utf8.DecodeRuneInString(rest)
		p.at += n
		return r, nil
	}
	if len(rest) == 1 {
		return 0, errors.New("a backslash at the end")
	}
	c := rest[1]
	digits := map[byte]int{'x': 2, 'u': 4}[c]
	switch {
	case digits > 0:
		if len(rest) < 2+digits {
			break
		}
		r, err := strconv.ParseUint(rest[2:2+digits], 16, 32)
		if err != nil || !utf8.ValidRune(rune(r)) {
			break
		}
		p.at += 2 + digits
		return rune(r), nil
	case strings.IndexByte(`\"[]-`, c) >= 0, !inClass && strings.IndexByte("^$.()|{}*+?", c) >= 0:
		p.at += 2
		return rune(c), nil
	case strings.IndexByte("trn", c) >= 0:
		p.at += 2
		return map[byte]rune{'t': '\t', 'r': '\r', 'n': '\n'}[c], nil
	}
	r, _ := utf8.DecodeRuneInString(rest[1:])
	return 0, fmt.Errorf(`the converter does not know \%c here; write the characters out, as [0-9] for \d or [A-Za-z0-9_] for \w`, r)
}
