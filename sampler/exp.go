package sampler

import "math"

// exp32 is e^x for x from minus infinity to 0, rounded to float32: the result of a
// polynomial in double precision, off by at most 3e-12 of its value before it is rounded,
// so that it differs from the correctly rounded one in some 1 of 20,000 cases, by one
// unit. Each vector kernel does the same operations in the same order.
//
// The polynomial interpolates (e^r-1)/r at the Chebyshev nodes of ±ln(2)/2.
func exp32(x float32) float32 {
	if !(x >= expLowest) {
		return 0
	}
	y := float64(x)
	t := math.FMA(y, math.Log2E, expShift)
	r := math.FMA(t-expShift, -math.Ln2, y)
	p := float64(expC8)
	p = math.FMA(p, r, expC7)
	p = math.FMA(p, r, expC6)
	p = math.FMA(p, r, expC5)
	p = math.FMA(p, r, expC4)
	p = math.FMA(p, r, expC3)
	p = math.FMA(p, r, expC2)
	p = math.FMA(p, r, expC1)
	p = math.FMA(p, r, 1)
	return float32(math.Float64frombits(math.Float64bits(p) + math.Float64bits(t)<<52))
}

const (
	// Below it the result rounds to 0: ln(2^-150).
	expLowest = -103.97208
	// Added to a number it leaves its integer part in the lowest bits.
	expShift = 3 << 51

	expC1 = 0x1.fffffffff61fdp-1
	expC2 = 0x1.fffffffffe069p-2
	expC3 = 0x1.5555557e7125ep-3
	expC4 = 0x1.55555565c559fp-5
	expC5 = 0x1.1110a6222ea35p-7
	expC6 = 0x1.6c166be75a859p-10
	expC7 = 0x1.a17df2ec2bc60p-13
	expC8 = 0x1.a136b06babd51p-16
)

// log32 is the natural logarithm of x, from 0 on, rounded to float32: the series of
// 2·artanh(f/(2+f)) in double precision, off by at most 2e-12 of its value. Each vector
// kernel does the same operations in the same order.
func log32(x float32) float32 {
	if x == 0 {
		return -inf32
	}
	bits := math.Float64bits(float64(x)) - logSqrtHalf + logBias<<52
	exponent := float64(bits>>52) - logBias
	f := math.Float64frombits(bits&(1<<52-1)+logSqrtHalf) - 1
	s := f / (f + 2)
	q := s * s
	p := float64(logC6)
	p = math.FMA(p, q, logC5)
	p = math.FMA(p, q, logC4)
	p = math.FMA(p, q, logC3)
	p = math.FMA(p, q, logC2)
	p = math.FMA(p, q, logC1)
	p = math.FMA(p, q, 2)
	return float32(math.FMA(exponent, math.Ln2, p*s))
}

const (
	logSqrtHalf = 0x3FE6A09E667F3BCD // the square root of 1/2: the mantissa is from there to its double
	logBias     = 1024               // makes exponents positive

	logC1, logC2, logC3 = 2.0 / 3, 2.0 / 5, 2.0 / 7
	logC4, logC5, logC6 = 2.0 / 9, 2.0 / 11, 2.0 / 13
)

func log232(x float32) float32   { return float32(math.Log2(float64(x))) }
func pow32(x, y float32) float32 { return float32(math.Pow(float64(x), float64(y))) }
func abs32(x float32) float32    { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

// Infinity as a float32.
var inf32 = float32(math.Inf(1))

func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }
