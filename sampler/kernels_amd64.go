//go:build !purego

package sampler

import "golang.org/x/sys/cpu"

// level is which vectors the kernels use. Tests change it.
var level = detect()

type vectorLevel int8

const (
	plainGo vectorLevel = iota
	avx2
	avx512
)

func detect() vectorLevel {
	x := &cpu.X86
	switch {
	case x.HasAVX512F && x.HasAVX512DQ && x.HasPOPCNT:
		return avx512
	case x.HasAVX2 && x.HasFMA && x.HasPOPCNT:
		return avx2
	}
	return plainGo
}

// Kernels says what the full passes run on.
func Kernels() string { return [...]string{"go", "avx2", "avx512"}[level] }

func maximaBlocks(dst, src []float32) bool {
	switch level {
	case avx512:
		return maximaAVX512(dst, src)
	case avx2:
		return maximaAVX2(dst, src)
	}
	return maximaGo(dst, src)
}

func filterLanes(pos []int32, val, src []float32, threshold float32, base int32) int {
	switch level {
	case avx512:
		return filterAVX512(pos, val, src, threshold, base)
	case avx2:
		return filterAVX2(pos, val, src, threshold, base)
	}
	return filterGo(pos, val, src, threshold, base)
}

func expSumLanes(src []float32, top, temp float32) float64 {
	switch level {
	case avx512:
		return expSumAVX512(src, top, temp)
	case avx2:
		return expSumAVX2(src, top, temp)
	}
	return expSumGo(src, top, temp)
}

func expStoreLanes(dst, src []float32, top, temp float32) (sum, dot float64) {
	switch level {
	case avx512:
		return expStoreAVX512(dst, src, top, temp)
	case avx2:
		return expStoreAVX2(dst, src, top, temp)
	}
	return expStoreGo(dst, src, top, temp)
}

func splitLanes(out, s *span, body int, low, high float32) (n int, inside, above float64) {
	key := s.key[:body]
	switch {
	case level == avx512 && s.pos != nil:
		return splitListedAVX512(out.key, out.weight, out.pos, key, s.weight, s.pos, low, high)
	case level == avx512:
		return splitAVX512(out.key, out.weight, out.pos, key, s.weight, low, high)
	case level == avx2 && s.pos != nil:
		return splitListedAVX2(out.key, out.weight, out.pos, key, s.weight, s.pos, low, high)
	case level == avx2:
		return splitAVX2(out.key, out.weight, out.pos, key, s.weight, low, high)
	}
	return splitGo(out, s, body, low, high)
}

func moveLanes(out, s *span, body int, low float32) (n int, inside float64) {
	key := s.key[:body]
	switch {
	case level == avx512 && s.pos != nil:
		return moveListedAVX512(out.key, out.weight, out.pos, key, s.weight, s.pos, low)
	case level == avx512:
		return moveAVX512(out.key, out.weight, out.pos, key, s.weight, low)
	case level == avx2 && s.pos != nil:
		return moveListedAVX2(out.key, out.weight, out.pos, key, s.weight, s.pos, low)
	case level == avx2:
		return moveAVX2(out.key, out.weight, out.pos, key, s.weight, low)
	}
	return moveGo(out, s, body, low)
}

func nearestLanes(out, s *span, body int, low, center float32, base int32) (n int, inside float64) {
	switch level {
	case avx512:
		return nearestAVX512(out.key, out.weight, out.pos, s.key[:body], s.weight, low, center, base)
	case avx2:
		return nearestAVX2(out.key, out.weight, out.pos, s.key[:body], s.weight, low, center, base)
	}
	return nearestGo(out, s, body, low, center, base)
}

func splitRoundedLanes(out, s *span, body int, low, high, below, unit float32) (n int, inside, above float64) {
	switch level {
	case avx512:
		return splitRoundedAVX512(out.key, out.weight, out.pos, s.key[:body], s.weight, low, high, below, unit)
	case avx2:
		return splitRoundedAVX2(out.key, out.weight, out.pos, s.key[:body], s.weight, low, high, below, unit)
	}
	return splitRoundedGo(out, s, body, low, high, below, unit)
}

func momentsLanes(src []float32) (n int, sum, squares float64) {
	switch level {
	case avx512:
		return momentsAVX512(src)
	case avx2:
		return momentsAVX2(src)
	}
	return momentsGo(src)
}

func tallyLanes(key, weight []float32, low float32) (n int, sum float64) {
	switch level {
	case avx512:
		return tallyAVX512(key, weight, low)
	case avx2:
		return tallyAVX2(key, weight, low)
	}
	return tallyGo(key, weight, low)
}

func divideLanes(dst, src []float32, by float32) {
	switch level {
	case avx512:
		divideAVX512(dst, src, by)
	case avx2:
		divideAVX2(dst, src, by)
	default:
		divideGo(dst, src, by)
	}
}

func roundSumLanes(src []float32, unit, half float32) (float64, bool) {
	switch level {
	case avx512:
		return roundSumAVX512(src, unit, half)
	case avx2:
		return roundSumAVX2(src, unit, half)
	}
	return roundSumGo(src, unit, half)
}

func sumRoundedLanes(weight, key []float32, below, unit float32) float64 {
	switch level {
	case avx512:
		return sumRoundedAVX512(weight, key, below, unit)
	case avx2:
		return sumRoundedAVX2(weight, key, below, unit)
	}
	return sumRoundedGo(weight, key, below, unit)
}

func informationLanes(logs, terms, weight []float32, total float32) {
	switch level {
	case avx512:
		informationAVX512(logs, terms, weight, total)
	case avx2:
		informationAVX2(logs, terms, weight, total)
	default:
		informationGo(logs, terms, weight, total)
	}
}

func gapLanes(weight, a, b []float32) float64 {
	switch level {
	case avx512:
		return gapAVX512(weight, a, b)
	case avx2:
		return gapAVX2(weight, a, b)
	}
	return gapGo(weight, a, b)
}
