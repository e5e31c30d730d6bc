//go:build amd64 && !purego

package sampler

import (
	"math"
	"math/rand/v2"
	"testing"
)

// levels are what this processor has.
func levels(t testing.TB) (found []vectorLevel) {
	for l := avx2; l <= detect(); l++ {
		found = append(found, l)
	}
	if len(found) == 0 {
		t.Log("this processor has no vectors that the kernels know")
	}
	t.Cleanup(func() { level = detect() })
	return found
}

// kernelInput is floats of all kinds but NaN, as many as bytes say.
func kernelInput(seed uint64, n int) []float32 {
	r := rand.New(rand.NewPCG(seed, 3))
	v := make([]float32, n)
	for i := range v {
		switch r.IntN(12) {
		case 0:
			v[i] = -inf32
		case 1:
			v[i] = float32(r.IntN(5))
		case 2:
			v[i] = -float32(100 + 10*r.Float64())
		case 3:
			v[i] = float32(math.Copysign(0, -1))
		case 4:
			v[i] = math.Float32frombits(r.Uint32()>>9 | r.Uint32()&(1<<31)) // denormal
		default:
			v[i] = float32(r.NormFloat64() * 4)
		}
	}
	return v
}

// kernelResults is everything that the kernels make of some input.
func kernelResults(v []float32, top, temp float32) (bits []uint64) {
	addFloats := func(v []float32) {
		for _, x := range v {
			bits = append(bits, uint64(math.Float32bits(x)))
		}
	}
	add := func(v ...float64) {
		for _, x := range v {
			bits = append(bits, math.Float64bits(x))
		}
	}
	addPlaces := func(pos []int32) {
		for _, x := range pos {
			bits = append(bits, uint64(x))
		}
	}
	addSpan := func(s *span, n int) {
		addFloats(s.key[:n])
		addFloats(s.weight[:n])
		addPlaces(s.pos[:n])
	}
	n := len(v)
	m := make([]float32, (n+block-1)/block)
	nan := maxima(m, v)
	for _, x := range m {
		bits = append(bits, uint64(math.Float32bits(x+0)))
	}
	if nan {
		bits = append(bits, 1)
	}
	pos, val := make([]int32, n+lanes), make([]float32, n+lanes)
	k := filter(pos, val, v, top/2, 11)
	addPlaces(pos[:k])
	addFloats(val[:k])
	add(expSum(v, top, temp))
	e := make([]float32, n)
	sum, dot := expStore(e, v, top, temp)
	addFloats(e)
	add(sum, dot)
	count, s, q := moments(v)
	add(float64(count), s, q)
	d := make([]float32, n)
	divide(d, v, temp)
	addFloats(d)
	rounded, tie := roundSum(e, 2, 1.0/(1<<23))
	add(rounded)
	if tie {
		bits = append(bits, 2)
	}
	add(sumRounded(e, v, top/2, 2))
	terms := make([]float32, n)
	information(d, terms, e, temp)
	addFloats(e)
	addFloats(d)
	for _, x := range terms {
		addFloats([]float32{x + 0})
	}
	add(gap(e, v, terms))
	count, weight := tally(v, e, top/3)
	add(float64(count), weight)
	var out span
	out.grow(n)
	all := span{key: v, weight: e}
	k, in, over := split(&out, &all, top/4, top/2)
	for i := range 3 {
		addSpan(&out, k)
		add(in, over)
		if i == 1 {
			k, in, over = splitRounded(&out, &all, top/4, top/3, top/2, 2)
			continue
		}
		some := out.first(k, top/4)
		var moved span
		moved.grow(n)
		j, about := move(&moved, &some, top/3)
		addSpan(&moved, j)
		add(float64(j), about)
		j, about = move(&moved, &all, top/3)
		addSpan(&moved, j)
		add(float64(j), about)
		copy(d, v)
		j, about = nearest(&moved, &span{key: d, weight: e}, -top/2, top/3, 11)
		addFloats(d)
		addSpan(&moved, j)
		add(float64(j), about)
		k, in, over = split(&out, &some, top/3, top/2) // in place
	}
	return bits
}

func compareKernels(t *testing.T, v []float32, top, temp float32) {
	t.Helper()
	for _, x := range v {
		top = max(top, x/temp)
	}
	level = plainGo
	want := kernelResults(v, top, temp)
	for _, level = range levels(t) {
		got := kernelResults(v, top, temp)
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("%s, %d floats, temperature %v: result %d is %x, in Go %x", Kernels(), len(v), temp, i, got[i], want[i])
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d results, in Go %d", Kernels(), len(got), len(want))
		}
	}
}

// TestKernels: vectors give the bits that plain Go gives.
func TestKernels(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 255, 256, 257, 1000, 4096, 5001} {
		for seed := range uint64(8) {
			v := kernelInput(seed, n)
			compareKernels(t, v, 4, []float32{1, 0.8, 1.7, 1e-3}[seed%4])
		}
	}
}

// TestLog: the logarithm is the correctly rounded one, but for very few.
func TestLog(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	differ := 0
	for range 200_000 {
		x := math.Float32frombits(r.Uint32() % (0x3F800000 + 1))
		got, want := log32(x), float32(math.Log(float64(x)))
		if got != want {
			differ++
		}
		if d := math.Abs(float64(got) - float64(want)); d > math.Abs(float64(want))*1.3e-7 {
			t.Fatalf("log %g = %g, not %g", x, got, want)
		}
		y := -float32(r.Float64() * 104)
		got, want = exp32(y), float32(math.Exp(float64(y)))
		if got != want {
			differ++
		}
		if d := math.Abs(float64(got) - float64(want)); d > float64(want)*1.3e-7+0x1p-149 {
			t.Fatalf("exp %g = %g, not %g", y, got, want)
		}
	}
	if differ > 60 {
		t.Errorf("%d of 400000 results are not rounded correctly", differ)
	}
}

func TestKernelsFindNaN(t *testing.T) {
	for _, level = range append(levels(t), plainGo) {
		for at := range 600 {
			v := kernelInput(1, 600)
			v[at] = float32(math.NaN())
			if !maxima(make([]float32, 3), v) {
				t.Fatalf("%s: the NaN at %d was not found", Kernels(), at)
			}
		}
	}
	level = detect()
}

func FuzzKernels(f *testing.F) {
	for _, n := range []int{0, 16, 300, 5001} {
		f.Add(uint64(n), uint16(n), float32(4), float32(0.8))
	}
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, top, temp float32) {
		if !(temp > 1e-3 && temp < 1e3 && abs32(top) < 1e3) {
			return
		}
		v := kernelInput(seed, int(n)%8192)
		compareKernels(t, v, top, temp)
	})
}
