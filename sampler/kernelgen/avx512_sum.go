package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func (v *avx512) roundSumLoop(src, n Register) {
	unit, half := v.broadcast("unit"), v.broadcast("half")
	sum := zeros512()
	v.nanStart()
	x, w := ZMM(), ZMM()
	loop(n, "groups", func() {
		VMOVUPS(at(src, 0), x)
		VADDPS(unit, x, w)
		VSUBPS(unit, w, w)
		VSUBPS(w, x, x)
		VPANDD(int32s("magnitude", func(int) int32 { return 1<<31 - 1 }), x, x)
		VCMPPS(Imm(equal), half, x, K2)
		KORW(K2, K1, K1)
		VADDPS(w, sum[0], sum[0])
		ADDQ(Imm(lanes*4), src)
	})
	v.widen(sum)
	v.total(sum, 0)
}

func (v *avx512) sumRoundedLoop(weight, key, n Register) {
	below, unit := v.broadcast("below"), v.broadcast("unit")
	sum := zeros512()
	w := ZMM()
	loop(n, "groups", func() {
		VMOVUPS(at(key, 0), w)
		VCMPPS(Imm(less), below, w, K1)
		VADDPS(at(weight, 0), unit, w)
		VSUBPS(unit, w, w)
		VADDPS(w, sum[0], K1, sum[0])
		ADDQ(Imm(lanes*4), weight)
		ADDQ(Imm(lanes*4), key)
	})
	v.widen(sum)
	v.total(sum, 0)
}

func (v *avx512) informationLoop(logs, terms, weight, n Register) {
	get := func(m Mem) Register {
		z := ZMM()
		VMOVUPD(m, z)
		return z
	}
	var c []Register
	for i, x := range logarithm[1:] {
		c = append(c, get(coefficient(i+1, x)))
	}
	offset := get(words("log_offset", logBias<<52-logSqrtHalf))
	mantissa, root := get(words("mantissa", 1<<52-1)), get(words("sqrt_half", logSqrtHalf))
	one, ln2 := get(float64s("one", 1)), get(float64s("ln2", 0x1.62e42fefa39efp-1))
	total := v.broadcast("total")
	p, least, zero := ZMM(), ZMM(), ZMM()
	VMOVUPS(int32s("minus_inf", func(int) int32 { return -0x800000 }), least)
	VPXORQ(zero, zero, zero)
	l := ZMM()
	loop(n, "groups", func() {
		VMOVUPS(at(weight, 0), p)
		VDIVPS(total, p, p)
		VMOVUPS(p, at(weight, 0))
		VCMPPS(Imm(equal), zero, p, K1)
		high := YMM()
		for i := range 2 {
			b, e, f, r := ZMM(), ZMM(), ZMM(), ZMM()
			VCVTPS2PD(at(weight, i*32), b)
			VPADDQ(offset, b, b)
			VGETEXPPD(b, e)
			VPANDQ(mantissa, b, f)
			VPADDQ(root, f, f)
			VSUBPD(one, f, f)
			VMOVUPD(coefficient(0, logarithm[0]), r)
			for _, next := range c {
				VFMADD213PD(next, f, r)
			}
			VMULPD(f, r, r)
			VFMADD231PD(ln2, e, r)
			if i == 0 {
				VCVTPD2PS(r, l.AsY())
			} else {
				VCVTPD2PS(r, high)
			}
		}
		VINSERTF32X8(Imm(1), high, l, l)
		VFNMSUB213PS(zero, l, p)
		VMOVUPS(p, at(terms, 0))
		VMOVAPS(least, K1, l)
		VMOVUPS(l, at(logs, 0))
		ADDQ(Imm(lanes*4), weight)
		ADDQ(Imm(lanes*4), logs)
		ADDQ(Imm(lanes*4), terms)
	})
}

func (v *avx512) gapLoop(weight, a, b, n Register) {
	sum := zeros512()
	zero := ZMM()
	VPXORQ(zero, zero, zero)
	w, d, x, y, half := ZMM(), ZMM(), ZMM(), ZMM(), YMM()
	loop(n, "groups", func() {
		VMOVUPS(at(weight, 0), w)
		VMOVUPS(at(a, 0), d)
		VCMPPS(Imm(greater), zero, w, K1)
		VSUBPS_Z(at(b, 0), d, K1, d)
		for i := range 2 {
			if i == 0 {
				VCVTPS2PD(w.AsY(), x)
				VCVTPS2PD(d.AsY(), y)
			} else {
				VEXTRACTF32X8(Imm(1), w, half)
				VCVTPS2PD(half, x)
				VEXTRACTF32X8(Imm(1), d, half)
				VCVTPS2PD(half, y)
			}
			VFMADD231PD(x, y, sum[i])
		}
		ADDQ(Imm(lanes*4), weight)
		ADDQ(Imm(lanes*4), a)
		ADDQ(Imm(lanes*4), b)
	})
	v.total(sum, 0)
}
