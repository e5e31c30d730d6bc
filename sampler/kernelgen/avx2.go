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

// compression is, for each mask of 8 lanes, which lanes it has, a byte each.
func compression() Register {
	m, ok := data["compression"]
	if !ok {
		m = GLOBL("compression", RODATA|NOPTR)
		for mask := range 256 {
			var lanes uint64
			n := 0
			for lane := range 8 {
				if mask>>lane&1 != 0 {
					lanes |= uint64(lane) << (8 * n)
					n++
				}
			}
			DATA(8*mask, U64(lanes))
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

func (v *avx2) splitLoop(c splitArgs) {
	low := v.broadcast(c.low)
	var high, limit, unit Register
	if c.high != "" {
		high = v.broadcast(c.high)
	}
	if c.unit != "" {
		unit = v.broadcast(c.unit)
		limit = YMM()
	}
	in, over := zeros(4), zeros(4)
	table, place := compression(), GP32()
	if c.base != "" {
		MOVL(argument(c.base), place)
	} else {
		XORL(place, place)
	}
	var center Register
	if c.center != "" {
		center = v.broadcast(c.center)
	}
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
	if c.singles() {
		v.widen(in)
		v.widen(over)
	}
	v.total(in, 1)
	if c.high != "" {
		v.total(over, 2)
	}
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
