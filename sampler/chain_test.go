package sampler_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testsampler"
	"github.com/seed-f87006eb/llm/sampler"
)

var inf = float32(math.Inf(1))

// TestNoAllocation: none once a chain has run.
func TestNoAllocation(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for name, p := range testsampler.Chains() {
		const n = 6000
		testsampler.Fit(&p, n)
		c, err := sampler.New(n, p)
		if err != nil {
			t.Fatal(err)
		}
		var turns [][]float32
		for range 12 {
			turns = append(turns, testsampler.Logits(r, n))
		}
		i := 0
		run := func() {
			token, err := c.Sample(turns[i%len(turns)])
			if err != nil {
				t.Fatal(err)
			}
			c.Accept(token, true)
			i++
		}
		for range 100 {
			run()
		}
		if a := testing.AllocsPerRun(100, run); a != 0 {
			t.Errorf("%s: %v allocations a token", name, a)
		}
	}
}

// TestLogitsAreNotWrittenTo: they are borrowed.
func TestLogitsAreNotWrittenTo(t *testing.T) {
	for name, p := range testsampler.Chains() {
		const n = 3000
		testsampler.Fit(&p, n)
		c, _ := sampler.New(n, p)
		v := testsampler.Logits(rand.New(rand.NewPCG(1, 9)), n)
		was := append([]float32(nil), v...)
		for i := range int32(20) {
			c.Accept(i%4, false)
		}
		if _, err := c.Sample(v); err != nil {
			t.Fatal(err)
		}
		for i := range v {
			if v[i] != was[i] {
				t.Fatalf("%s: logit %d was written to", name, i)
			}
		}
	}
}

