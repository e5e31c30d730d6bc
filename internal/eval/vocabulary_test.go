package eval

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testgguf"
)

func vocabularyOf(t testing.TB, f *testgguf.File) (Vocabulary, error) {
	t.Helper()
	b := f.Bytes()
	header, err := gguf.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return VocabularyOf(header)
}

func TestVocabulary(t *testing.T) {
	file := testgguf.Decoder(1)
	tokens := file.Value("tokenizer.ggml.tokens").([]string)
	changed := append([]string(nil), tokens...)
	changed[40] = "another"
	// Two tokens whose texts have the same letters.
	moved := append([]string(nil), tokens...)
	moved[41], moved[42] = moved[41]+moved[42][:1], moved[42][1:]
	v, err := vocabularyOf(t, file)
	if err != nil || v.Tokens != len(tokens) {
		t.Fatalf("%d tokens of %d, %v", v.Tokens, len(tokens), err)
	}
	for _, c := range []struct {
		name, want string
		file       *testgguf.File
	}{
		{"other weights", "", testgguf.Decoder(2)},
		{"another text", "token 40 is", file.Clone().Set("tokenizer.ggml.tokens", changed)},
		{"a letter moved", "token 41 is", file.Clone().Set("tokenizer.ggml.tokens", moved)},
		{"fewer", "tokens, the other", file.Clone().Set("tokenizer.ggml.tokens", tokens[1:])},
	} {
		other, err := vocabularyOf(t, c.file)
		if err != nil {
			t.Fatal(err)
		}
		err = v.Same(other)
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, ErrVocabulary) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for name, bad := range map[string]*testgguf.File{"none": file.Clone().Remove("tokenizer.ggml.tokens"), "numbers": file.Clone().Set("tokenizer.ggml.tokens", []int32{1, 2})} {
		if _, err := vocabularyOf(t, bad); err == nil {
			t.Errorf("%s: a vocabulary", name)
		}
	}
}
