package gguf

import (
	"fmt"
	"slices"
	"strings"
)

// templateScan looks at the pieces of a template in order.
type templateScan struct {
	blocks  []templateBlock
	macros  map[string][]string // which others each calls whatever comes
	doubled map[string]int      // how often a variable was doubled
}

// templateBlock is a statement that has an end.
type templateBlock struct {
	word  string
	name  string // of a macro
	steps int    // of a loop over a literal range, else 1
}

// piece looks at the next piece; a text is what is wrong with it.
func (s *templateScan) piece(kind byte, tokens []templateToken) string {
	for len(tokens) > 0 && (tokens[0].kind == '-' || tokens[0].kind == '+') && kind == '%' {
		tokens = tokens[1:]
	}
	if len(tokens) == 0 {
		return ""
	}
	if what := literals(tokens); what != "" {
		return what
	}
	word := ""
	if kind == '%' {
		word = tokens[0].text
	}
	s.calls(tokens, word)
	switch {
	case strings.HasPrefix(word, "end"):
		s.end(word[3:])
	case word == "for":
		return s.loop(tokens)
	case word == "macro" && len(tokens) > 1:
		s.blocks = append(s.blocks, templateBlock{word, tokens[1].text, 1})
	case word == "set":
		return s.set(tokens[1:])
	case slices.Contains([]string{"if", "call", "filter", "block", "generation"}, word):
		s.blocks = append(s.blocks, templateBlock{word: word, steps: 1})
	}
	return ""
}

func (s *templateScan) end(word string) {
	for i := len(s.blocks) - 1; i >= 0; i-- {
		if s.blocks[i].word == word {
			s.blocks = s.blocks[:i]
			return
		}
	}
}

// steps of the loops around, over literal ranges.
func (s *templateScan) steps() int {
	n := 1
	for _, b := range s.blocks {
		n = min(n*b.steps, maxTemplateSteps+1)
	}
	return n
}

func (s *templateScan) loop(tokens []templateToken) string {
	b := templateBlock{word: "for", steps: 1}
	if in := slices.Index(tokens, templateToken{'a', "in"}); in >= 0 {
		if n := literalRange(tokens[in+1:]); n >= 0 {
			b.steps = min(n, maxTemplateSteps+1)
		}
	}
	s.blocks = append(s.blocks, b)
	if s.steps() > maxTemplateSteps {
		return fmt.Sprintf("has loops of more than %d steps", maxTemplateSteps)
	}
	return ""
}

// set finds a variable that is made of itself twice, again and again.
func (s *templateScan) set(tokens []templateToken) string {
	eq := slices.IndexFunc(tokens, func(t templateToken) bool { return t.kind == '=' })
	if eq <= 0 {
		return ""
	}
	name, value := tokens[:eq], tokens[eq+1:]
	uses, joined := 0, false
	for i := range value {
		if len(value)-i >= eq && slices.Equal(value[i:i+eq], name) {
			uses++
		}
		joined = joined || value[i].kind == '+' || value[i].kind == '~' || value[i].text == "join"
	}
	if uses < 2 || !joined || slices.ContainsFunc(value, func(t templateToken) bool {
		return t.kind == 'a' && t.text == "if" || t.kind == '[' && !contains(value, "join")
	}) {
		return ""
	}
	text := joinTokens(name)
	if s.doubled[text] += s.steps(); s.doubled[text] > maxDoublings {
		return fmt.Sprintf("doubles %s more than %d times", Quote(text), maxDoublings)
	}
	return ""
}

func contains(tokens []templateToken, word string) bool {
	return slices.Contains(tokens, templateToken{'a', word})
}

func joinTokens(tokens []templateToken) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString(t.text)
	}
	return b.String()
}

// calls notes what a macro calls where nothing stands in between that may not hold.
func (s *templateScan) calls(tokens []templateToken, word string) {
	if len(s.blocks) == 0 || s.blocks[len(s.blocks)-1].word != "macro" || word == "if" || word == "for" || word == "macro" {
		return
	}
	for _, maybe := range []string{"if", "and", "or"} {
		if contains(tokens, maybe) {
			return
		}
	}
	from := s.blocks[len(s.blocks)-1].name
	if s.macros[from] == nil {
		s.macros[from] = []string{}
	}
	for i, t := range tokens[:max(0, len(tokens)-1)] {
		if t.kind == 'a' && tokens[i+1].kind == '(' && (i == 0 || tokens[i-1].kind != '.' && tokens[i-1].kind != '|') {
			s.macros[from] = append(s.macros[from], t.text)
		}
	}
}

// endless is a macro that comes back to itself on calls that are always made.
func (s *templateScan) endless() string {
	state := map[string]int{} // 1: on the way, 2: done
	var visit func(name string) string
	visit = func(name string) string {
		state[name] = 1
		for _, next := range s.macros[name] {
			if state[next] == 1 {
				return next
			}
			if _, ok := s.macros[next]; ok && state[next] == 0 {
				if found := visit(next); found != "" {
					return found
				}
			}
		}
		state[name] = 2
		return ""
	}
	for name := range s.macros {
		if state[name] == 0 {
			if found := visit(name); found != "" {
				return found
			}
		}
	}
	return ""
}

// literals finds ranges and repetitions that are too large as they stand.
func literals(tokens []templateToken) string {
	for i := range tokens {
		if n := literalRange(tokens[i:]); n > maxTemplateSteps {
			return fmt.Sprintf("counts to %d", n)
		}
		if tokens[i].kind != '"' && tokens[i].kind != ']' {
			continue
		}
		size := max(1, len(tokens[i].text))
		for rest := tokens[i+1:]; len(rest) > 1 && rest[0].kind == '*'; {
			n, used, ok := integer(rest[1:])
			if !ok {
				break
			}
			if size = min(size*max(n, 0), maxRepeated+1); size > maxRepeated {
				return "repeats a text to more than " + fmt.Sprint(maxRepeated) + " bytes"
			}
			rest = rest[1+used:]
		}
	}
	return ""
}
