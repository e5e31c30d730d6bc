package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// places are those of the first group, from base on, if there is one, and what is between
// two groups.
func (*avx512) places(place, step Register, base string) {
	VMOVDQU32(int32s("iota", func(i int) int32 { return int32(i) }), place)
	VMOVDQU32(int32s("sixteen", func(int) int32 { return lanes }), step)
	if base != "" {
		first, all := GP32(), ZMM()
		MOVL(argument(base), first)
		VPBROADCASTD(first, all)
		VPADDD(all, place, place)
	}
}

func (v *avx512) filterLoop(pos, val, src, n, out Register, threshold, base string) {
	least, place, step := ZMM(), ZMM(), ZMM()
	VBROADCASTSS(argument(threshold), least)
	v.places(place, step, base)
	x, y, m := ZMM(), ZMM(), GP64()
	loop(n, "groups", func() {
		VMOVUPS(at(src, 0), x)
		VCMPPS(Imm(atLeast), least, x, K1)
		KMOVW(K1, m.As32())
		VCOMPRESSPS_Z(x, K1, y)
		VMOVUPS(y, indexed(val, out))
		VPCOMPRESSD_Z(place, K1, y)
		VMOVDQU32(y, indexed(pos, out))
		POPCNTL(m.As32(), m.As32())
		ADDQ(m, out)
		VPADDD(step, place, place)
		ADDQ(Imm(lanes*4), src)
	})
}

func (v *avx512) splitLoop(c splitArgs) {
	low, high, below, unit := v.broadcast(c.low), given(v, c.high), given(v, c.below), given(v, c.unit)
	in, over := zeros512(), zeros512()
	place, step := ZMM(), ZMM()
	v.places(place, step, c.base)
	center := given(v, c.center)
	k, w, part, m := ZMM(), ZMM(), ZMM(), GP64()
	loop(c.n, "groups", func() {
		v.keys(c, k, center)
		VCMPPS(Imm(atLeast), low, k, K1)
		if c.high != "" {
			VCMPPS(Imm(atLeast), high, k, K2)
		}
		if c.unit != "" {
			VCMPPS(Imm(less), below, k, K3)
			KANDW(K3, K1, K1)
			KANDW(K3, K2, K2)
		}
		if c.high != "" {
			KANDNW(K1, K2, K1) // not above, at least low
		}
		if c.unit != "" {
			VADDPS(at(c.weight, 0), unit, w)
			VSUBPS(unit, w, w)
		} else {
			VMOVUPS(at(c.weight, 0), w)
		}
		if c.listed {
			VMOVDQU32(at(c.pos, 0), place)
		}
		v.addSplit(c, w, part, in, over)
		VCOMPRESSPS_Z(k, K1, part)
		VMOVUPS(part, indexed(c.outKey, c.out))
		VCOMPRESSPS_Z(w, K1, part)
		VMOVUPS(part, indexed(c.outWeight, c.out))
		VPCOMPRESSD_Z(place, K1, part)
		VMOVDQU32(part, indexed(c.outPos, c.out))
		KMOVW(K1, m.As32())
		POPCNTL(m.As32(), m.As32())
		ADDQ(m, c.out)
		if !c.listed {
			VPADDD(step, place, place)
		} else {
			ADDQ(Imm(lanes*4), c.pos)
		}
		ADDQ(Imm(lanes*4), c.key)
		ADDQ(Imm(lanes*4), c.weight)
	})
	c.results(v, in, over)
}

// keys loads 16 of them, or makes them.
func (*avx512) keys(c splitArgs, k, center Register) {
	VMOVUPS(at(c.key, 0), k)
	if c.center != "" {
		VSUBPS(center, k, k)
		VPORD(int32s("sign", func(int) int32 { return -1 << 31 }), k, k)
		VMOVUPS(k, at(c.key, 0))
	}
}

// addSplit adds what is inside, in K1, and above, in K2: floats where they are exact.
func (v *avx512) addSplit(c splitArgs, w, part Register, in, over []Register) {
	if c.singles() {
		if c.high != "" {
			VADDPS(w, over[0], K2, over[0])
		}
		VADDPS(w, in[0], K1, in[0])
		return
	}
	v.addMasked(w, part, K2, over)
	v.addMasked(w, part, K1, in)
}
