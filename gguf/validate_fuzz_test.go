package gguf_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testgguf"
)

// What validating may allocate for any file, where the fuzzer's own is counted too, and
// for each byte of one.
const (
	validateAny = 4 << 20
	toValidate  = 64
)

// weights is how many bytes there seem to be behind a header.
const weights = 1 << 20

// weightless is a header with zeros behind it, which nobody reads.
type weightless struct{ header []byte }

func (w weightless) ReadAt(p []byte, at int64) (int, error) {
	n := 0
	if at < int64(len(w.header)) {
		n = copy(p, w.header[at:])
	}
	clear(p[n:])
	return len(p), nil
}

// FuzzValidate: whatever a header says, it is judged in bounded memory, the same each
// time, in words for a terminal.
func FuzzValidate(f *testing.F) {
	for i, c := range testgguf.Malformed() {
		if i%12 != 0 {
			continue
		}
		b := c.Bytes()
		if whole, err := gguf.Read(bytes.NewReader(b), int64(len(b))); err == nil && whole.Parts[0].HeaderSize < 50_000 {
			f.Add(b[:whole.Parts[0].HeaderSize])
		}
	}
	for _, template := range testgguf.TemplateBombs() {
		if len(template) < 10_000 {
			f.Add(testgguf.VocabularyOnly().Set("tokenizer.chat_template", template).Bytes())
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		model, err := gguf.Read(weightless{b}, int64(len(b))+weights)
		if err != nil {
			return
		}
		before := allocated()
		problems, err := model.Validate()
		if n := allocated() - before; n > validateAny+toValidate*uint64(len(b)+weights) {
			t.Errorf("%d bytes were allocated to validate %d", n, len(b)+weights)
		}
		if err != nil && err != io.EOF {
			t.Errorf("%v", err)
		}
		again, _ := model.Validate()
		if len(again) != len(problems) || len(problems) > 200 {
			t.Errorf("%d problems, then %d", len(problems), len(again))
		}
		for _, p := range problems {
			if p.What == "" || strings.ContainsFunc(p.String(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("%q", p.String())
			}
			if p.Offset < 0 || p.Offset > int64(len(b))+weights {
				t.Errorf("%v stands at %d of %d bytes", p, p.Offset, len(b))
			}
		}
	})
}
