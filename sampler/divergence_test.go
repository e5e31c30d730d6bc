package sampler

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// divergenceOf is the definition, in double precision.
func divergenceOf(p, q []float32) float64 {
	norm := func(v []float32) float64 {
		top := math.Inf(-1)
		for _, x := range v {
			top = max(top, float64(x))
		}
		sum := 0.0
		for _, x := range v {
			sum += math.Exp(float64(x) - top)
		}
		return top + math.Log(sum)
	}
	pn, qn := norm(p), norm(q)
	kl := 0.0
	for i := range p {
		if lp := float64(p[i]) - pn; lp > -700 {
			kl += math.Exp(lp) * (lp - float64(q[i]) + qn)
		}
	}
	return kl
}

func TestDivergence(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	var d Divergence
	for _, n := range []int{1, 2, 255, 256, 1000, 49152} {
		for _, noise := range []float64{1e-4, 0.1, 3} {
			p, q := make([]float32, n), make([]float32, n)
			for i := range p {
				p[i] = float32(r.NormFloat64() * 3)
				q[i] = p[i] + float32(r.NormFloat64()*noise)
			}
			if n > 2 {
				p[n/2], q[n/2] = -inf32, -inf32
				p[n/3] = -inf32
			}
			want := divergenceOf(p, q)
			if n > 2 {
				p[n-1], q[n-1] = 20, 20
				want = divergenceOf(p, q)
			}
			pm, err := d.SetReference(p)
			if err != nil {
				t.Fatal(err)
			}
			got, qm, err := d.Of(q)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(got-want) > 1e-7+1e-6*want {
				t.Errorf("%d tokens, noise %v: divergence %v, want %v", n, noise, got, want)
			}
			if n > 2 && (pm.Top != int32(n-1) || qm.Top != int32(n-1)) {
				t.Errorf("%d tokens: tops %d and %d", n, pm.Top, qm.Top)
			}
			if own, _, err := d.Of(p); err != nil || own != 0 {
				t.Errorf("divergence from itself is %v, %v", own, err)
			}
		}
	}
}

func TestDivergenceRefuses(t *testing.T) {
	nan, inf := float32(math.NaN()), inf32
	good := []float32{1, 2, 3}
	var d Divergence
	for _, c := range []struct {
		row  []float32
		want error
	}{
		{[]float32{1, nan, 3}, ErrNaN},
		{[]float32{-inf, -inf, -inf}, ErrNoDistribution},
		{[]float32{1, inf, 3}, ErrNoDistribution},
		{nil, ErrNoDistribution},
	} {
		if _, err := d.Softmax(c.row); !errors.Is(err, c.want) {
			t.Errorf("softmax of %v: %v, want %v", c.row, err, c.want)
		}
		if _, err := d.SetReference(c.row); !errors.Is(err, c.want) {
			t.Errorf("reference %v: %v, want %v", c.row, err, c.want)
		}
	}
	if _, err := d.SetReference(good); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Of(good[:2]); err == nil {
		t.Error("a row of another vocabulary was compared")
	}
	if kl, _, err := d.Of([]float32{-inf, 2, 3}); err != nil || !math.IsInf(kl, 1) {
		t.Errorf("a token ruled out: %v, %v", kl, err)
	}
	first, err := d.Softmax([]float32{0, 3, 3})
	if err != nil || first.Top != 1 {
		t.Errorf("of two likeliest the first is %d, %v", first.Top, err)
	}
}

func TestDivergenceAllocatesNothing(t *testing.T) {
	p := make([]float32, 5000)
	var d Divergence
	d.SetReference(p)
	d.Softmax(p)
	if n := testing.AllocsPerRun(10, func() {
		d.SetReference(p)
		d.Of(p)
	}); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}

func BenchmarkDivergence(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	p, q := make([]float32, 262144), make([]float32, 262144)
	for i := range p {
		p[i] = float32(r.NormFloat64() * 3)
		q[i] = p[i] + float32(r.NormFloat64()*0.1)
	}
	var d Divergence
	b.Run("reference", func(b *testing.B) {
		for b.Loop() {
			d.SetReference(p)
		}
	})
	b.Run("level", func(b *testing.B) {
		for b.Loop() {
			d.Of(q)
		}
	})
}
