package llama_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

var adapterGuards = map[string]guardCase{
	"LoRA files that are none": {llama.ErrEngine, func(g *guarded) (errs []error) {
		base := g.header()
		good := testgguf.LoRA(g, base, 1, false).Bytes()
		for _, path := range append(g.files(good), filepath.Join(g.TempDir(), "missing.gguf"), g.TempDir(),
			testgguf.Decoder(1).Write(g, "model.gguf"), testgguf.LoRA(g, base.Widened(), 1, false).Write(g, "wide.gguf"),
			testgguf.ControlVector("llama", testgguf.Embedding, testgguf.Layers, 1).Write(g, "vector.gguf")) {
			_, err := g.m.LoadLoRA(path)
			errs = append(errs, err)
		}
		return errs
	}},
	"control vectors that are none": {llama.ErrEngine, func(g *guarded) (errs []error) {
		good := testgguf.ControlVector("llama", testgguf.Embedding, testgguf.Layers, 1).Bytes()
		for _, path := range append(g.files(good), filepath.Join(g.TempDir(), "missing.gguf"), g.TempDir(),
			testgguf.Decoder(1).Write(g, "model.gguf"), testgguf.LoRA(g, g.header(), 1, false).Write(g, "lora.gguf"),
			testgguf.ControlVector("llama", testgguf.Embedding+1, testgguf.Layers, 1).Write(g, "wide.gguf"),
			(&testgguf.File{}).Add("direction.0", make([]float32, testgguf.Embedding), testgguf.Embedding).Write(g, "layer0.gguf"),
			(&testgguf.File{}).Add("direction.x", make([]float32, testgguf.Embedding), testgguf.Embedding).Write(g, "letter.gguf"),
			(&testgguf.File{}).Add("direction.-1", make([]float32, testgguf.Embedding), testgguf.Embedding).Write(g, "negative.gguf"),
			(&testgguf.File{}).Add("direction.99999999999", make([]float32, testgguf.Embedding), testgguf.Embedding).Write(g, "huge.gguf"),
			(&testgguf.File{}).Add("direction.1", make([]float32, testgguf.Embedding), 1, testgguf.Embedding).Write(g, "dimensions.gguf"),
			(&testgguf.File{}).Write(g, "nothing.gguf")) {
			_, err := g.m.LoadControlVector(path)
			errs = append(errs, err)
		}
		return errs
	}},
	"control vector of more layers": {nil, func(g *guarded) []error {
		a, err := g.m.LoadControlVector(testgguf.ControlVector("llama", testgguf.Embedding, 50, 1).Write(g, "long.gguf"))
		g.must(err)
		errs := []error{g.c.Adapt(llama.ScaledAdapter{Adapter: a, Scale: 1}), g.decode(1, 0), g.c.Adapt()}
		g.must(a.Close())
		return errs
	}},
	"control vector of a far layer": {llama.ErrLimit, func(g *guarded) []error {
		f := (&testgguf.File{}).Add("direction.20000000", make([]float32, testgguf.Embedding), testgguf.Embedding)
		_, err := g.m.LoadControlVector(f.Write(g, "far.gguf"))
		return []error{err}
	}},
	"paths with NUL": {llama.ErrInvalid, func(g *guarded) []error {
		_, loraErr := g.m.LoadLoRA("a\x00b")
		_, vectorErr := g.m.LoadControlVector("a\x00b")
		_, modelErr := llama.LoadModel("a\x00b", llama.DefaultModelParams())
		return []error{loraErr, vectorErr, modelErr}
	}},
	"adapters for a model without weights": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		lora := testgguf.LoRA(g, g.header(), 1, false).Write(g, "lora.gguf")
		vector := testgguf.ControlVector("llama", testgguf.Embedding, testgguf.Layers, 1).Write(g, "vector.gguf")
		for _, change := range []func(*llama.ModelParams){func(p *llama.ModelParams) { p.VocabOnly = true }, func(p *llama.ModelParams) { p.NoAlloc = true }} {
			p := llama.DefaultModelParams()
			change(&p)
			m, err := llama.LoadModel(testgguf.Decoder(1).Write(g, "model.gguf"), p)
			g.must(err)
			_, loraErr := m.LoadLoRA(lora)
			_, vectorErr := m.LoadControlVector(vector)
			errs = append(errs, loraErr, vectorErr)
			g.must(m.Close())
		}
		return errs
	}},
	"closing an adapter that acts": {llama.ErrBusy, func(g *guarded) []error {
		lora, vector := g.adapters()
		other := newContext(g.T, g.m, nil)
		both := []llama.ScaledAdapter{{Adapter: lora, Scale: 1}, {Adapter: vector, Scale: 1}}
		g.must(g.c.Adapt(both...), other.Adapt(both...))
		errs := []error{lora.Close(), vector.Close()}
		g.must(g.c.Adapt())
		errs = append(errs, lora.Close(), vector.Close(), g.m.Close())
		g.must(other.Close(), lora.Close(), vector.Close())
		return errs
	}},
	"adapters that cannot act": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		lora, vector := g.adapters()
		foreign, err := g.model(testgguf.Decoder(2)).LoadLoRA(testgguf.LoRA(g, g.header(), 1, false).Write(g, "foreign.gguf"))
		g.must(err)
		for _, scale := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
			errs = append(errs, g.c.Adapt(llama.ScaledAdapter{Adapter: lora, Scale: scale}), g.c.Adapt(llama.ScaledAdapter{Adapter: vector, Scale: scale}))
		}
		errs = append(errs, g.c.Adapt(llama.ScaledAdapter{Adapter: foreign, Scale: 1}), g.c.Adapt(llama.ScaledAdapter{}),
			g.c.Adapt(llama.ScaledAdapter{Adapter: lora, Scale: 1}, llama.ScaledAdapter{Adapter: foreign, Scale: 1}))
		g.must(foreign.Close(), lora.Close(), vector.Close())
		return append(errs, g.c.Adapt(llama.ScaledAdapter{Adapter: lora, Scale: 1}))
	}},
	"scales without measure": {nil, func(g *guarded) (errs []error) {
		lora, vector := g.adapters()
		for _, scale := range []float32{0, -1, 1e30, -1e30, 1e-30} {
			errs = append(errs, g.c.Adapt(llama.ScaledAdapter{Adapter: lora, Scale: scale}, llama.ScaledAdapter{Adapter: vector, Scale: scale}), g.decode(4, 0))
			g.must(g.c.Memory().Clear())
		}
		errs = append(errs, g.c.Adapt(llama.ScaledAdapter{Adapter: lora, Scale: 1}, llama.ScaledAdapter{Adapter: lora, Scale: 1}), g.decode(4, 0), g.c.Adapt())
		g.must(lora.Close(), vector.Close())
		return errs
	}},
	"one adapter in two contexts": {nil, func(g *guarded) []error {
		lora, _ := g.adapters()
		other := newContext(g.T, g.m, nil)
		fill(g.T, g.b, 8, 0)
		last := func(c *llama.Context) []float32 {
			g.must(c.Memory().Clear(), c.Decode(g.b))
			logits, err := c.Logits(-1)
			g.must(err)
			return slices.Clone(logits)
		}
		plain := last(other)
		g.must(g.c.Adapt(llama.ScaledAdapter{Adapter: lora, Scale: 1}), other.Adapt(llama.ScaledAdapter{Adapter: lora, Scale: 1}))
		if a, b := last(g.c), last(other); !slices.Equal(a, b) || slices.Equal(a, plain) {
			g.Error("the contexts differ, or the adapter does nothing")
		}
		g.must(other.Adapt(llama.ScaledAdapter{Adapter: lora, Scale: 0.5}))
		if a, b := last(g.c), last(other); slices.Equal(a, b) {
			g.Error("the scale is shared")
		}
		g.must(g.c.Adapt())
		if a := last(g.c); !slices.Equal(a, plain) {
			g.Error("an adapter still acts")
		}
		return []error{errors.Join(other.Close(), lora.Close())}
	}},
}

func (g *guarded) header() testgguf.Header {
	return testgguf.ReadHeader(g, testgguf.Decoder(1).Write(g, "header.gguf"))
}

// adapters are a LoRA adapter and a control vector for the case's model, which are
// closed at its end where the case has not done it.
func (g *guarded) adapters() (lora, vector *llama.Adapter) {
	lora, loraErr := g.m.LoadLoRA(testgguf.LoRA(g, g.header(), 1, false).Write(g, "lora.gguf"))
	vector, vectorErr := g.m.LoadControlVector(testgguf.ControlVector("llama", testgguf.Embedding, testgguf.Layers, 1).Write(g, "vector.gguf"))
	g.must(loraErr, vectorErr)
	g.Cleanup(func() { lora.Close(); vector.Close() })
	return lora, vector
}

// files are damaged copies of a file.
func (g *guarded) files(good []byte) (paths []string) {
	for name, data := range map[string][]byte{"empty": {}, "text": []byte("no adapter"), "magic": good[:4], "header": good[:40], "half": good[:len(good)/2],
		"cut": good[:len(good)-64]} {
		path := filepath.Join(g.TempDir(), name+".gguf")
		g.must(os.WriteFile(path, data, 0o600))
		paths = append(paths, path)
	}
	return paths
}
