package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

type avx2 struct{ nan Register }

func (*avx2) name() string { return "AVX2" }
func (*avx2) close()       { VZEROUPPER() }

func (*avx2) broadcast(param string) Register {
	y := YMM()
	VBROADCASTSS(argument(param), y)
	return y
}

func (*avx2) load(p Register) []Register {
	a, b := YMM(), YMM()
	VMOVUPS(at(p, 0), a)
	VMOVUPS(at(p, 32), b)
	return []Register{a, b}
}

func (*avx2) store(v []Register, p Register) {
	VMOVUPS(v[0], at(p, 0))
	VMOVUPS(v[1], at(p, 32))
}

func (*avx2) div(x, by Register) { VDIVPS(by, x, x) }

func (v *avx2) nanStart() {
	v.nan = YMM()
	VXORPS(v.nan, v.nan, v.nan)
}

func (v *avx2) blockMax(p, dst Register) {
	acc := []Register{YMM(), YMM(), YMM(), YMM()}
	t := YMM()
	for j := 0; j < block/8; j += 4 {
		x := acc
		if j > 0 {
			x = []Register{YMM(), YMM(), YMM(), YMM()}
		}
		for i, r := range x {
			VMOVUPS(at(p, (j+i)*32), r)
		}
		for i := 0; i < 4; i += 2 {
			VCMPPS(Imm(unordered), x[i], x[i+1], t)
			VORPS(t, v.nan, v.nan)
		}
		if j > 0 {
			for i, r := range x {
				VMAXPS(r, acc[i], acc[i])
			}
		}
	}
	VMAXPS(acc[1], acc[0], acc[0])
	VMAXPS(acc[3], acc[2], acc[2])
	max8(acc[0], acc[2], dst)
}

func (v *avx2) nanResult(to Register) {
	t := GP32()
	VMOVMSKPS(v.nan, t)
	TESTL(t, t)
	SETNE(to)
}

// masks16 are the bits of two masks of 8 floats.
func masks16(a, b Register) GPVirtual {
	low, high := GP64(), GP64()
	VMOVMSKPS(a, low.As32())
	VMOVMSKPS(b, high.As32())
	SHLL(Imm(8), high.As32())
	ORL(high.As32(), low.As32())
	return low
}

