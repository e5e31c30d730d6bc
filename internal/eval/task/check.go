package task

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Check says whether an answer is right. The zero value takes none for right.
type Check struct {
	exact   []string // normalised; any of them
	regex   *regexp.Regexp
	number  *number
	json    *jsonCheck
	words   *Words
	correct string // the answer that was expected, for reports and examples
}

// Exact takes an answer for right that is one of these texts once both are normalised.
func Exact(texts ...string) Check {
	c := Check{correct: strings.Join(texts, " or ")}
	for _, t := range texts {
		c.exact = append(c.exact, Normalize(t))
	}
	return c
}

// Regex takes an answer for right in which the expression matches somewhere.
func Regex(r *regexp.Regexp) Check { return Check{regex: r, correct: r.String()} }

// Expected is the answer that the check was made of, or the rule for it.
func (c *Check) Expected() string { return c.correct }

// rule is all that the check depends on.
func (c *Check) rule() string {
	switch {
	case c.number != nil:
		return fmt.Sprintf("number %v %v", c.number.want, c.number.tolerance)
	case c.json != nil:
		return fmt.Sprintf("json %s %q", c.correct, c.json.source)
	case c.words != nil:
		return fmt.Sprintf("words %+v", *c.words)
	case c.regex != nil:
		return fmt.Sprintf("regex %q", c.correct)
	}
	return fmt.Sprintf("exact %q", c.exact)
}

// Wrong says what is wrong with an answer, in a few words; "" if it is right.
func (c *Check) Wrong(answer string) string {
	switch {
	case c.exact != nil:
		got := Normalize(answer)
		for _, want := range c.exact {
			if got == want {
				return ""
			}
		}
		return "is not " + excerpt(c.correct)
	case c.regex != nil:
		if c.regex.MatchString(answer) {
			return ""
		}
		return "does not match " + excerpt(c.correct)
	case c.number != nil:
		return c.number.wrong(answer)
	case c.json != nil:
		return c.json.wrong(answer)
	case c.words != nil:
		return c.words.Wrong(answer)
	}
	return "there is no check"
}

// Normalize makes texts equal that differ in nothing that counts: letters become small, white
// space between words one space; white space, quotation marks, emphasis and code marks of
// Markdown around the whole fall away, and so does one full stop at the end.
func Normalize(text string) string {
	around := func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("\"'`*_“”‘’«»", r)
	}
	text = strings.TrimFunc(text, around)
	text = strings.TrimFunc(strings.TrimSuffix(text, "."), around)
	return strings.ToLower(strings.Join(strings.Fields(text), " "))
}

// excerpt quotes a text for a message, a long one in part.
func excerpt(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
