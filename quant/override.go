package quant

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// ErrPattern is for an override that is none; the text says why.
var ErrPattern = errors.New("not an override of the types of tensors")

// Override gives tensors a type: those in whose name the regular expression finds something.
// NewOverride and ParseOverride make it.
type Override struct {
	Pattern string
	Type    gguf.TensorType
	re      *regexp.Regexp
}

// Finds tells whether a tensor of this name gets the type.
func (o *Override) Finds(name string) bool { return o.re != nil && o.re.MatchString(name) }

// NewOverride has a pattern that the engine's regular expressions (ECMAScript, of std::regex)
// and Go's understand alike. Others are refused, such as those with references back or with a
// look ahead. Errors: [ErrPattern].
func NewOverride(pattern string, t gguf.TensorType) (Override, error) {
	if !row(t).Writable {
		return Override{}, fmt.Errorf("%w: nothing can be quantized to %v; name one of %s", ErrPattern, t, writable())
	}
	if err := checkPattern(pattern); err != nil {
		return Override{}, fmt.Errorf("%w: %s: %w", ErrPattern, gguf.Quote(pattern), err)
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return Override{}, fmt.Errorf("%w: %s: %w", ErrPattern, gguf.Quote(pattern), err)
	}
	return Override{Pattern: pattern, Type: t, re: re}, nil
}

// ParseOverride reads PATTERN=TYPE, as --tensor-type of llama-quantize has it, which makes
// the pattern lower-case. Errors: [ErrPattern].
func ParseOverride(text string) (Override, error) {
	pattern, name, ok := strings.Cut(text, "=")
	switch {
	case !ok:
		return Override{}, fmt.Errorf("%w: %s: write PATTERN=TYPE, as in attn_v=q8_0", ErrPattern, gguf.Quote(text))
	case pattern == "":
		return Override{}, fmt.Errorf("%w: %s: the pattern is missing before the =", ErrPattern, gguf.Quote(text))
	case name == "":
		return Override{}, fmt.Errorf("%w: %s: the type is missing behind the =", ErrPattern, gguf.Quote(text))
	}
	t, err := ParseTensorType(name)
	if err != nil {
		return Override{}, fmt.Errorf("%w: %w", ErrPattern, err)
	}
	return NewOverride(lower(pattern), t)
}

// ParseOverrides reads several, between which there is space or a new line: what a file for
// --tensor-type-file has. Errors: [ErrPattern].
func ParseOverrides(text string) ([]Override, error) {
	var list []Override
	for _, field := range strings.Fields(text) {
		o, err := ParseOverride(field)
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nil
}

// lower is tolower of C for each byte.
func lower(text string) string {
	b := []byte(text)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
