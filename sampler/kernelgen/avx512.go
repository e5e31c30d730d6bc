package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Predicates of VCMPPS.
const (
	unordered = 0x03
	atLeast   = 0x1D
	greater   = 0x1E
	equal     = 0x00
	less      = 0x11
)

type avx512 struct{}

func (*avx512) name() string { return "AVX512" }
func (*avx512) close()       { VZEROUPPER() }

func (*avx512) broadcast(param string) Register {
	z := ZMM()
	VBROADCASTSS(argument(param), z)
	return z
}

// argument is where a parameter is.
func argument(param string) Mem {
	c, err := Param(param).Resolve()
	if err != nil {
		panic(err)
	}
	return c.Addr
}

func (*avx512) load(p Register) []Register {
	z := ZMM()
	VMOVUPS(at(p, 0), z)
	return []Register{z}
}

func (*avx512) store(v []Register, p Register) { VMOVUPS(v[0], at(p, 0)) }
func (*avx512) div(x, by Register)             { VDIVPS(by, x, x) }

func (*avx512) nanStart() { KXORW(K1, K1, K1) }

func (*avx512) blockMax(p, dst Register) {
	acc := []Register{ZMM(), ZMM(), ZMM(), ZMM()}
	for j := 0; j < block/lanes; j += 4 {
		x := acc
		if j > 0 {
			x = []Register{ZMM(), ZMM(), ZMM(), ZMM()}
		}
		for i, r := range x {
			VMOVUPS(at(p, (j+i)*lanes*4), r)
		}
		for i := 0; i < 4; i += 2 {
			VCMPPS(Imm(unordered), x[i], x[i+1], K2)
			KORW(K2, K1, K1)
		}
		if j > 0 {
			for i, r := range x {
				VMAXPS(r, acc[i], acc[i])
			}
		}
	}
	VMAXPS(acc[1], acc[0], acc[0])
	VMAXPS(acc[3], acc[2], acc[2])
	VMAXPS(acc[2], acc[0], acc[0])
	y := YMM()
	VEXTRACTF64X4(Imm(1), acc[0], y)
	max8(acc[0].(Vec).AsY(), y, dst)
}

// max8 stores the largest of 8 floats and 8 more.
func max8(a, b Register, dst Register) {
	VMAXPS(b, a, b)
	x, t := b.(Vec).AsX(), XMM()
	VEXTRACTF128(Imm(1), b, t)
	VMAXPS(t, x, x)
	VPERMILPS(Imm(0x4E), x, t)
	VMAXPS(t, x, x)
	VMOVSHDUP(x, t)
	VMAXSS(t, x, x)
	VMOVSS(x, at(dst, 0))
}

func (*avx512) nanResult(to Register) {
	t := GP32()
	KMOVW(K1, t)
	TESTL(t, t)
	SETNE(to)
}

// constants in registers.
func (*avx512) constants() (log2e, shift, ln2, lowest Register, c []Register) {
	get := func(m Mem) Register {
		z := ZMM()
		VMOVUPD(m, z)
		return z
	}
	for i, x := range polynomial {
		c = append(c, get(float64s("exp_c"+string(rune('8'-i)), x)))
	}
	return get(float64s("log2e", 0x1.71547652b82fep0)), get(float64s("shift", expShift)), get(float64s("minus_ln2", -0x1.62e42fefa39efp-1)),
		get(float32s("lowest", expLowest)), c
}

func (v *avx512) expLoop(src, dst, n Register, store bool) {
	log2e, shift, ln2, lowest, c := v.constants()
	top, temp := v.broadcast("top"), v.broadcast("temp")
	sum, dot := []Register{ZMM(), ZMM()}, []Register{ZMM(), ZMM()}
	for i := range 2 {
		VPXORQ(sum[i], sum[i], sum[i])
		if store {
			VPXORQ(dot[i], dot[i], dot[i])
		}
	}
	one := GP32()
	MOVL(argument("temp"), one)
	CMPL(one, U32(0x3F800000))
	JE(LabelRef("undivided"))
	for _, divided := range []bool{true, false} {
		name := "divided"
		if !divided {
			name = "undivided"
		}
		x, half := ZMM(), YMM()
		loop(n, name, func() {
			VMOVUPS(at(src, 0), x)
			if divided {
				VDIVPS(temp, x, x)
			}
			VSUBPS(top, x, x)
			VCMPPS(Imm(atLeast), lowest, x, K1)
			KSHIFTRW(Imm(8), K1, K2)
			VMAXPS(lowest, x, x)
			VEXTRACTF32X8(Imm(1), x, half)
			for i, from := range []Register{x.AsY(), half} {
				y, t, k, r, p, e := ZMM(), ZMM(), ZMM(), ZMM(), ZMM(), YMM()
				VCVTPS2PD(from, y)
				VMOVAPD(shift, t)
				VFMADD231PD(log2e, y, t)
				VSUBPD(shift, t, k)
				VMOVAPD(y, r)
				VFMADD231PD(ln2, k, r)
				VMOVAPD(c[0], p)
				for _, next := range c[1:] {
					VFMADD213PD(next, r, p)
				}
				VPSLLQ(Imm(52), t, t)
				VPADDQ(t, p, p)
				VCVTPD2PS_Z(p, []Register{K1, K2}[i], e)
				if store {
					VMOVUPS(e, at(dst, i*32))
				}
				VCVTPS2PD(e, p)
				VADDPD(p, sum[i], sum[i])
				if store {
					VFMADD231PD(y, p, dot[i])
				}
			}
			ADDQ(Imm(lanes*4), src)
			if store {
				ADDQ(Imm(lanes*4), dst)
			}
		})
	}
	v.total(sum, 0)
	if store {
		v.total(dot, 1)
	}
}