// TestExtremes: logits at the ends of what there is. What is checked is what can be said
// of every chain.
func TestExtremes(t *testing.T) {
	const n = 2500
	fill := func(x float32) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = x
		}
		return v
	}
	one := fill(-inf)
	one[1700] = -3
	infinite := fill(1)
	infinite[40], infinite[2000] = inf, inf
	far := fill(-3e38)
	far[9] = 3e38
	for name, p := range testsampler.Chains() {
		testsampler.Fit(&p, n)
		if strings.HasPrefix(name, "bias") {
			continue // its tokens are others'
		}
		for _, plain := range []bool{false, true} {
			p.Plain = plain
			c, err := sampler.New(n, p)
			if err != nil {
				t.Fatal(err)
			}
			if token, err := c.Sample(one); token != 1700 || err != nil {
				t.Errorf("%s: one token is possible, and %d was chosen: %v", name, token, err)
			}
			if token, err := c.Sample(infinite); token != 40 && token != 2000 || err != nil {
				t.Errorf("%s: two tokens are infinitely likely, and %d was chosen: %v", name, token, err)
			}
			if token, err := c.Sample(far); token != 9 || err != nil {
				t.Errorf("%s: one token is far above all others, and %d was chosen: %v", name, token, err)
			}
			if token, err := c.Sample(fill(0.5)); token < 0 || token >= n || err != nil {
				t.Errorf("%s: of equal tokens %d was chosen: %v", name, token, err)
			}
			if _, err := c.Sample(fill(-inf)); !errors.Is(err, sampler.ErrNoToken) {
				t.Errorf("%s: no token is possible: %v", name, err)
			}
			bad := fill(1)
			bad[2499] = float32(math.NaN())
			if _, err := c.Sample(bad); !errors.Is(err, sampler.ErrNaN) {
				t.Errorf("%s: a logit is NaN: %v", name, err)
			}
			if _, err := c.Sample(bad[:7]); err == nil {
				t.Errorf("%s: a wrong number of logits is taken", name)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	nan := float32(math.NaN())
	for want, change := range map[string]func(p *sampler.Params){
		"top-p is NaN":         func(p *sampler.Params) { p.TopP = nan },
		"temperature is +Inf":  func(p *sampler.Params) { p.Temperature = inf },
		"repeat penalty 0":     func(p *sampler.Params) { p.RepeatPenalty = 0 },
		"penalty over the":     func(p *sampler.Params) { p.PenaltyLast = -1 },
		"DRY over the":         func(p *sampler.Params) { p.DRY.Last = 1 << 30 },
		"mirostat 3":           func(p *sampler.Params) { p.Mirostat = 3 },
		"bias of token 10":     func(p *sampler.Params) { p.Bias = []sampler.Bias{{Token: 10}} },
		"bias +Inf of token 1": func(p *sampler.Params) { p.Bias = []sampler.Bias{{Token: 1, Value: inf}} },
		"token -1 in a":        func(p *sampler.Params) { p.DRY.Breakers = [][]int32{{1, -1}} },
		"step number 99":       func(p *sampler.Params) { p.Order = []sampler.Step{99} },
		"infill needs":         func(p *sampler.Params) { p.Order = []sampler.Step{sampler.Infill} },
		"neither can be":       func(p *sampler.Params) { p.MinKeep = -1 },
	} {
		p := sampler.Defaults()
		change(&p)
		if _, err := sampler.New(10, p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := sampler.New(0, sampler.Defaults()); err == nil {
		t.Error("a vocabulary of nothing is taken")
	}
	c, err := sampler.New(10, sampler.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	if c.Accept(10, true) == nil || c.Accept(-1, false) == nil {
		t.Error("a token that is not there is accepted")
	}
}

// TestSeeds: a seed gives its tokens again, and a chain without one draws and tells it.
func TestSeeds(t *testing.T) {
	v := testsampler.Logits(rand.New(rand.NewPCG(1, 9)), 100)
	tokens := func(c *sampler.Chain) (tokens []int32) {
		for range 20 {
			token, err := c.Sample(v)
			if err != nil {
				t.Fatal(err)
			}
			tokens = append(tokens, token)
		}
		return tokens
	}
	p := testsampler.Bare()
	p.Seed, p.Temperature = sampler.RandomSeed, 5
	c, _ := sampler.New(100, p)
	first := tokens(c)
	p.Seed = c.Seed()
	d, _ := sampler.New(100, p)
	if again := tokens(d); !reflect.DeepEqual(first, again) || p.Seed == sampler.RandomSeed {
		t.Errorf("%v, then %v with the seed %d", first, again, p.Seed)
	}
	d.Reset()
	if again := tokens(d); !reflect.DeepEqual(first, again) {
		t.Errorf("%v, then %v after Reset", first, again)
	}
	d.Reseed(p.Seed + 1)
	if other := tokens(d); reflect.DeepEqual(first, other) {
		t.Error("another seed gives the same tokens")
	}
}

func TestTrace(t *testing.T) {
	v := make([]float32, 5000)
	for i := range v {
		v[i] = float32(i) / 1000
	}
	p := sampler.Defaults()
	p.Seed, p.TopK, p.TopP = 1, 100, 0.5
	c, _ := sampler.New(len(v), p)
	if _, err := c.Sample(v); err != nil {
		t.Fatal(err)
	}
	want := []sampler.Count{{Step: "top_k", Before: 5000, After: 100}, {Step: "top_p", Before: 100, After: 49}, {Step: "min_p", Before: 49, After: 49},
		{Step: "temperature", Before: 49, After: 49}, {Step: "dist", Before: 49, After: 1}}
	if got := c.Trace(); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}

func TestLogprobs(t *testing.T) {
	for _, n := range []int{10, 3000} {
		v := testsampler.Logits(rand.New(rand.NewPCG(1, 8)), n)
		sum := 0.0
		for _, x := range v {
			sum += math.Exp(float64(x))
		}
		c, _ := sampler.New(n, sampler.Defaults())
		top, logprobs := make([]int32, 7), make([]float32, 7)
		own, err := c.Logprobs(v, 3, top, logprobs)
		if want := float64(v[3]) - math.Log(sum); err != nil || math.Abs(float64(own)-want) > 1e-5 {
			t.Errorf("%v, not %v: %v", own, want, err)
		}
		for i, token := range top {
			better := 0
			for j, x := range v {
				if x > v[token] || x == v[token] && j < int(token) {
					better++
				}
			}
			if want := float64(v[token]) - math.Log(sum); better != i || math.Abs(float64(logprobs[i])-want) > 1e-5 {
				t.Errorf("place %d of %d: token %d, before which there are %d; %v, not %v", i, n, token, better, logprobs[i], want)
			}
		}
	}
}

// parity lets only even or only odd tokens come next, in turns, four in all.
type parity struct{ odd, seen int32 }

func (p *parity) Allows(token int32) (bool, error) { return token%2 == p.odd, nil }

func (p *parity) Mask(logits []float32) error {
	for i := range logits {
		if int32(i)%2 != p.odd {
			logits[i] = -inf
		}
	}
	return nil
}

func (p *parity) Accept(token int32) error {
	if token%2 != p.odd {
		return errors.New("it does not fit")
	}
	p.odd, p.seen = 1-p.odd, p.seen+1
	return nil
}

func (p *parity) Forced() []int32 {
	if p.seen == 3 {
		return []int32{p.odd + 2}
	}
	return nil
}

func (p *parity) Done() bool { return p.seen == 4 }

func TestConstraint(t *testing.T) {
	params := testsampler.Bare()
	params.Temperature = 3
	c, _ := sampler.New(200, params)
	v := testsampler.Logits(rand.New(rand.NewPCG(1, 8)), 200)
	var p parity
	c.Constrain(&p)
	for !p.Done() {
		token, err := c.Sample(v)
		if err != nil || token%2 != p.odd || p.seen == 3 && token != p.odd+2 {
			t.Fatalf("token %d after %d, %v", token, p.seen, err)
		}
		if err := c.Accept(token, true); err != nil {
			t.Fatal(err)
		}
	}
	if c.Accept(1, true) == nil {
		t.Error("a token that does not fit is accepted")
	}
	if err := c.Accept(1, false); err != nil {
		t.Errorf("a token of the prompt is held against the constraint: %v", err)
	}
	only := make([]float32, 200)
	for i := range only {
		if i%2 == 0 {
			only[i] = -inf
		}
	}
	p = parity{}
	if _, err := c.Sample(only); !errors.Is(err, sampler.ErrConstraint) {
		t.Errorf("nothing fits: %v", err)
	}
}

// letters is a vocabulary of texts, of which the first ends a text.
type letters []string

func (v letters) Tokens() int                   { return len(v) }
func (v letters) Piece(token int32) []byte      { return []byte(v[token]) }
func (v letters) EndsText(token int32) bool     { return token == 0 }
func (v letters) EndOfTurn() int32              { return 0 }
func (v letters) Detokenize(token int32) []byte { return []byte(v[token]) }

func (v letters) Tokenize(text string) (tokens []int32) {
	for _, c := range text {
		for i, piece := range v {
			if piece == string(c) {
				tokens = append(tokens, int32(i))
			}
		}
	}
	return tokens
}

func TestInfill(t *testing.T) {
	v := letters{"", "a", "ab", "abc", "x"}
	p := testsampler.Bare()
	p.Order, p.Vocabulary = []sampler.Step{sampler.Infill}, v
	if _, err := sampler.New(5, p); err == nil || !strings.Contains(err.Error(), "put top_k before") {
		t.Errorf("infill of everything: %v", err)
	}
	p.Order, p.TopK = []sampler.Step{sampler.TopK, sampler.Infill}, 5
	c, err := sampler.New(5, p)
	if err != nil {
		t.Fatal(err)
	}
	// "a", "ab" and "abc" have more than "x" together, and the likeliest of them stands.
	for range 20 {
		if token, err := c.Sample([]float32{-9, 1, 1.5, 1, 2}); token != 2 && token != 4 || err != nil {
			t.Fatalf("token %d, %v", token, err)
		}
	}
	if token, err := c.Sample([]float32{1, 1, 1, 1, 1}); token != 0 || err != nil {
		t.Errorf("the end is as likely as each other token: token %d, %v", token, err)
	}
}

func TestDRYBreakers(t *testing.T) {
	v := letters{"", "a", "b", "ba", "xa", "c"}
	want := [][]int32{{1, 2, 5}, {3, 2, 5}, {4, 2, 5}} // what ends with "a" goes on with "b", "c"
	if got := sampler.DRYBreakers(v, []string{"abc", ""}); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
	if got := sampler.DRYBreakers(v, []string{"b"}); !reflect.DeepEqual(got, [][]int32{{2}, {3}}) {
		t.Errorf("%v", got)
	}
}
