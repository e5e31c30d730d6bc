package speed

import (
	"errors"
	"fmt"
	"slices"
)

// maxTests is how many tests a grid may have.
const maxTests = 10000

// Grid are the values that are combined, each with each; the names are those of llama-bench.
type Grid struct {
	Models          []string
	GPULayers       []int // negative: all
	CPUMoE          []int // layers whose experts stay in host memory
	SplitModes      []string
	Batches         []int
	Ubatches        []int
	KeyTypes        []string
	ValueTypes      []string
	NoKVOffload     []bool
	FlashAttention  []string // auto, on, off
	Threads         []int
	Depths          []int
	Prompts         []int // 0: no such test
	Generations     []int
	PromptsAndTexts []Pair
}

// Load is what a model is loaded with. Tests that differ in nothing of it share the model.
type Load struct {
	Model     string
	GPULayers int // negative: all
	CPUMoE    int
	SplitMode string
}

// Setup is what a context is made with, beside its size.
type Setup struct {
	Batch, Ubatch      int
	KeyType, ValueType string
	NoKVOffload        bool
	FlashAttention     string
	Threads            int
}

// Test is one thing that is measured: after Depth tokens, which are not timed, a prompt, then
// a generation. Tests are comparable.
type Test struct {
	Load  Load
	Setup Setup

	Prompt, Generation, Depth int // tokens
}

// Tokens are those that are timed.
func (t Test) Tokens() int { return t.Prompt + t.Generation }

// Context is how many tokens the context has to hold.
func (t Test) Context() int { return t.Prompt + t.Generation + t.Depth }

// Name is what llama-bench calls the test: pp512, tg128, pp512+tg128, pp512 @ d4096.
func (t Test) Name() string {
	name := fmt.Sprintf("pp%d+tg%d", t.Prompt, t.Generation)
	switch {
	case t.Generation == 0:
		name = fmt.Sprintf("pp%d", t.Prompt)
	case t.Prompt == 0:
		name = fmt.Sprintf("tg%d", t.Generation)
	}
	if t.Depth > 0 {
		name += fmt.Sprintf(" @ d%d", t.Depth)
	}
	return name
}

// shapes are the prompts and generations: first the prompts, then the generations, then both.
func (g *Grid) shapes() (shapes []Pair) {
	for _, n := range g.Prompts {
		shapes = append(shapes, Pair{n, 0})
	}
	for _, n := range g.Generations {
		shapes = append(shapes, Pair{0, n})
	}
	shapes = append(shapes, g.PromptsAndTexts...)
	return slices.DeleteFunc(shapes, func(p Pair) bool { return p == Pair{} })
}

// Tests expands the grid in llama-bench's order, in which a model is loaded as seldom as
// possible. A combination that is there twice is measured once.
func (g *Grid) Tests() (tests []Test, err error) {
	shapes := g.shapes()
	if n := g.combinations(len(shapes)); n > maxTests {
		return nil, fmt.Errorf("the lists combine to more than %d tests; give fewer values", maxTests)
	}
	if len(shapes) == 0 {
		return nil, errors.New("nothing is to be measured: all prompts and generations have 0 tokens; give a length with -p or -n")
	}
	seen := map[Test]bool{}
	for _, load := range g.loads() {
		for _, setup := range g.setups() {
			for _, depth := range g.Depths {
				for _, s := range shapes {
					t := Test{Load: load, Setup: setup, Prompt: s.Prompt, Generation: s.Generation, Depth: depth}
					if seen[t] {
						continue
					}
					seen[t] = true
					tests = append(tests, t)
				}
			}
		}
	}
	return tests, nil
}

// each calls f with all combinations of two lists.
func each[A, B any](a []A, b []B, f func(A, B)) {
	for _, x := range a {
		for _, y := range b {
			f(x, y)
		}
	}
}

func (g *Grid) loads() (loads []Load) {
	for _, model := range g.Models {
		each(g.GPULayers, g.CPUMoE, func(layers, experts int) {
			for _, mode := range g.SplitModes {
				loads = append(loads, Load{model, layers, experts, mode})
			}
		})
	}
	return loads
}

func (g *Grid) setups() (setups []Setup) {
	each(g.Batches, g.Ubatches, func(batch, ubatch int) {
		each(g.KeyTypes, g.ValueTypes, func(key, value string) {
			each(g.NoKVOffload, g.FlashAttention, func(noKV bool, flash string) {
				for _, threads := range g.Threads {
					setups = append(setups, Setup{batch, ubatch, key, value, noKV, flash, threads})
				}
			})
		})
	})
	return setups
}

// combinations are counted before anything is expanded; the count stops above the limit.
func (g *Grid) combinations(shapes int) int {
	n := shapes
	for _, length := range []int{len(g.Models), len(g.GPULayers), len(g.CPUMoE), len(g.SplitModes), len(g.Batches), len(g.Ubatches),
		len(g.KeyTypes), len(g.ValueTypes), len(g.NoKVOffload), len(g.FlashAttention), len(g.Threads), len(g.Depths)} {
		if n *= length; n > maxTests {
			break
		}
	}
	return n
}