// total adds up the lanes as lanewise.total does and stores the result.
func (*avx512) total(s []Register, result int) {
	VADDPD(s[1], s[0], s[0])
	y := YMM()
	VEXTRACTF64X4(Imm(1), s[0], y)
	total4(s[0].(Vec).AsY(), y, result)
}

// total4 adds 4 doubles to 4, and those up.
func total4(a, b Register, result int) {
	VADDPD(b, a, b)
	x, t := b.(Vec).AsX(), XMM()
	VEXTRACTF128(Imm(1), b, t)
	VADDPD(t, x, x)
	VPERMILPD(Imm(1), x, t)
	VADDSD(t, x, x)
	Store(x, ReturnIndex(result))
}

func zeros512() []Register {
	v := []Register{ZMM(), ZMM()}
	for _, z := range v {
		VPXORQ(z, z, z)
	}
	return v
}

// widen makes two sums of doubles of one of floats.
func (*avx512) widen(sum []Register) {
	y := YMM()
	VEXTRACTF32X8(Imm(1), sum[0], y)
	VCVTPS2PD(y, sum[1])
	VCVTPS2PD(sum[0].(Vec).AsY(), sum[0])
}

// addMasked adds the lanes of w that a mask has to sums of doubles.
func (*avx512) addMasked(w, part, mask Register, sum []Register) {
	VMOVAPS_Z(w, mask, part)
	d, half := ZMM(), YMM()
	VCVTPS2PD(part.(Vec).AsY(), d)
	VADDPD(d, sum[0], sum[0])
	VEXTRACTF32X8(Imm(1), part, half)
	VCVTPS2PD(half, d)
	VADDPD(d, sum[1], sum[1])
}

func (v *avx512) momentsLoop(src, n, count Register) {
	sum, squares := []Register{ZMM(), ZMM()}, []Register{ZMM(), ZMM()}
	for i := range 2 {
		VPXORQ(sum[i], sum[i], sum[i])
		VPXORQ(squares[i], squares[i], squares[i])
	}
	least := ZMM()
	VMOVUPS(int32s("minus_inf", func(int) int32 { return -0x800000 }), least)
	x, half, m := ZMM(), YMM(), GP64()
	loop(n, "groups", func() {
		VMOVUPS(at(src, 0), x)
		VCMPPS(Imm(greater), least, x, K1)
		VMOVAPS_Z(x, K1, x)
		KMOVW(K1, m.As32())
		POPCNTL(m.As32(), m.As32())
		ADDQ(m, count)
		VEXTRACTF32X8(Imm(1), x, half)
		for i, from := range []Register{x.AsY(), half} {
			d := ZMM()
			VCVTPS2PD(from, d)
			VADDPD(d, sum[i], sum[i])
			VFMADD231PD(d, d, squares[i])
		}
		ADDQ(Imm(lanes*4), src)
	})
	v.total(sum, 1)
	v.total(squares, 2)
}

func (v *avx512) tallyLoop(key, weight, n, count Register) {
	low, sum := v.broadcast("low"), zeros512()
	w, part, m := ZMM(), ZMM(), GP64()
	loop(n, "groups", func() {
		VMOVUPS(at(key, 0), w)
		VCMPPS(Imm(atLeast), low, w, K1)
		VMOVUPS(at(weight, 0), w)
		v.addMasked(w, part, K1, sum)
		KMOVW(K1, m.As32())
		POPCNTL(m.As32(), m.As32())
		ADDQ(m, count)
		ADDQ(Imm(lanes*4), key)
		ADDQ(Imm(lanes*4), weight)
	})
	v.total(sum, 1)
}
