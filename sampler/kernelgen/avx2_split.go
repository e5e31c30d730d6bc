package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// compression is, for each mask of 8 lanes, which lanes it has, a byte each.
func compression() Register {
	m, ok := data["compression"]
	if !ok {
		m = GLOBL("compression", RODATA|NOPTR)
		for mask := range 256 {
			places, n := uint64(0), 0
			for lane := range 8 {
				if mask>>lane&1 != 0 {
					places |= uint64(lane) << (8 * n)
					n++
				}
			}
			DATA(8*mask, U64(places))
		}
		data["compression"] = m
	}
	p := GP64()
	LEAQ(m, p)
	return p
}

// kept is 8 floats and where those that a mask has go.
type kept struct {
	from Op
	to   Register
}

// compress stores what a mask has, one behind the other, and moves out on by how many they
// are. It writes 8 floats.
func compress(table, mask, out Register, all ...kept) {
	m, order, t := GP64(), YMM(), YMM()
	VMOVMSKPS(mask, m.As32())
	VPMOVZXBD(Mem{Base: table, Index: m, Scale: 8}, order)
	for _, k := range all {
		VPERMPS(k.from, order, t)
		VMOVUPS(t, indexed(k.to, out))
	}
	POPCNTL(m.As32(), m.As32())
	ADDQ(m, out)
}

// eightPlaces are the 8 places from first on.
func eightPlaces(first Register) Register {
	y := YMM()
	VMOVD(first, y.AsX())
	VPBROADCASTD(y.AsX(), y)
	VPADDD(int32s("iota", func(i int) int32 { return int32(i) }), y, y)
	return y
}

func (v *avx2) filterLoop(pos, val, src, n, out Register, threshold, base string) {
	least := v.broadcast(threshold)
	table, place, mask := compression(), GP32(), YMM()
	MOVL(argument(base), place)
	loop(n, "groups", func() {
		for h := range 2 {
			VCMPPS(Imm(2), at(src, h*32), least, mask) // least <= x
			compress(table, mask, out, kept{at(src, h*32), val}, kept{eightPlaces(place), pos})
			ADDL(Imm(8), place)
		}
		ADDQ(Imm(lanes*4), src)
	})
}

func (v *avx2) splitLoop(c splitArgs) {
	low, high, unit, limit := v.broadcast(c.low), given(v, c.high), given(v, c.unit), YMM()
	in, over := zeros(4), zeros(4)
	table, place := compression(), GP32()
	if c.base != "" {
		MOVL(argument(c.base), place)
	} else {
		XORL(place, place)
	}
	center := given(v, c.center)
	loop(c.n, "groups", func() {
		if c.center != "" {
			for _, x := range []Mem{at(c.key, 0), at(c.key, 32)} {
				k := YMM()
				VMOVUPS(x, k)
				VSUBPS(center, k, k)
				VORPS(int32s("sign", func(int) int32 { return -1 << 31 }), k, k)
				VMOVUPS(k, x)
			}
		}
		a, b := YMM(), YMM()
		VCMPPS(Imm(2), at(c.key, 0), low, a)
		VCMPPS(Imm(2), at(c.key, 32), low, b)
		v.addSplit(c, []Register{a, b}, high, limit, unit, in, over)
		for h, mask := range []Register{a, b} {
			weight, pos := Op(at(c.weight, h*32)), Op(nil)
			if c.unit != "" {
				VADDPS(weight, unit, limit)
				VSUBPS(unit, limit, limit)
				weight = limit
			}
			if c.listed {
				pos = at(c.pos, h*32)
			} else {
				pos = eightPlaces(place)
				ADDL(Imm(8), place)
			}
			compress(table, mask, c.out, kept{at(c.key, h*32), c.outKey}, kept{weight, c.outWeight}, kept{pos, c.outPos})
		}
		if c.listed {
			ADDQ(Imm(lanes*4), c.pos)
		}
		ADDQ(Imm(lanes*4), c.key)
		ADDQ(Imm(lanes*4), c.weight)
	})
	c.results(v, in, over)
}

// addSplit adds what is inside, which is left in the masks, and what is above: floats where
// they are exact.
func (v *avx2) addSplit(c splitArgs, masks []Register, high, limit, unit Register, in, over []Register) {
	for h, inside := range masks {
		w := YMM()
		if c.unit != "" {
			VBROADCASTSS(argument(c.below), limit)
			VCMPPS(Imm(greater), at(c.key, h*32), limit, limit)
			VANDPS(limit, inside, inside)
			VADDPS(at(c.weight, h*32), unit, limit)
			VSUBPS(unit, limit, limit)
		}
		part := func(mask Register) {
			if c.unit != "" {
				VANDPS(limit, mask, w)
			} else {
				VANDPS(at(c.weight, h*32), mask, w)
			}
		}
		if c.high != "" {
			above := YMM()
			VCMPPS(Imm(2), at(c.key, h*32), high, above)
			VANDPS(inside, above, above)
			VANDNPS(inside, above, inside) // not above, at least low
			part(above)
			if c.singles() {
				VADDPS(w, over[h], over[h])
			} else {
				v.addTo(w, over[2*h:])
			}
		}
		part(inside)
		if c.singles() {
			VADDPS(w, in[h], in[h])
		} else {
			v.addTo(w, in[2*h:])
		}
	}
}
