package reference_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/llama/reference"
)

// TestHyperOfEveryKey gives each key that the engine knows to each architecture: what
// the engine reads, ignores and refuses, gguf does too. A part of those that make a
// difference are given as every type.
func TestHyperOfEveryKey(t *testing.T) {
	c := newComparison(t)
	s := shape{layers: 10, nextn: 1, experts: 8, context: 4096}
	read, seen := 0, 0
	for _, arch := range reference.Architectures() {
		if slices.Contains(notRun, arch) {
			continue
		}
		complete := c.complete(arch, s)
		plain := c.same(arch, complete)
		delete(plain, "memory")
		for _, name := range reference.Keys() {
			suffix, ok := strings.CutPrefix(name, "llama.")
			if ok {
				name = arch + "." + suffix
			} else if !strings.HasPrefix(name, "xielu.") {
				continue
			}
			different := false
			seen++
			all := values(suffix, s)
			sample := seen%4 == 0 || len(all) > basicValues // most keys are the same to all architectures
			for i, v := range all {
				if i > 1 && !different || i > 0 && i < basicValues && !sample {
					continue
				}
				what, header := fmt.Sprintf("%s, %s of %T %.40v", arch, name, v, fmt.Sprint(v)), complete.Clone().Set(name, v)
				c.context = 0
				engine := c.same(what, header)
				c.context = contextTokens
				if different = different || !maps.Equal(engine, plain); engine != nil && different && sample {
					c.same(what, header)
				}
			}
			if different {
				read++
			}
		}
	}
	t.Logf("%d headers, %d sizes of memory, %d keys that are read", c.loads, c.memory, read)
}

// basicValues are the first values, one of each type; others are what some keys differ by.
const basicValues = 9

// values that a key is given.
func values(suffix string, s shape) []any {
	all := []any{uint32(4), alternating(s.layers), float32(0.25), true, "none", int32(2), uint64(2), []float32{1, 2}, []string{"a", "b"}}
	if strings.HasPrefix(suffix, "ssm.") {
		all[0] = uint32(16) // so that no tensor of memory is padded
	}
	row := func(of func(i int) int32) []int32 {
		r := make([]int32, s.layers)
		for i := range r {
			r[i] = of(i)
		}
		return r
	}
	switch suffix {
	case "attention.head_count", "attention.head_count_kv", "feed_forward_length":
		return append(all, row(func(i int) int32 { return int32(i % 3 * 4) }), row(func(i int) int32 { return int32((i + 1) % 3 * 4) }), []uint32{4})
	case "attention.sliding_window":
		return append(all, uint32(0), uint32(2000))
	case "attention.sliding_window_pattern", "attention.recurrent_layers":
		return append(all, uint32(3), []bool{true, false, true}, []uint32{0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1}, uint32(1))
	case "rope.dimension_sections":
		return append(all, []int32{2, 2, 0, 0}, []uint32{0, 0, 1, 0})
	case "deepstack_mapping":
		return append(all, []int32{-1, 0, 1, 1}, []int32{-1, 7})
	case "classifier.output_labels":
		return append(all, []string{})
	case "attention.indexer.types":
		return append(all, row(func(i int) int32 { return int32((i + 1) % 2) })[:s.layers-s.nextn])
	case "ple.layers":
		return append(all, []int32{2})
	}
	return all
}
