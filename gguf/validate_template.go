package gguf

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// KeyChatTemplate is the chat template; others are named behind a dot.
const KeyChatTemplate = "tokenizer.chat_template"

// Limits of chat templates: those of llama/native/chat.cpp, and what no template does
// that is not written to take all time or memory.
const (
	maxTemplate      = 512 << 10 // bytes
	maxTemplateDepth = 128       // brackets and blocks
	maxTemplateCode  = 4096      // bytes of one piece of code, without strings and blanks
	maxElifs         = 2048
	maxTemplateSteps = 10_000_000 // of loops over literal ranges, in each other
	maxRepeated      = 64 << 20   // bytes of a literal text times a literal number
	maxDoublings     = 40         // of one variable
)

// AboutTemplate problems stand in the way of chats, and of nothing else.
func (p Problem) AboutTemplate() bool {
	return p.Key == KeyChatTemplate || strings.HasPrefix(p.Key, KeyChatTemplate+".")
}

// templates checks chat templates: programs of a stranger. Only what is certain to be
// of no use is an error, because what a program does is known when it runs.
func (v *validator) templates() {
	for _, k := range v.f.Keys {
		if p := (Problem{Key: k.Name}); !p.AboutTemplate() || k.Name == "tokenizer.chat_templates" {
			continue
		}
		const remedy = "give another chat template, or none"
		switch text, ok := k.Text(); {
		case !ok:
			v.key(Warning, k.Name, remedy, "the chat template is of the type %s, not a text", describeType(k.Value))
		case len(text) > maxTemplate:
			v.key(Error, k.Name, remedy, "the chat template has %d bytes; the limit is %d", len(text), maxTemplate)
		default:
			if !utf8.ValidString(text) {
				v.key(Warning, k.Name, "", "the chat template is not UTF-8")
			}
			if what := templateProblem(text); what != "" {
				v.key(Error, k.Name, remedy, "the chat template %s", what)
			}
		}
	}
}

// templateProblem is why a template must not be run; empty where nothing is known.
func templateProblem(text string) string {
	if what := templateDepth(text); what != "" {
		return what
	}
	s := templateScan{macros: map[string][]string{}, doubled: map[string]int{}}
	for kind, code := range templateCode(text) {
		if code.bare > maxTemplateCode {
			return "has a piece of code that is longer than any in use"
		}
		if what := s.piece(kind, code.tokens); what != "" {
			return what
		}
	}
	if name := s.endless(); name != "" {
		return "has a macro that always calls itself: " + Quote(name)
	}
	return ""
}

// templateDepth counts as llama/native/chat.cpp does: in all of the text, code or not.
func templateDepth(text string) string {
	brackets, blocks, elifs := 0, 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(', '[', '{':
			brackets++
		case ')', ']', '}':
			brackets = max(brackets-1, 0)
		}
		if strings.HasPrefix(text[i:], "{%") {
			word := strings.TrimLeft(text[i+2:min(len(text), i+64)], "-+ \t\r\n")
			switch {
			case strings.HasPrefix(word, "end"):
				blocks = max(blocks-1, 0)
			case strings.HasPrefix(word, "elif"):
				elifs++
			case slices.Contains([]string{"for", "if", "macro", "call", "filter", "block", "generation"}, firstWord(word)):
				blocks++
			}
		}
		if brackets > maxTemplateDepth || blocks > maxTemplateDepth || elifs > maxElifs {
			return "nests deeper than any in use"
		}
	}
	return ""
}

func firstWord(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if end < 0 {
		return text
	}
	return text[:end]
}
