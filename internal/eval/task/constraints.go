package task

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Words are constraints on the words of an answer; all that are set must hold. A word is a
// run of letters, digits, apostrophes and hyphens.
type Words struct {
	Exactly, AtLeast, AtMost int      // how many words; 0: any
	StartsWith, EndsWith     string   // words, whatever their case
	Contains, Omits          []string // words or phrases, whatever their case, as whole words
	OmitsLetters             string   // letters, whatever their case
	Upper, Lower             bool     // no small, or no capital letter
}

// Constraints takes an answer for right that keeps to w.
func Constraints(w Words) Check { return Check{words: &w, correct: w.String()} }

// wordsOf are the words of a text in small letters.
func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("'’-", r)
	})
}

// holds says whether some words stand in a row.
func holds(words, phrase []string) bool {
	for i := 0; i+len(phrase) <= len(words); i++ {
		if slices.Equal(words[i:i+len(phrase)], phrase) {
			return true
		}
	}
	return false
}

// Wrong says which constraint an answer breaks; "" if none.
func (w *Words) Wrong(answer string) string {
	words := wordsOf(answer)
	n := len(words)
	first, last := wordsOf(w.StartsWith), wordsOf(w.EndsWith)
	switch {
	case n == 0:
		return "has no word"
	case w.Exactly > 0 && n != w.Exactly:
		return fmt.Sprintf("has %d words, not %d", n, w.Exactly)
	case n < w.AtLeast:
		return fmt.Sprintf("has %d words, fewer than %d", n, w.AtLeast)
	case w.AtMost > 0 && n > w.AtMost:
		return fmt.Sprintf("has %d words, more than %d", n, w.AtMost)
	case n < len(first) || !slices.Equal(words[:len(first)], first):
		return fmt.Sprintf("does not start with %q", w.StartsWith)
	case n < len(last) || !slices.Equal(words[n-len(last):], last):
		return fmt.Sprintf("does not end with %q", w.EndsWith)
	case w.Upper && strings.ContainsFunc(answer, unicode.IsLower):
		return "has small letters"
	case w.Lower && strings.ContainsFunc(answer, unicode.IsUpper):
		return "has capital letters"
	case w.OmitsLetters != "" && strings.ContainsAny(strings.ToLower(answer), strings.ToLower(w.OmitsLetters)):
		return fmt.Sprintf("has one of the letters %q", w.OmitsLetters)
	}
	for _, phrase := range w.Contains {
		if !holds(words, wordsOf(phrase)) {
			return fmt.Sprintf("does not contain %q", phrase)
		}
	}
	for _, phrase := range w.Omits {
		if holds(words, wordsOf(phrase)) {
			return fmt.Sprintf("contains %q", phrase)
		}
	}
	return ""
}

// String names the constraints.
func (w *Words) String() string {
	var parts []string
	add := func(set bool, format string, args ...any) {
		if set {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(w.Exactly > 0, "exactly %d words", w.Exactly)
	add(w.AtLeast > 0, "at least %d words", w.AtLeast)
	add(w.AtMost > 0, "at most %d words", w.AtMost)
	add(w.StartsWith != "", "starts with %q", w.StartsWith)
	add(w.EndsWith != "", "ends with %q", w.EndsWith)
	add(len(w.Contains) > 0, "contains %q", w.Contains)
	add(len(w.Omits) > 0, "omits %q", w.Omits)
	add(w.OmitsLetters != "", "omits the letters %q", w.OmitsLetters)
	add(w.Upper, "capital letters")
	add(w.Lower, "small letters")
	return strings.Join(parts, ", ")
}