func (v *avx2) expLoop(src, dst, n Register, store bool) {
	top, temp := v.broadcast("top"), v.broadcast("temp")
	lowest := YMM()
	VMOVUPS(float32s("lowest", expLowest), lowest)
	var sum, dot []Register
	for range 4 {
		s := YMM()
		VXORPD(s, s, s)
		sum = append(sum, s)
		if store {
			d := YMM()
			VXORPD(d, d, d)
			dot = append(dot, d)
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
		loop(n, name, func() {
			for h := range 2 {
				x, mask := YMM(), YMM()
				VMOVUPS(at(src, h*32), x)
				if divided {
					VDIVPS(temp, x, x)
				}
				VSUBPS(top, x, x)
				VCMPPS(Imm(atLeast), lowest, x, mask)
				VANDPS(mask, x, x) // 0 where the result is to be 0: no denormal number comes of it
				v.exp4(x.AsX(), mask.AsX(), sum[2*h], dots(dot, 2*h), dst, h*32)
				VEXTRACTF128(Imm(1), x, x.AsX())
				VEXTRACTF128(Imm(1), mask, mask.AsX())
				v.exp4(x.AsX(), mask.AsX(), sum[2*h+1], dots(dot, 2*h+1), dst, h*32+16)
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

func dots(dot []Register, i int) Register {
	if dot == nil {
		return nil
	}
	return dot[i]
}

// exp4 adds e^x of 4 floats to a sum, and x·e^x to dot; with dot it stores them.
func (*avx2) exp4(x, mask, sum, dot, dst Register, offset int) {
	y, t, k, p := YMM(), YMM(), YMM(), YMM()
	VCVTPS2PD(x, y)
	VMOVUPD(float64s("shift", expShift), t)
	VFMADD231PD(float64s("log2e", 0x1.71547652b82fep0), y, t)
	VSUBPD(float64s("shift", expShift), t, k)
	r := y
	if dot != nil {
		r = YMM()
		VMOVAPD(y, r)
	}
	VFMADD231PD(float64s("minus_ln2", -0x1.62e42fefa39efp-1), k, r)
	VMOVUPD(float64s("exp_c8", polynomial[0]), p)
	for i, c := range polynomial[1:] {
		VFMADD213PD(float64s("exp_c"+string(rune('7'-i)), c), r, p)
	}
	VPSLLQ(Imm(52), t, t)
	VPADDQ(t, p, p)
	e := t.AsX()
	VCVTPD2PSY(p, e)
	VANDPS(mask, e, e)
	if dot != nil {
		VMOVUPS(e, at(dst, offset))
	}
	VCVTPS2PD(e, p)
	VADDPD(p, sum, sum)
	if dot != nil {
		VFMADD231PD(y, p, dot)
	}
}

func (*avx2) total(s []Register, result int) {
	VADDPD(s[2], s[0], s[0])
	VADDPD(s[3], s[1], s[1])
	total4(s[0], s[1], result)
}

// widen makes four sums of doubles of two of floats.
func (*avx2) widen(sum []Register) {
	x := XMM()
	VEXTRACTF128(Imm(1), sum[1], x)
	VCVTPS2PD(x, sum[3])
	VCVTPS2PD(sum[1].(Vec).AsX(), sum[2])
	VEXTRACTF128(Imm(1), sum[0], x)
	VCVTPS2PD(x, sum[1])
	VCVTPS2PD(sum[0].(Vec).AsX(), sum[0])
}

// addTo adds 8 floats to two sums of 4 doubles.
func (*avx2) addTo(w Register, sum []Register) {
	d, half := YMM(), XMM()
	VCVTPS2PD(w.(Vec).AsX(), d)
	VADDPD(d, sum[0], sum[0])
	VEXTRACTF128(Imm(1), w, half)
	VCVTPS2PD(half, d)
	VADDPD(d, sum[1], sum[1])
}

func (v *avx2) momentsLoop(src, n, count Register) {
	sum, squares := []Register{YMM(), YMM(), YMM(), YMM()}, []Register{YMM(), YMM(), YMM(), YMM()}
	for i := range 4 {
		VXORPD(sum[i], sum[i], sum[i])
		VXORPD(squares[i], squares[i], squares[i])
	}
	least := YMM()
	VMOVUPS(int32s("minus_inf", func(int) int32 { return -0x800000 }), least)
	loop(n, "groups", func() {
		masks := []Register{YMM(), YMM()}
		for h, mask := range masks {
			x, d, half := YMM(), YMM(), XMM()
			VMOVUPS(at(src, h*32), x)
			VCMPPS(Imm(greater), least, x, mask)
			VANDPS(mask, x, x)
			VEXTRACTF128(Imm(1), x, half)
			for i, from := range []Register{x.AsX(), half} {
				VCVTPS2PD(from, d)
				VADDPD(d, sum[2*h+i], sum[2*h+i])
				VFMADD231PD(d, d, squares[2*h+i])
			}
		}
		m := masks16(masks[0], masks[1])
		POPCNTL(m.As32(), m.As32())
		ADDQ(m, count)
		ADDQ(Imm(lanes*4), src)
	})
	v.total(sum, 1)
	v.total(squares, 2)
}

func (v *avx2) tallyLoop(key, weight, n, count Register) {
	low, sum := v.broadcast("low"), zeros(4)
	loop(n, "groups", func() {
		masks := []Register{YMM(), YMM()}
		for h, mask := range masks {
			w := YMM()
			VCMPPS(Imm(2), at(key, h*32), low, mask) // low <= key
			VANDPS(at(weight, h*32), mask, w)
			v.addTo(w, sum[2*h:])
		}
		m := masks16(masks[0], masks[1])
		POPCNTL(m.As32(), m.As32())
		ADDQ(m, count)
		ADDQ(Imm(lanes*4), key)
		ADDQ(Imm(lanes*4), weight)
	})
	v.total(sum, 1)
}
