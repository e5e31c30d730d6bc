package task

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/internal/stat"
)

// outcomesOf makes pairs of outcomes: how many are right for both, lost, gained, wrong for both.
func outcomesOf(kind Kind, length, both, lost, gained, neither int) (reference, level []Outcome) {
	for i := range both + lost + gained + neither {
		o := Outcome{ID: fmt.Sprintf("%s/%d/%d", kind, length, i), Kind: kind, Length: length}
		a, b := o, o
		a.Right = i < both+lost
		b.Right = i < both || i >= both+lost && i < both+lost+gained
		reference, level = append(reference, a), append(level, b)
	}
	return reference, level
}

// TestVerdicts: which counts lead to which verdict.
func TestVerdicts(t *testing.T) {
	var b strings.Builder
	for _, c := range [][4]int{
		{72, 0, 0, 0}, {73, 0, 0, 0}, {74, 0, 0, 0}, {10, 0, 0, 500}, {0, 0, 0, 500}, {20, 5, 0, 0}, {20, 6, 0, 0}, {20, 0, 6, 0}, {20, 7, 1, 3},
		{300, 10, 10, 50}, {300, 20, 8, 50}, {2000, 30, 10, 0}, {2000, 30, 28, 0}, {0, 4, 4, 0}, {0, 60, 0, 0},
	} {
		reference, level := outcomesOf(Copy, 0, c[0], c[1], c[2], c[3])
		got, err := Compare(reference, level, Judging{})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%v\n  %s\n", c, &got.All)
	}
	golden.Compare(t, "verdicts.txt", b.String())
}

// TestKinds: each kind has its verdict, adjusted for their number.
func TestKinds(t *testing.T) {
	var reference, level []Outcome
	for _, c := range []struct {
		kind  Kind
		split [4]int
	}{{Copy, [4]int{20, 6, 0, 0}}, {Reverse, [4]int{200, 1, 0, 3}}, {Extract, [4]int{20, 20, 1, 0}}, {Needle, [4]int{5, 0, 0, 0}}} {
		a, b := outcomesOf(c.kind, 0, c.split[0], c.split[1], c.split[2], c.split[3])
		reference, level = append(reference, a...), append(level, b...)
	}
	got, err := Compare(reference, level, Judging{})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "all: %s\n", &got.All)
	for _, k := range got.Kinds {
		fmt.Fprintf(&b, "%s: %s\n", k.Kind, &k.Flips)
	}
	golden.Compare(t, "kinds.txt", b.String())
}

