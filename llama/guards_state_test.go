package llama_test

import (
	"bytes"
	"slices"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

var stateGuards = map[string]guardCase{
	"states cut short": {llama.ErrEngine, func(g *guarded) (errs []error) {
		state := g.state(16)
		for n := 0; n < len(state); n += 1 + n/64 {
			errs = append(errs, g.restore(state[:n]))
		}
		return append(errs, g.restore(state[:len(state)-1]), g.restore(nil))
	}},
	"states with more behind": {llama.ErrEngine, func(g *guarded) []error {
		state := g.state(16)
		return []error{g.restore(append(slices.Clone(state), 0)), g.restore(append(slices.Clone(state), state...))}
	}},
	"garbage as a state": {llama.ErrEngine, func(g *guarded) []error {
		head := g.state(16)[:8]
		return []error{g.restore([]byte("not a state at all")), g.restore(make([]byte, 4096)), g.restore(bytes.Repeat([]byte{0xff}, 4096)),
			g.restore(append(slices.Clone(head), bytes.Repeat([]byte{0xff}, 4096)...)), g.restore(append(slices.Clone(head), make([]byte, 4096)...))}
	}},
	"states with a bit flipped":           {llama.ErrEngine, flippedBits(testgguf.Decoder(1))},
	"recurrent states with a bit flipped": {llama.ErrEngine, flippedBits(testgguf.Recurrent(1))},
	"state of other cache types": {llama.ErrEngine, func(g *guarded) []error {
		f32, err := llama.ParseKVType("f32")
		g.must(err)
		g.c = newContext(g.T, g.m, func(p *llama.ContextParams) { p.KeyType, p.ValueType = f32, f32 })
		state := g.state(16)
		g.c = newContext(g.T, g.m, nil)
		return []error{g.restore(state)}
	}},
	"state of a longer context": {llama.ErrEngine, func(g *guarded) []error {
		g.c = newContext(g.T, g.m, func(p *llama.ContextParams) { p.Context = 1024 })
		g.must(g.decode(64, 0), g.decode(64, 64), g.decode(64, 128), g.decode(64, 192))
		state := g.state(64)
		g.c = newContext(g.T, g.m, nil)
		return []error{g.restore(state)}
	}},
	"state of another model": {llama.ErrEngine, func(g *guarded) []error {
		state := g.state(16)
		g.c = newContext(g.T, g.model(testgguf.Recurrent(1)), nil)
		recurrent := g.state(16)
		errs := []error{g.restore(state)}
		g.c = newContext(g.T, g.m, nil)
		return append(errs, g.restore(recurrent))
	}},
}

// state is what memory holds of sequence 0 after n more tokens.
func (g *guarded) state(n int) []byte {
	g.Helper()
	_, last, err := g.c.Memory().Range(0)
	g.must(err, g.decode(n, last+1))
	state, err := g.c.Memory().State(0)
	g.must(err)
	return state
}

// restore gives a state to sequence 0. Where it is refused the sequence must be empty
// and usable.
func (g *guarded) restore(state []byte) error {
	g.Helper()
	err := g.c.Memory().SetState(0, state)
	first, last, rangeErr := g.c.Memory().Range(0)
	g.must(rangeErr)
	if err != nil {
		if first != -1 || last != -1 {
			g.Errorf("after a state that was refused, memory has %d to %d", first, last)
		}
		g.must(g.decode(4, 0))
	}
	return err
}

// flippedBits gives some of the bytes, more of them at the beginning, another value.
func flippedBits(f *testgguf.File) func(g *guarded) []error {
	return func(g *guarded) (errs []error) {
		g.c = newContext(g.T, g.model(f), nil)
		state := g.state(16)
		for i := 0; i < len(state); i += 1 + i/64 {
			for _, flip := range []byte{1, 0x80, 0xff} {
				damaged := slices.Clone(state)
				damaged[i] ^= flip
				errs = append(errs, g.restore(damaged))
			}
		}
		g.must(g.restore(state))
		return errs
	}
}
