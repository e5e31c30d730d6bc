//go:build !amd64 || purego

package sampler

func maximaBlocks(dst, src []float32) bool { return maximaGo(dst, src) }

func filterLanes(pos []int32, val, src []float32, threshold float32, base int32) int {
	return filterGo(pos, val, src, threshold, base)
}

func expSumLanes(src []float32, top, temp float32) float64 { return expSumGo(src, top, temp) }

func expStoreLanes(dst, src []float32, top, temp float32) (sum, dot float64) {
	return expStoreGo(dst, src, top, temp)
}

func splitLanes(out, s *span, body int, low, high float32) (n int, inside, above float64) {
	return splitGo(out, s, body, low, high)
}

func moveLanes(out, s *span, body int, low float32) (n int, inside float64) {
	return moveGo(out, s, body, low)
}

func nearestLanes(out, s *span, body int, low, center float32, base int32) (n int, inside float64) {
	return nearestGo(out, s, body, low, center, base)
}

func splitRoundedLanes(out, s *span, body int, low, high, below, unit float32) (n int, inside, above float64) {
	return splitRoundedGo(out, s, body, low, high, below, unit)
}

func momentsLanes(src []float32) (n int, sum, squares float64) { return momentsGo(src) }

func tallyLanes(key, weight []float32, low float32) (n int, sum float64) {
	return tallyGo(key, weight, low)
}

func divideLanes(dst, src []float32, by float32) { divideGo(dst, src, by) }

func roundSumLanes(src []float32, unit, half float32) (float64, bool) {
	return roundSumGo(src, unit, half)
}

func sumRoundedLanes(weight, key []float32, below, unit float32) float64 {
	return sumRoundedGo(weight, key, below, unit)
}

func informationLanes(logs, terms, weight []float32, total float32) {
	informationGo(logs, terms, weight, total)
}

// Kernels says what the full passes run on.
func Kernels() string { return "go" }

func gapLanes(weight, a, b []float32) float64 { return gapGo(weight, a, b) }
