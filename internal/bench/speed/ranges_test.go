package speed

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// ranges are lists, the lowest value, and what they are; nil: the place and a part of the error.
var ranges = []struct {
	text   string
	lowest int
	want   []int
	at     int
	err    string
}{
	{"512", 0, []int{512}, 0, ""},
	{"0", 0, []int{0}, 0, ""},
	{"128,256", 0, []int{128, 256}, 0, ""},
	{"1-4", 0, []int{1, 2, 3, 4}, 0, ""},
	{"128-512+128", 0, []int{128, 256, 384, 512}, 0, ""},
	{"1-64*2", 0, []int{1, 2, 4, 8, 16, 32, 64}, 0, ""},
	{"1-60*2", 0, []int{1, 2, 4, 8, 16, 32}, 0, ""},
	{"5-5", 0, []int{5}, 0, ""},
	{"0-10+5,7,1-2", 0, []int{0, 5, 10, 7, 1, 2}, 0, ""},
	{"-1", -1, []int{-1}, 0, ""},
	{"-1,0-2", -1, []int{-1, 0, 1, 2}, 0, ""},
	{"-1-1", -1, []int{-1, 0, 1}, 0, ""},
	{"2147483647-2147483647+2147483647", 0, []int{2147483647}, 0, ""},

	{"", 0, nil, 0, "a number is missing"},
	{"512,", 0, nil, 4, "a number is missing"},
	{",512", 0, nil, 0, `"," is not a number`},
	{"512 ", 0, nil, 3, `" " is not expected`},
	{"a", 0, nil, 0, `"a" is not a number`},
	{"1x", 0, nil, 1, `"x" is not expected`},
	{"1-", 0, nil, 2, "a number is missing"},
	{"1-x", 0, nil, 2, `"x" is not a number`},
	{"4-1", 0, nil, 2, "ends at 1, before its start at 4"},
	{"1-4+0", 0, nil, 4, "a step of 0 never ends"},
	{"1-4*1", 0, nil, 4, "never more"},
	{"0-4*2", 0, nil, 4, "never more"},
	{"1-4+", 0, nil, 4, "a number is missing"},
	{"1-4|2", 0, nil, 3, `"|" is not expected`},
	{"-1", 0, nil, 0, `"-" is not a number`},
	{"-2", -1, nil, 0, "-2 is below -1"},
	{"-", -1, nil, 0, `"-" is not a number`},
	{"0", 1, nil, 0, "0 is below 1"},
	{"3000000000", 0, nil, 0, "above 2147483647"},
	{"99999999999999999999999", 0, nil, 0, "above 2147483647"},
	{"1-2000", 0, nil, 0, "more than 1000 values"},
	{"3,é", 0, nil, 2, `"é" is not a number`},
}

func TestParseRange(t *testing.T) {
	for _, c := range ranges {
		got, err := ParseRange(c.text, c.lowest)
		var e *RangeError
		switch {
		case c.err == "" && (err != nil || !slices.Equal(got, c.want)):
			t.Errorf("%q: %v, %v, want %v", c.text, got, err, c.want)
		case c.err != "" && (!errors.As(err, &e) || e.At != c.at || !strings.Contains(e.Reason, c.err)):
			t.Errorf("%q: %v, %v, want %q at %d", c.text, got, err, c.err, c.at)
		}
	}
	if _, err := ParseRange("1,é,x", 0); err == nil || !strings.Contains(err.Error(), `"1,é,x", at character 3:`) {
		t.Errorf("places are in characters: %v", err)
	}
}

func FuzzParseRange(f *testing.F) {
	for _, c := range ranges {
		f.Add(c.text, c.lowest)
	}
	f.Fuzz(func(t *testing.T, text string, lowest int) {
		values, err := ParseRange(text, lowest)
		if (err == nil) != (len(values) > 0) || len(values) > maxValues {
			t.Fatalf("%q: %d values, %v", text, len(values), err)
		}
		for _, v := range values {
			if v < lowest {
				t.Fatalf("%q: %d is below %d", text, v, lowest)
			}
		}
	})
}

func TestParsePair(t *testing.T) {
	if p, err := ParsePair("512,128"); err != nil || p != (Pair{512, 128}) {
		t.Errorf("%v, %v", p, err)
	}
	for text, want := range map[string]string{"512": "two numbers", "512,": "missing", "a,1": "not a number", "1,2,3": "after the second", "1-2,3": "two numbers"} {
		if _, err := ParsePair(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func plainGrid(models ...string) *Grid {
	return &Grid{Models: models, GPULayers: []int{-1}, CPUMoE: []int{0}, SplitModes: []string{"layer"}, Batches: []int{2048}, Ubatches: []int{512},
		KeyTypes: []string{"f16"}, ValueTypes: []string{"f16"}, NoKVOffload: []bool{false}, FlashAttention: []string{"auto"}, Threads: []int{2},
		Depths: []int{0}, Prompts: []int{512}, Generations: []int{128}}
}

func TestGrid(t *testing.T) {
	g := plainGrid("a", "b")
	g.Prompts, g.Depths, g.Threads, g.PromptsAndTexts = []int{0, 512, 512}, []int{0, 1024}, []int{1, 2}, []Pair{{0, 0}, {32, 16}}
	tests, err := g.Tests()
	if err != nil || len(tests) != 2*2*2*3 {
		t.Fatalf("%d tests, %v", len(tests), err)
	}
	var names []string
	for _, x := range tests[:6] {
		names = append(names, x.Name())
	}
	if got := strings.Join(names, ", "); got != "pp512, tg128, pp32+tg16, pp512 @ d1024, tg128 @ d1024, pp32+tg16 @ d1024" || tests[5].Context() != 1072 || tests[6].Setup.Threads != 2 {
		t.Errorf("%s; %+v", got, tests[6])
	}
	g.Prompts, g.Generations, g.PromptsAndTexts = []int{0}, nil, nil
	if _, err := g.Tests(); err == nil || !strings.Contains(err.Error(), "0 tokens") {
		t.Errorf("nothing to measure: %v", err)
	}
	g = plainGrid("a")
	g.Prompts, g.Generations, g.Threads = make([]int, 1000), make([]int, 1000), make([]int, 100)
	for i := range g.Prompts {
		g.Prompts[i], g.Generations[i] = i+1, i+1
	}
	if _, err := g.Tests(); err == nil || !strings.Contains(err.Error(), "more than 10000 tests") {
		t.Errorf("too many: %v", err)
	}
}