func TestCompareRefuses(t *testing.T) {
	reference, level := outcomesOf(Copy, 0, 3, 1, 1, 0)
	other, _ := outcomesOf(Reverse, 0, 5, 0, 0, 0)
	for _, c := range []struct {
		reference, level []Outcome
		j                Judging
		want             string
	}{
		{nil, nil, Judging{}, "no outcome"},
		{reference, level[:2], Judging{}, "5 outcomes of the reference and 2"},
		{reference, other, Judging{}, "copy/0/0"},
		{reference, level, Judging{Confidence: 1}, "confidence"},
		{reference, level, Judging{Margin: -1}, "margin"},
		{reference, level, Judging{Margin: math.NaN()}, "margin"},
	} {
		if _, err := Compare(c.reference, c.level, c.j); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	flips, err := Flipped(reference, level)
	if err != nil || len(flips) != 2 || !flips[0].Lost || flips[1].Lost {
		t.Errorf("%+v, %v", flips, err)
	}
}

// TestEffectiveContext: which counts at which lengths make which context.
func TestEffectiveContext(t *testing.T) {
	var b strings.Builder
	for _, lengths := range [][][4]int{
		{{10, 0, 0, 0}, {8, 0, 0, 2}, {5, 0, 0, 5}},
		{{10, 0, 0, 0}, {8, 0, 0, 2}, {4, 0, 0, 6}},
		{{10, 0, 0, 0}, {7, 1, 0, 0}, {2, 7, 0, 1}, {5, 0, 0, 0}},
		{{10, 0, 0, 0}, {4, 1, 0, 0}, {3, 2, 1, 0}, {3, 2, 0, 0}},
		{{1, 0, 0, 9}, {10, 0, 0, 0}},
		{{0, 10, 0, 0}, {10, 0, 0, 0}},
	} {
		var reference, level []Outcome
		for i, n := range lengths {
			r, l := outcomesOf(Needle, 256<<i, n[0], n[1], n[2], n[3])
			reference, level = append(r, reference...), append(l, level...) // the longest first
		}
		c, err := Compare(reference, level, Judging{})
		if err != nil {
			t.Fatal(err)
		}
		e := c.Contexts[0]
		fmt.Fprintf(&b, "%v: reference %d, level %d, at least %v, certain %v\n", lengths, e.Reference, e.Level, e.AtLeast, e.Certain)
	}
	golden.Compare(t, "contexts.txt", b.String())
}

// TestPairedInterval: it is symmetric, has a closed form without flips, and its edges have the
// score that they should.
func TestPairedInterval(t *testing.T) {
	const z = 1.959963984540054
	for _, n := range []int{1, 10, 1000} {
		i := pairedInterval(0, 0, n, 0.95)
		if want := z * z / (z*z + float64(n)); math.Abs(i.High-want) > 1e-9 || math.Abs(i.Low+want) > 1e-9 {
			t.Errorf("no flips among %d: %v, want ±%v", n, i, want)
		}
	}
	for _, c := range [][3]int{{12, 9, 100}, {0, 3, 20}, {44, 4, 50}, {1, 0, 1}} {
		i, mirror := pairedInterval(c[0], c[1], c[2], 0.95), pairedInterval(c[1], c[0], c[2], 0.95)
		if math.Abs(i.Low+mirror.High) > 1e-9 || math.Abs(i.High+mirror.Low) > 1e-9 {
			t.Errorf("%v: %v, mirrored %v", c, i, mirror)
		}
		for _, edge := range []float64{i.Low, i.High} {
			if got := math.Abs(score(c[0], c[1], c[2], edge)); math.Abs(edge) < 0.999 && math.Abs(got-z) > 1e-6 {
				t.Errorf("%v: the score at %v is %v", c, edge, got)
			}
		}
	}
	if i := pairedInterval(0, 0, 0, 0.95); i.Low != -1 || i.High != 1 {
		t.Errorf("of nothing: %v", i)
	}
}

// TestVerdictsHold counts, over every outcome that n solved cases can have, how likely a verdict
// is false: "worse" or "better" where both are as good, "the same" where the difference is the
// margin. Exact, whatever the share of flips.
func TestVerdictsHold(t *testing.T) {
	j := Judging{Confidence: 0.95, Margin: 0.1}
	for _, n := range []int{20, 36, 37, 60, 100} {
		verdicts := make([][]Verdict, n+1)
		for lost := range verdicts {
			for gained := 0; lost+gained <= n; gained++ {
				f := Flips{Solved: n, Lost: lost, Gained: gained, Adjusted: stat.SignTest(lost, gained)}
				f.judge(j, 1)
				verdicts[lost] = append(verdicts[lost], f.Verdict)
			}
		}
		chance := func(pLost, pGained float64, of ...Verdict) (p float64) {
			for lost := range verdicts {
				for gained, v := range verdicts[lost] {
					if slices.Contains(of, v) {
						p += trinomial(n, lost, gained, pLost, pGained)
					}
				}
			}
			return p
		}
		for gained := 0.0; gained <= 0.45; gained += 0.01 {
			if p := chance(gained, gained, Worse, Better); p > 0.05 {
				t.Errorf("of %d, %.0f %% flips each way: a difference is seen with probability %.4f", n, 100*gained, p)
			}
			if p := chance(gained+j.Margin, gained, Same); p > 0.05 {
				t.Errorf("of %d, %.0f %% gained, %.0f %% lost: sameness is seen with probability %.4f", n, 100*gained, 100*(gained+j.Margin), p)
			}
		}
	}
}

// trinomial is the probability of so many lost and gained among n.
func trinomial(n, lost, gained int, pLost, pGained float64) float64 {
	p := logFactorial(n)
	for _, c := range []struct {
		n int
		p float64
	}{{lost, pLost}, {gained, pGained}, {n - lost - gained, 1 - pLost - pGained}} {
		if c.n == 0 {
			continue
		}
		if c.p <= 0 {
			return 0
		}
		p += float64(c.n) * math.Log(c.p)
		p -= logFactorial(c.n)
	}
	return math.Exp(p)
}

func logFactorial(n int) float64 {
	v, _ := math.Lgamma(float64(n + 1))
	return v
}

// TestStudy simulates comparisons as they are: kinds with ladders of cases from sure to hopeless,
// and a level that answers each case as the reference does or by another draw. Without a true
// difference hardly any comparison may find one, in any kind; a level that breaks one kind
// must be found out.
func TestStudy(t *testing.T) {
	const studies = 1500
	r := rand.New(rand.NewPCG(1, 2))
	// study says how often a comparison sees any difference, and how often in the broken kind.
	study := func(broken Kind) (all, anyKind, inBroken float64) {
		for range studies {
			var reference, level []Outcome
			for _, k := range Kinds() {
				for i := range 36 {
					able := 1 - float64(i/6)/5 // of the rung
					o := Outcome{ID: fmt.Sprint(k, i), Kind: k, Right: r.Float64() < able}
					l := o
					if r.IntN(4) == 0 {
						l.Right = r.Float64() < able
					}
					if k == broken && r.IntN(4) > 0 {
						l.Right = false
					}
					reference, level = append(reference, o), append(level, l)
				}
			}
			c, err := Compare(reference, level, Judging{})
			if err != nil {
				t.Fatal(err)
			}
			if v := c.All.Verdict; v == Worse || v == Better {
				all++
			}
			seen := false
			for _, k := range c.Kinds {
				if k.Verdict == Worse || k.Verdict == Better {
					seen = true
					if k.Kind == broken {
						inBroken++
					}
				}
			}
			if seen {
				anyKind++
			}
		}
		return all / studies, anyKind / studies, inBroken / studies
	}
	all, anyKind, _ := study("")
	t.Logf("no difference: seen in all %.4f, in any kind %.4f", all, anyKind)
	if limit := 0.05 + 2*math.Sqrt(0.05*0.95/studies); all > limit || anyKind > limit {
		t.Errorf("differences that are not there are seen with probability %.4f in all, %.4f in a kind", all, anyKind)
	}
	all, _, inBroken := study(Variables)
	t.Logf("three quarters of variables broken: seen in all %.4f, in variables %.4f", all, inBroken)
	if inBroken < 0.8 || all < 0.5 {
		t.Errorf("a broken kind is seen with probability %.4f only, in all cases %.4f", inBroken, all)
	}
}

type answererFunc func(Prompt) (string, error)

func (f answererFunc) Answer(_ context.Context, p Prompt) (string, error) { return f(p) }

// TestRun: outcomes come one by one, and an error says where.
func TestRun(t *testing.T) {
	cases := []Case{
		{ID: "a", Kind: Copy, Rung: 1, Prompt: Prompt{Text: "one"}, Check: Exact("one")},
		{ID: "b", Kind: Copy, Rung: 2, Prompt: Prompt{Text: "two"}, Check: Exact("three")},
		{ID: "c", Kind: Copy, Rung: 3, Prompt: Prompt{Text: "fail"}, Check: Exact("x")},
	}
	broken := errors.New("out of paper")
	echo := answererFunc(func(p Prompt) (string, error) {
		if p.Text == "fail" {
			return "", broken
		}
		return p.Text, nil
	})
	var got []Outcome
	keep := func(o Outcome) error { got = append(got, o); return nil }
	err := Run(t.Context(), echo, cases, keep)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "case c") {
		t.Error(err)
	}
	if len(got) != 2 || !got[0].Right || got[0].Why != "" || got[1].Right || got[1].Why == "" || got[1].Answer != "two" || got[1].Rung != 2 {
		t.Errorf("%+v", got)
	}
	if err := Run(t.Context(), echo, cases, func(Outcome) error { return broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Run(ctx, echo, cases, keep); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
