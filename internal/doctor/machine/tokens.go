package machine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/seed-f87006eb/llm/internal/doctor"
	"github.com/seed-f87006eb/llm/llama"
)

// text is what a model with a vocabulary evaluates; more than it needs in all languages.
const text = `A river begins high in the hills, where rain collects in small pools between the stones. From there the water
runs down, first in many thin streams, then in one bed that grows wider with every valley. By the time it reaches the plain
it carries sand, leaves and boats; and where it meets the sea, at 12 degrees and 3 metres a second, nobody can tell any more
which drop fell as rain and which was once snow.`

// tokens are those of the check.
func (e *examination) tokens() ([]llama.Token, error) {
	if e.Synthetic {
		r := rand.New(rand.NewPCG(3, 4))
		tokens := make([]llama.Token, checkTokens)
		for i := range tokens {
			tokens[i] = llama.Token(r.IntN(doctor.SyntheticVocab))
		}
		return tokens, nil
	}
	p := llama.DefaultModelParams()
	p.VocabOnly = true
	m, err := llama.LoadModel(e.Model, p)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	tokens, err := m.Tokenize(text, true, false)
	if err == nil && len(tokens) < checkTokens {
		err = fmt.Errorf("the vocabulary makes %d tokens of a text that should have %d", len(tokens), checkTokens)
	}
	if err != nil {
		return nil, err
	}
	return tokens[:checkTokens], nil
}

func readRows(path string) ([]float32, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rows := make([]float32, len(b)/4)
	_, err = binary.Decode(b, binary.NativeEndian, rows)
	return rows, err
}

// writeRows leaves no part of a file behind.
func writeRows(path string, rows []float32) error {
	var b bytes.Buffer
	b.Grow(4 * len(rows))
	if err := binary.Write(&b, binary.NativeEndian, rows); err != nil {
		return err
	}
	if err := os.WriteFile(path+".part", b.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
