package schema

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// pattern reads a regular expression as the converter does (_pattern_to_rule,
// common/json-schema-to-grammar.cpp@v0.5.0). What the converter gives up on with a
// warning, or reads otherwise than ECMA-262 does, is an error; and so is whatever lets
// a quote, a backslash or a control character into the reply, because the converter
// puts the pattern between quotes without escaping: the reply would not be JSON.
type pattern struct {
	text        string // between ^ and $
	at          int
	depth       int
	repetitions int // all that the grammar parser writes out
	braces      int // repetitions in braces, which become rules
}

var errAnyCharacter = errors.New(`matches quotes and backslashes, which breaks the reply; for any character write [^"\\\x00-\x1F], or use maxLength instead of a pattern`)

func parsePattern(text string) (*pattern, error) {
	if len(text) < 2 || text[0] != '^' || text[len(text)-1] != '$' {
		return nil, errors.New("must begin with ^ and end with $; write ^…$, with [^\"\\\\\\x00-\\x1F]* where anything may stand")
	}
	if len(text) > 4*MaxRuleName {
		return nil, fmt.Errorf("%d bytes are more than the %d that are allowed", len(text), 4*MaxRuleName)
	}
	p := &pattern{text: text[1 : len(text)-1]}
	if _, err := p.alternatives(); err != nil {
		return nil, fmt.Errorf("at byte %d: %w", p.at+1, err)
	}
	if p.at < len(p.text) {
		return nil, fmt.Errorf("at byte %d: a ) without its (", p.at+1)
	}
	return p, nil
}

// alternatives reads up to the end or a closing parenthesis, and says whether nothing
// at all matches too.
func (p *pattern) alternatives() (empty bool, err error) {
	sequence := true   // nothing matches what is read of this alternative
	afterText := false // the last item is a letter that an escape would be joined to
	for p.at < len(p.text) && p.text[p.at] != ')' {
		if p.text[p.at] == '|' {
			p.at++
			empty, sequence, afterText = empty || sequence, true, false
			continue
		}
		item, err := p.item()
		if err != nil {
			return false, err
		}
		repeated, err := p.repeat(&item, afterText)
		if err != nil {
			return false, err
		}
		sequence = sequence && item.empty
		afterText = item.text && !repeated
	}
	return empty || sequence, nil
}

// item is what a repetition applies to.
type item struct {
	empty  bool // nothing matches it
	text   bool // a letter or an escape
	escape bool
	wide   bool // more than a byte
}

func (p *pattern) item() (item, error) {
	switch c := p.text[p.at]; c {
	case '.':
		return item{}, errAnyCharacter
	case '^', '$':
		return item{}, fmt.Errorf("%c can stand at the ends only; escape it if you mean the character", c)
	case '*', '+', '?', '{':
		return item{}, fmt.Errorf("%c repeats nothing, or what is repeated already (a lazy repetition does not exist in a grammar)", c)
	case ']', '}':
		return item{}, fmt.Errorf("%c without its opening; escape it", c)
	case '(':
		return p.group()
	case '[':
		return item{}, p.class()
	}
	escape := p.text[p.at] == '\\'
	r, err := p.character(false)
	if err == nil && breaksJSON(r) {
		err = fmt.Errorf("the character %q would have to be escaped in the reply, which a grammar does not do; leave it out", r)
	}
	return item{text: true, escape: escape, wide: !escape && r >= utf8.RuneSelf}, err
}

func (p *pattern) group() (item, error) {
	if p.depth++; p.depth > 100 {
		return item{}, errors.New("more than 100 groups in one another")
	}
	p.repetitions++ // a rule of its own, as a repetition
	p.at++
	if rest := p.text[p.at:]; strings.HasPrefix(rest, "?") {
		if !strings.HasPrefix(rest, "?:") {
			return item{}, errors.New("a grammar knows no groups but (…) and (?:…)")
		}
		p.at += 2
	}
	empty, err := p.alternatives()
	if err != nil {
		return item{}, err
	}
	if p.at == len(p.text) {
		return item{}, errors.New("a ( without its )")
	}
	p.at++
	p.depth--
	return item{empty: empty}, nil
}

// repeat reads *, +, ? or {…} behind an item.
func (p *pattern) repeat(i *item, afterText bool) (bool, error) {
	if p.at == len(p.text) || !strings.ContainsRune("*+?{", rune(p.text[p.at])) {
		return false, nil
	}
	if i.escape && afterText || i.wide {
		return false, errors.New("the converter repeats more or less than the character before; put that into (…)")
	}
	lo, hi, err := p.times()
	if err != nil {
		return false, err
	}
	if hi < 0 && i.empty {
		return false, errors.New("repeats without an end what may be empty")
	}
	i.empty = i.empty || lo == 0
	if p.repetitions += max(lo, hi, 1); p.repetitions > MaxItems {
		return false, fmt.Errorf("repeats more than %d times in all; lower the bounds", MaxItems)
	}
	return true, nil
}

// times reads the numbers of a repetition; hi is -1 when there is no end.
func (p *pattern) times() (lo, hi int, err error) {
	c := p.text[p.at]
	p.at++
	switch c {
	case '*':
		return 0, -1, nil
	case '+':
		return 1, -1, nil
	case '?':
		return 0, 1, nil
	}
	p.braces++
	inside, _, closed := strings.Cut(p.text[p.at:], "}")
	from, to, pair := strings.Cut(inside, ",")
	lo, ok := times(from)
	hi = lo
	if pair && to == "" {
		hi = -1
	} else if pair {
		var ok2 bool
		hi, ok2 = times(to)
		ok = ok && ok2
	}
	if !closed || !ok || hi >= 0 && hi < lo || hi == 0 {
		return 0, 0, errors.New("a repetition is {n}, {n,} or {n,m}; escape { if you mean the character")
	}
	p.at += len(inside) + 1
	return lo, hi, nil
}

func times(s string) (int, bool) {
	if s == "" || len(s) > 6 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}
