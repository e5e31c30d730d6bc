package testgguf

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// Case is a malformed file. The same name always gives the same bytes.
type Case struct {
	Name  string
	Bytes func() []byte
}

// cases collects them.
type cases struct {
	base map[string]*File
	all  []Case
}

// Malformed are files that a loader must refuse or survive: each is a tiny model that
// works with something wrong in it.
func Malformed() []Case {
	c := &cases{base: map[string]*File{
		"decoder": Decoder(1), "windowed": Windowed(1), "mixture": Mixture(1), "pairs": BytePairs(1),
		"recurrent": Recurrent(1), "encoder": Encoder(1, PoolingMean), "t5": EncoderDecoder(1),
	}}
	c.everyKey()
	c.hyper()
	c.attention()
	c.tensorTypes()
	c.tensorTable()
	c.tokenizers()
	c.templates()
	c.syntax()
	c.damaged()
	slices.SortStableFunc(c.all, func(a, b Case) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(c.all, func(a, b Case) bool { return a.Name == b.Name })
}

// add adds a case: a base with a change.
func (c *cases) add(base, name string, change func(*File)) {
	c.all = append(c.all, Case{base + ": " + name, func() []byte {
		f := c.base[base].Clone()
		change(f)
		return f.Bytes()
	}})
}

// set adds a case: one key with another value.
func (c *cases) set(base, key string, value any) {
	c.add(base, fmt.Sprintf("%s = %.40s", key, fmt.Sprintf("%T(%v)", value, value)), func(f *File) { f.Set(key, value) })
}

// everyKey changes one key after the other in every way that fits its type.
func (c *cases) everyKey() {
	for _, base := range []string{"decoder", "windowed", "mixture", "pairs", "recurrent", "encoder"} {
		for _, key := range c.base[base].Keys() {
			if base != "decoder" && (strings.HasPrefix(key, "general.") || base != "pairs" && base != "encoder" && strings.HasPrefix(key, "tokenizer.")) {
				continue // the same as in the decoder
			}
			c.add(base, "no "+key, func(f *File) { f.Remove(key) })
			for _, value := range c.others(base, key) {
				c.set(base, key, value)
			}
		}
	}
}

func (c *cases) others(base, key string) []any {
	switch v := c.base[base].Value(key).(type) {
	case uint32:
		return []any{"junk", uint32(0), int32(-1), uint32(math.MaxUint32), uint32(1), v + 1, uint64(v), float32(1), []int32{}, []int32{1}, []uint32{1 << 31, 1}}
	case float32:
		return []any{"junk", float32(0), float32(-1), float32(math.NaN()), float32(math.Inf(1)), float64(v), uint32(1), []float32{}}
	case bool:
		return []any{!v, "yes", uint32(1), Raw{7, []byte{200}}}
	case string:
		return []any{"", "\x00\xff\x1b[2Jjunk", strings.Repeat("x", 1<<16), uint32(7), []string{v}}
	case []string:
		return []any{v[:0], v[:1], v[:len(v)/2], append(v[:len(v):len(v)], "one more"), uint32(1), []int32{1, 2, 3}, strings.Join(v[:3], " ")}
	case []float32:
		return []any{v[:0], v[:len(v)-1], append(v[:len(v):len(v)], 1), make([]int32, len(v)), filled(len(v), float32(math.NaN())), filled(len(v), float32(math.Inf(-1))), "junk"}
	case []int32:
		return []any{v[:0], v[:len(v)-1], append(v[:len(v):len(v)], 1), make([]float32, len(v)), filled(len(v), int32(-1)), filled(len(v), int32(6)), filled(len(v), int32(3)), "junk"}
	}
	panic("testgguf: " + key)
}

func filled[T any](n int, value T) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = value
	}
	return s
}

// damaged are files with random changes: bytes of the header, and the end cut off.
func (c *cases) damaged() {
	for _, base := range []string{"decoder", "pairs", "windowed"} {
		whole := c.base[base].Bytes()
		header := len(whole) - c.base[base].dataSize()
		for i := range 40 {
			c.all = append(c.all, Case{fmt.Sprintf("%s: flips %d", base, i), func() []byte {
				b, r := append([]byte(nil), whole...), rand.New(rand.NewPCG(uint64(i), 1))
				for range 1 + r.IntN(4) {
					at := r.IntN(header)
					if i%2 == 0 { // where the hyper-parameters are
						at = r.IntN(900)
					}
					b[at] ^= byte(1 << r.IntN(8))
				}
				return b
			}})
		}
		for i := range 12 {
			c.all = append(c.all, Case{fmt.Sprintf("%s: cut %d", base, i), func() []byte {
				r := rand.New(rand.NewPCG(uint64(i), 2))
				if i%3 == 0 {
					return whole[:len(whole)-1-r.IntN(len(whole)-header)]
				}
				return whole[:r.IntN(header)]
			}})
		}
	}
}

func (f *File) dataSize() (n int) {
	for _, t := range f.tensors {
		n += (t.size + 31) / 32 * 32
	}
	return n
}
