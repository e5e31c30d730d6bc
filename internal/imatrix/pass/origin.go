package pass

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/engine"
)

// origin is what partial results come from, and must be the same when they are resumed.
type origin struct{ model, text, settings string }

// sampled is how much of each tensor tells a model from others: reading all of a large one
// would take minutes.
const sampled = 4 << 10 // bytes

func originOf(path string, load *engine.Options, p *pass) (o origin, err error) {
	if o.model, err = modelOf(path); err != nil {
		return o, err
	}
	o.text = p.Dataset
	if p.Text != "" {
		sum := sha256.Sum256([]byte(p.Text))
		o.text = hex.EncodeToString(sum[:])
	}
	var s strings.Builder
	fmt.Fprintf(&s, "chunks of %d, at most %d, %d left out; batch %d/%d; output %t, special %t, perplexity %t; cache %s/%s",
		p.ChunkSize, p.Chunks, p.Skip, p.batchSize, orDefault(load.Ubatch, 512), p.ProcessOutput, p.ParseSpecial, !p.NoPerplexity,
		orDefault(load.KeyType, "f16"), orDefault(load.ValueType, "f16"))
	if load.FlashAttention != nil {
		fmt.Fprintf(&s, "; flash attention %t", *load.FlashAttention)
	}
	for _, a := range append(load.LoRA, load.ControlVectors...) {
		fmt.Fprintf(&s, "; adapter %s:%g", a.Path, a.Scale)
	}
	for _, m := range p.Merge {
		fmt.Fprintf(&s, "; added to %s", m)
	}
	o.settings = s.String()
	return o, nil
}

// modelOf tells a model by its tensors' names, types and dimensions, and the beginning of
// each one's data.
func modelOf(path string) (string, error) {
	f, err := gguf.Open(path)
	if err != nil {
		return "", fmt.Errorf("open model %s: %w", path, err)
	}
	defer f.Close()
	sum := sha256.New()
	for _, t := range f.Tensors {
		fmt.Fprintf(sum, "%q %d %d\n", t.Name, t.Type, t.Dims)
		data, err := f.Data(t)
		if err == nil {
			_, err = io.Copy(sum, io.LimitReader(data, sampled))
		}
		if err != nil {
			return "", fmt.Errorf("open model %s: %w", path, err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
