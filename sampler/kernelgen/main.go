// Command kernelgen writes the vector kernels of package sampler: kernels_amd64.s and
// their declarations. It is a module of its own, so that nothing of ours depends on avo.
package main

import (
	"math"
	"strconv"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

//go:generate go run . -out ../kernels_amd64.s -stubs ../kernels_stub_amd64.go -pkg sampler
//go:generate sh -c "cd .. && sha256sum kernelgen/*.go kernels_amd64.s kernels_stub_amd64.go >testdata/kernels.sha256"

const (
	lanes = 16
	block = 256
)

func main() {
	ConstraintExpr("amd64")
	ConstraintExpr("!purego")
	for _, v := range []vectors{&avx512{}, &avx2{}} {
		maxima(v)
		filter(v)
		exps(v)
		split(v)
		moments(v)
		tally(v)
		rounded(v)
		information(v)
		gap(v)
		each(v, "divide", "by", func(x, by Register) { v.div(x, by) })
	}
	Generate()
}

// constants, broadcast where they are used.
var data = map[string]Mem{}

func float64s(name string, x float64) Mem {
	m, ok := data[name]
	if !ok {
		m = GLOBL(name, RODATA|NOPTR)
		for i := range 8 {
			DATA(8*i, U64(math.Float64bits(x))) // 1.0 would be read as a whole number
		}
		data[name] = m
	}
	return m
}

func float32s(name string, x float32) Mem {
	m, ok := data[name]
	if !ok {
		m = GLOBL(name, RODATA|NOPTR)
		for i := range lanes {
			DATA(4*i, U32(math.Float32bits(x)))
		}
		data[name] = m
	}
	return m
}

func int32s(name string, of func(i int) int32) Mem {
	m, ok := data[name]
	if !ok {
		m = GLOBL(name, RODATA|NOPTR)
		for i := range lanes {
			DATA(4*i, U32(uint32(of(i))))
		}
		data[name] = m
	}
	return m
}

// The polynomial of exp.go, from its highest coefficient on.
var polynomial = []float64{0x1.a136b06babd51p-16, 0x1.a17df2ec2bc60p-13, 0x1.6c166be75a859p-10, 0x1.1110a6222ea35p-7,
	0x1.55555565c559fp-5, 0x1.5555557e7125ep-3, 0x1.fffffffffe069p-2, 0x1.fffffffff61fdp-1, 1}

const (
	expLowest = -103.97208
	expShift  = 3 << 51
)

// vectors are the instructions that the kernels differ in. A group is 16 floats.
type vectors interface {
	name() string
	close() // at the end of a function

	// maximum of a block at p into dst; NaNs are kept track of.
	nanStart()
	blockMax(p, dst Register)
	nanResult(to Register)

	filterLoop(pos, val, src, n, out Register, threshold, base string)
	expLoop(src, dst, n Register, store bool)
	splitLoop(c splitArgs)
	momentsLoop(src, n, count Register)
	tallyLoop(key, weight, n, count Register)
	roundSumLoop(src, n Register)
	sumRoundedLoop(weight, key, n Register)
	informationLoop(logs, terms, weight, n Register)
	gapLoop(weight, a, b, n Register)

	// sums of lanes: widen makes doubles of floats, total a result of all.
	widen(sum []Register)
	total(sum []Register, result int)

	broadcast(param string) Register
	load(p Register) []Register
	store(v []Register, p Register)
	div(x, by Register)
}

// given is a parameter in all lanes, where there is one of that name.
func given(v vectors, param string) Register {
	if param == "" {
		return nil
	}
	return v.broadcast(param)
}

// loop runs body for each group of n floats.
func loop(n Register, name string, body func()) {
	Label(name)
	CMPQ(n, Imm(0))
	JE(LabelRef(name + "_end"))
	body()
	SUBQ(Imm(lanes), n)
	JMP(LabelRef(name))
	Label(name + "_end")
}

func at(p Register, offset int) Mem { return Mem{Base: p, Disp: offset} }

func indexed(p, i Register) Mem { return Mem{Base: p, Index: i, Scale: 4} }

func text(v vectors, name, signature, doc string) {
	TEXT(name+v.name(), NOSPLIT, signature)
	Doc(name + v.name() + " " + doc)
}

func maxima(v vectors) {
	text(v, "maxima", "func(dst, src []float32) (nan bool)", "is maximaGo.")
	dst, n := Load(Param("dst").Base(), GP64()), Load(Param("dst").Len(), GP64())
	src := Load(Param("src").Base(), GP64())
	v.nanStart()
	Label("blocks")
	CMPQ(n, Imm(0))
	JE(LabelRef("done"))
	v.blockMax(src, dst)
	ADDQ(U32(block*4), src)
	ADDQ(Imm(4), dst)
	DECQ(n)
	JMP(LabelRef("blocks"))
	Label("done")
	nan := GP8()
	v.nanResult(nan)
	Store(nan, ReturnIndex(0))
	v.close()
	RET()
}

func filter(v vectors) {
	text(v, "filter", "func(pos []int32, val, src []float32, threshold float32, base int32) int", "is filterGo.")
	pos, val := Load(Param("pos").Base(), GP64()), Load(Param("val").Base(), GP64())
	src, n := Load(Param("src").Base(), GP64()), Load(Param("src").Len(), GP64())
	out := GP64()
	XORQ(out, out)
	v.filterLoop(pos, val, src, n, out, "threshold", "base")
	Store(out, ReturnIndex(0))
	v.close()
	RET()
}

func exps(v vectors) {
	text(v, "expSum", "func(src []float32, top, temp float32) float64", "is expSumGo.")
	src, n := Load(Param("src").Base(), GP64()), Load(Param("src").Len(), GP64())
	v.expLoop(src, nil, n, false)
	v.close()
	RET()

	text(v, "expStore", "func(dst, src []float32, top, temp float32) (sum, dot float64)", "is expStoreGo.")
	dst := Load(Param("dst").Base(), GP64())
	src, n = Load(Param("src").Base(), GP64()), Load(Param("src").Len(), GP64())
	v.expLoop(src, dst, n, true)
	v.close()
	RET()
}

// splitArgs are registers of split. pos: the places come from a list.
type splitArgs struct {
	outKey, outWeight, outPos, key, weight, pos, n, out Register
	low, high, below, unit                              string // high: not where all is moved; below and unit: as they are rounded
	center, base                                        string // where keys are made of distances
	listed                                              bool
}

// singles says that floats hold the sums.
func (c *splitArgs) singles() bool { return c.unit != "" || c.high == "" }

// results are the sums of what is inside and, where not all is moved, above.
func (c *splitArgs) results(v vectors, in, over []Register) {
	if c.singles() {
		v.widen(in)
		v.widen(over)
	}
	v.total(in, 1)
	if c.high != "" {
		v.total(over, 2)
	}
}

func split(v vectors) {
	for _, kind := range []string{"", "listed", "rounded", "move", "move listed", "nearest"} {
		listed := strings.HasSuffix(kind, "listed")
		name, signature := "split", "func(outKey, outWeight []float32, outPos []int32, key, weight []float32, low, high float32) (n int, inside, above float64)"
		if listed {
			name, signature = "splitListed", "func(outKey, outWeight []float32, outPos []int32, key, weight []float32, pos []int32, low, high float32) (n int, inside, above float64)"
		}
		c := splitArgs{low: "low", high: "high", listed: listed}
		if kind == "rounded" {
			name, signature = "splitRounded", "func(outKey, outWeight []float32, outPos []int32, key, weight []float32, low, high, below, unit float32) (n int, inside, above float64)"
			c.below, c.unit = "below", "unit"
		}
		if strings.HasPrefix(kind, "move") {
			c.high = ""
			name = strings.ReplaceAll(name, "split", "move")
			signature = strings.ReplaceAll(strings.ReplaceAll(signature, "low, high", "low"), "inside, above", "inside")
		}
		if kind == "nearest" {
			c.high, c.center, c.base = "", "center", "base"
			name, signature = kind, "func(outKey, outWeight []float32, outPos []int32, key, weight []float32, low, center float32, base int32) (n int, inside float64)"
		}
		text(v, name, signature, "is splitGo, splitRoundedGo, moveGo or nearestGo.")
		c.outKey, c.outWeight, c.outPos = Load(Param("outKey").Base(), GP64()), Load(Param("outWeight").Base(), GP64()), Load(Param("outPos").Base(), GP64())
		c.key, c.weight = Load(Param("key").Base(), GP64()), Load(Param("weight").Base(), GP64())
		c.n, c.out = Load(Param("key").Len(), GP64()), GP64()
		if listed {
			c.pos = Load(Param("pos").Base(), GP64())
		}
		XORQ(c.out, c.out)
		v.splitLoop(c)
		Store(c.out, ReturnIndex(0))
		v.close()
		RET()
	}
}

func moments(v vectors) {
	text(v, "moments", "func(src []float32) (n int, sum, squares float64)", "is momentsGo.")
	src, n := Load(Param("src").Base(), GP64()), Load(Param("src").Len(), GP64())
	count := GP64()
	XORQ(count, count)
	v.momentsLoop(src, n, count)
	Store(count, ReturnIndex(0))
	v.close()
	RET()
}

func tally(v vectors) {
	text(v, "tally", "func(key, weight []float32, low float32) (n int, sum float64)", "is tallyGo.")
	key, n := Load(Param("key").Base(), GP64()), Load(Param("key").Len(), GP64())
	weight, count := Load(Param("weight").Base(), GP64()), GP64()
	XORQ(count, count)
	v.tallyLoop(key, weight, n, count)
	Store(count, ReturnIndex(0))
	v.close()
	RET()
}

func rounded(v vectors) {
	text(v, "roundSum", "func(src []float32, unit, half float32) (sum float64, tie bool)", "is roundSumGo.")
	src, n := Load(Param("src").Base(), GP64()), Load(Param("src").Len(), GP64())
	v.roundSumLoop(src, n)
	tie := GP8()
	v.nanResult(tie)
	Store(tie, ReturnIndex(1))
	v.close()
	RET()

	text(v, "sumRounded", "func(weight, key []float32, below, unit float32) (sum float64)", "is sumRoundedGo.")
	weight, key := Load(Param("weight").Base(), GP64()), Load(Param("key").Base(), GP64())
	n = Load(Param("key").Len(), GP64())
	v.sumRoundedLoop(weight, key, n)
	v.close()
	RET()
}

// The logarithm's polynomial of exp.go, from its highest coefficient on.
var logarithm = []float64{0x1.137df02366592p-4, -0x1.dffe43a27fd3ep-4, 0x1.e87df0e539083p-4, -0x1.fbf1f89c20798p-4, 0x1.231298b2979bep-3, -0x1.555be33f55f7ap-3,
	0x1.99a71b34e2b70p-3, -0x1.0000121961ec2p-2, 0x1.5555400a3c8fcp-2, -0x1.ffffffc706221p-2, 0x1.00000002b6152p+0}

const (
	logSqrtHalf = 0x3FE6A09E667F3BCD
	logBias     = 1023
	wholeBits   = 0x4330000000000000 // 2^52: behind it the bits of a number are the number
)

func information(v vectors) {
	text(v, "information", "func(logs, terms, weight []float32, total float32)", "is informationGo.")
	logs, terms := Load(Param("logs").Base(), GP64()), Load(Param("terms").Base(), GP64())
	weight, n := Load(Param("weight").Base(), GP64()), Load(Param("weight").Len(), GP64())
	v.informationLoop(logs, terms, weight, n)
	v.close()
	RET()
}

// coefficient is a place in the logarithm's polynomial.
func coefficient(i int, x float64) Mem { return float64s("log_c"+strconv.Itoa(len(logarithm)-1-i), x) }

func gap(v vectors) {
	text(v, "gap", "func(weight, a, b []float32) float64", "is gapGo.")
	weight, n := Load(Param("weight").Base(), GP64()), Load(Param("weight").Len(), GP64())
	a, b := Load(Param("a").Base(), GP64()), Load(Param("b").Base(), GP64())
	v.gapLoop(weight, a, b, n)
	v.close()
	RET()
}

// words are constants of bits.
func words(name string, x uint64) Mem { return float64s(name, math.Float64frombits(x)) }

// each applies op to every float.
func each(v vectors, name, param string, op func(x, by Register)) {
	text(v, name, "func(dst, src []float32, "+param+" float32)", "is "+name+"Go.")
	dst := Load(Param("dst").Base(), GP64())
	src, n := Load(Param("src").Base(), GP64()), Load(Param("src").Len(), GP64())
	by := v.broadcast(param)
	loop(n, "groups", func() {
		x := v.load(src)
		for _, r := range x {
			op(r, by)
		}
		v.store(x, dst)
		ADDQ(Imm(lanes*4), src)
		ADDQ(Imm(lanes*4), dst)
	})
	v.close()
	RET()
}
