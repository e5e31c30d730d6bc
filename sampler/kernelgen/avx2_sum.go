package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func (v *avx2) roundSumLoop(src, n Register) {
	unit, half := v.broadcast("unit"), v.broadcast("half")
	sum := zeros(4)
	v.nanStart()
	loop(n, "groups", func() {
		for h := range 2 {
			x, w := YMM(), YMM()
			VMOVUPS(at(src, h*32), x)
			VADDPS(unit, x, w)
			VSUBPS(unit, w, w)
			VSUBPS(w, x, x)
			VANDPS(int32s("magnitude", func(int) int32 { return 1<<31 - 1 }), x, x)
			VCMPPS(Imm(equal), half, x, x)
			VORPS(x, v.nan, v.nan)
			VADDPS(w, sum[h], sum[h])
		}
		ADDQ(Imm(lanes*4), src)
	})
	v.widen(sum)
	v.total(sum, 0)
}

func zeros(n int) (v []Register) {
	for range n {
		y := YMM()
		VXORPD(y, y, y)
		v = append(v, y)
	}
	return v
}

func (v *avx2) sumRoundedLoop(weight, key, n Register) {
	below, unit := v.broadcast("below"), v.broadcast("unit")
	sum := zeros(4)
	loop(n, "groups", func() {
		for h := range 2 {
			w, mask := YMM(), YMM()
			VMOVUPS(at(key, h*32), mask)
			VCMPPS(Imm(less), below, mask, mask)
			VADDPS(at(weight, h*32), unit, w)
			VSUBPS(unit, w, w)
			VANDPS(mask, w, w)
			VADDPS(w, sum[h], sum[h])
		}
		ADDQ(Imm(lanes*4), weight)
		ADDQ(Imm(lanes*4), key)
	})
	v.widen(sum)
	v.total(sum, 0)
}

func (v *avx2) informationLoop(logs, terms, weight, n Register) {
	total := v.broadcast("total").(Vec).AsX()
	loop(n, "groups", func() {
		for i := range 4 {
			p, b, e, f, r := XMM(), YMM(), YMM(), YMM(), YMM()
			VMOVUPS(at(weight, i*16), p)
			VDIVPS(total, p, p)
			VMOVUPS(p, at(weight, i*16))
			VCVTPS2PD(p, b)
			VPADDQ(words("log_offset", logBias<<52-logSqrtHalf), b, b)
			VPSRLQ(Imm(52), b, e)
			VPOR(words("whole", wholeBits), e, e)
			VSUBPD(float64s("log_bias", 1<<52+logBias), e, e)
			VPAND(words("mantissa", 1<<52-1), b, f)
			VPADDQ(words("sqrt_half", logSqrtHalf), f, f)
			VSUBPD(float64s("one", 1), f, f)
			VMOVUPD(coefficient(0, logarithm[0]), r)
			for i, c := range logarithm[1:] {
				VFMADD213PD(coefficient(i+1, c), f, r)
			}
			VMULPD(f, r, r)
			VFMADD231PD(float64s("ln2", 0x1.62e42fefa39efp-1), e, r)
			l, zero, t := XMM(), XMM(), XMM()
			VCVTPD2PSY(r, l)
			VMULPS(l, p, t)
			VXORPS(int32s("sign", func(int) int32 { return -1 << 31 }), t, t)
			VMOVUPS(t, at(terms, i*16))
			VXORPS(zero, zero, zero)
			VCMPPS(Imm(equal), zero, p, zero)
			VBLENDVPS(zero, int32s("minus_inf", func(int) int32 { return -0x800000 }), l, l)
			VMOVUPS(l, at(logs, i*16))
		}
		ADDQ(Imm(lanes*4), weight)
		ADDQ(Imm(lanes*4), logs)
		ADDQ(Imm(lanes*4), terms)
	})
}

func (v *avx2) gapLoop(weight, a, b, n Register) {
	sum := zeros(4)
	zero := YMM()
	VXORPS(zero, zero, zero)
	loop(n, "groups", func() {
		for h := range 2 {
			w, d, counts := YMM(), YMM(), YMM()
			VMOVUPS(at(weight, h*32), w)
			VMOVUPS(at(a, h*32), d)
			VSUBPS(at(b, h*32), d, d)
			VCMPPS(Imm(greater), zero, w, counts)
			VANDPS(counts, d, d)
			for i := range 2 {
				x, y := YMM(), YMM()
				if i == 1 {
					VEXTRACTF128(Imm(1), w, w.AsX())
					VEXTRACTF128(Imm(1), d, d.AsX())
				}
				VCVTPS2PD(w.AsX(), x)
				VCVTPS2PD(d.AsX(), y)
				VFMADD231PD(x, y, sum[2*h+i])
			}
		}
		ADDQ(Imm(lanes*4), weight)
		ADDQ(Imm(lanes*4), a)
		ADDQ(Imm(lanes*4), b)
	})
	v.total(sum, 0)
}
