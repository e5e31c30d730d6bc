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

// log32 is the natural logarithm of x, from 0 on, rounded to float32: the result of a
// polynomial in double precision, off by at most 7e-10 of its value before it is rounded.
// Each vector kernel does the same operations in the same order.
//
// The polynomial is the one of its degree that is the nearest to log(1+f)/f, by its value,
// from √½ to √2 (after Remez).
func log32(x float32) float32 {
	if x == 0 {
		return -inf32
	}
	bits := math.Float64bits(float64(x)) - logSqrtHalf + 1023<<52
	exponent := float64(bits>>52) - 1023
	f := math.Float64frombits(bits&(1<<52-1)+logSqrtHalf) - 1
	p := float64(logC10)
	p = math.FMA(p, f, logC9)
	p = math.FMA(p, f, logC8)
	p = math.FMA(p, f, logC7)
	p = math.FMA(p, f, logC6)
	p = math.FMA(p, f, logC5)
	p = math.FMA(p, f, logC4)
	p = math.FMA(p, f, logC3)
	p = math.FMA(p, f, logC2)
	p = math.FMA(p, f, logC1)
	p = math.FMA(p, f, logC0)
	return float32(math.FMA(exponent, math.Ln2, p*f))
}

const (
	logSqrtHalf = 0x3FE6A09E667F3BCD // the square root of 1/2: the mantissa is from there to its double

	logC0  = 0x1.00000002b6152p+0
	logC1  = -0x1.ffffffc706221p-2
	logC2  = 0x1.5555400a3c8fcp-2
	logC3  = -0x1.0000121961ec2p-2
	logC4  = 0x1.99a71b34e2b70p-3
	logC5  = -0x1.555be33f55f7ap-3
	logC6  = 0x1.231298b2979bep-3
	logC7  = -0x1.fbf1f89c20798p-4
	logC8  = 0x1.e87df0e539083p-4
	logC9  = -0x1.dffe43a27fd3ep-4
	logC10 = 0x1.137df02366592p-4
)

func log232(x float32) float32   { return float32(math.Log2(float64(x))) }
func pow32(x, y float32) float32 { return float32(math.Pow(float64(x), float64(y))) }
func abs32(x float32) float32    { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

// Infinity as a float32.
var inf32 = float32(math.Inf(1))

func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }
