package gguf

import (
	"iter"
	"math"
	"strconv"
	"strings"
)

// templateToken is a word, a number, a string without its quotes, or one character.
type templateToken struct {
	kind byte // 'a' word, '0' number, '"' string; else the character itself
	text string
}

// maxTemplateTokens of a piece are kept: what follows is not looked at.
const maxTemplateTokens = 2 * maxTemplateCode

// codePiece is what stands between {{ and }} or {% and %}.
type codePiece struct {
	tokens []templateToken
	bare   int // bytes without strings and blanks
}

// templateCode are the pieces of code of a jinja template, in order, each with '{' or '%'
// for its kind.
func templateCode(text string) iter.Seq2[byte, codePiece] {
	return func(yield func(byte, codePiece) bool) {
		for {
			at := strings.IndexByte(text, '{')
			if at < 0 || at+1 >= len(text) {
				return
			}
			kind := text[at+1]
			switch kind {
			case '#':
				_, rest, ok := strings.Cut(text[at+2:], "#}")
				if text = rest; !ok {
					return
				}
			case '{', '%':
				piece, n := readCode(text[at+2:], kind)
				if text = text[at+2+n:]; !yield(kind, piece) {
					return
				}
			default:
				text = text[at+1:]
			}
		}
	}
}

// readCode reads to the end of a piece, and says how many bytes that was.
func readCode(text string, kind byte) (p codePiece, n int) {
	end := "}}"
	if kind == '%' {
		end = "%}"
	}
	for n < len(text) && !strings.HasPrefix(text[n:], end) {
		c := text[n]
		word := firstWord(text[n:])
		token := templateToken{kind: c, text: text[n : n+1]}
		switch {
		case c == '"' || c == '\'':
			token.text = quoted(text[n:])
			token.kind = '"'
			n += len(token.text) + 2
		case c >= '0' && c <= '9':
			token = templateToken{'0', word}
			n += len(word)
		case word != "":
			token = templateToken{'a', word}
			n += len(word)
		default:
			n++
		}
		if len(p.tokens) < maxTemplateTokens && (strings.TrimSpace(token.text) != "" || token.kind == '"') {
			p.tokens = append(p.tokens, token)
		}
		if token.kind != '"' {
			p.bare += len(strings.TrimSpace(token.text))
		}
	}
	n = min(n, len(text))
	return p, min(n+len(end), len(text))
}

// quoted is the string that text begins with, as it stands there.
func quoted(text string) string {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			return text[1:i]
		}
	}
	return text[1:]
}

// integer is a literal, with its sign; ok: it is one, and n tokens long. What does not fit
// is as large as can be.
func integer(tokens []templateToken) (value, n int, ok bool) {
	sign := 1
	if len(tokens) > 0 && tokens[0].kind == '-' {
		sign, n, tokens = -1, 1, tokens[1:]
	}
	if len(tokens) == 0 || tokens[0].kind != '0' {
		return 0, 0, false
	}
	value, err := strconv.Atoi(strings.ReplaceAll(tokens[0].text, "_", ""))
	if err != nil {
		value = math.MaxInt32
	}
	return sign * min(value, math.MaxInt32), n + 1, true
}

// literalRange is how many numbers a call of range has, where all of it is literal; -1:
// it is none.
func literalRange(tokens []templateToken) int {
	if len(tokens) < 4 || tokens[0] != (templateToken{'a', "range"}) || tokens[1].kind != '(' {
		return -1
	}
	var args []int
	for tokens = tokens[2:]; ; tokens = tokens[1:] {
		value, n, ok := integer(tokens)
		if !ok || n >= len(tokens) || len(args) == 3 {
			return -1
		}
		args, tokens = append(args, value), tokens[n:]
		if tokens[0].kind == ')' {
			break
		}
		if tokens[0].kind != ',' {
			return -1
		}
	}
	start, stop, step := 0, args[0], 1
	if len(args) > 1 {
		start, stop = args[0], args[1]
	}
	if len(args) > 2 {
		step = args[2]
	}
	if step == 0 {
		return -1
	}
	return max(0, (stop-start)/step)
}
