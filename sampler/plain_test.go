package sampler_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testsampler"
	"github.com/seed-f87006eb/llm/sampler"
)

// TestPlain: every chain chooses the tokens that its steps, taken one by one as upstream
// takes them, choose; but for sums that end at a boundary.
func TestPlain(t *testing.T) {
	for name, p := range testsampler.Chains() {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			for _, n := range []int{5, 1000, 1500, 5003, 40007} {
				comparePlain(t, r, n, 30, p)
			}
		})
	}
}

func comparePlain(t *testing.T, r *rand.Rand, n, steps int, p sampler.Params) {
	t.Helper()
	testsampler.Fit(&p, n)
	fast, err := sampler.New(n, p)
	if err != nil {
		t.Fatal(err)
	}
	p.Plain = true
	plain, err := sampler.New(n, p)
	if err != nil {
		t.Fatal(err)
	}
	differ := 0
	var notes []string
	for i := range steps {
		v := testsampler.Logits(r, n)
		got, err := fast.Sample(v)
		want, err2 := plain.Sample(v)
		if errors.Is(err, sampler.ErrNoToken) && errors.Is(err2, sampler.ErrNoToken) {
			continue
		}
		if err != nil || err2 != nil {
			t.Fatalf("%d tokens, step %d: %v, %v", n, i, err, err2)
		}
		if got != want {
			differ++
			note := fmt.Sprintf("step %d: token %d, plain %d, margins %g and %g; %v", i, got, want, fast.Margin(), plain.Margin(), fast.Trace())
			notes = append(notes, note)
			if m := min(fast.Margin(), plain.Margin()); m > 2e-5 {
				t.Errorf("%d tokens, step %d: token %d, plain %d, margin %g\n%v\n%v", n, i, got, want, m, fast.Trace(), plain.Trace())
			}
			fast.Reset()
			plain.Reset()
		}
		fast.Accept(want, true)
		plain.Accept(want, true)
		if i%3 == 0 { // repetitions, for DRY
			for _, x := range []int32{1, 2, 3} {
				fast.Accept(x, false)
				plain.Accept(x, false)
			}
		}
	}
	if differ > max(2, steps/3) {
		t.Errorf("%d tokens: %d of %d differ:\n%s", n, differ, steps, strings.Join(notes, "\n"))
	} else if differ > 0 {
		t.Logf("%d tokens: %d of %d differ", n, differ, steps)
	}
}

// FuzzChains: a chain of any steps chooses what its steps one by one choose.
func FuzzChains(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, uint16(200*seed), uint16(seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, size, choices uint16) {
		r := rand.New(rand.NewPCG(seed, uint64(choices)))
		p := randomParams(r)
		if choices&1 != 0 {
			p.TopK = 0
		}
		if choices&2 != 0 {
			p.MinKeep = r.IntN(40)
		}
		if choices&4 != 0 {
			p.DRY.Multiplier = r.Float32()
			p.Order = append(p.Order, sampler.DRYStep)
		}
		if choices&8 != 0 {
			p.Order = append(p.Order, sampler.AdaptiveP)
			p.AdaptiveTarget = r.Float32()
		}
		if choices&16 != 0 {
			p.Mirostat = 1 + r.IntN(2)
			p.MirostatTau = 1 + 10*r.Float32()
		}
		if choices&32 != 0 { // MinKeep would keep any of the tokens that have no probability
			p.Temperature, p.MinKeep = 0, 0
		}
		comparePlain(t, r, 1+int(size)%9000, 6, p)
	})
}
