package testgguf

import (
	"math"
	"math/rand/v2"
)

// weights makes tensors of random numbers, the same for the same seed.
type weights struct {
	file *File
	rand *rand.Rand
}

func newWeights(f *File, seed uint64) *weights {
	return &weights{file: f, rand: rand.New(rand.NewPCG(seed, 0))}
}

// matrix adds a tensor whose values are small enough for sums over its first
// dimension to stay near 1.
func (w *weights) matrix(name string, shape ...int) {
	w.file.Add(name, w.normal(product(shape), 1/math.Sqrt(float64(shape[0]))), shape...)
}

// normal are n numbers around 0 with this standard deviation.
func (w *weights) normal(n int, deviation float64) []float32 {
	data := make([]float32, n)
	for i := range data {
		data[i] = float32(w.rand.NormFloat64() * deviation)
	}
	return data
}

// fill adds a tensor with one value.
func (w *weights) fill(name string, value float32, shape ...int) {
	data := make([]float32, product(shape))
	for i := range data {
		data[i] = value
	}
	w.file.Add(name, data, shape...)
}

// norm adds the weight, and for layer norms the bias, of a normalization.
func (w *weights) norm(name string, width int, bias bool) {
	w.fill(name+".weight", 1, width)
	if bias {
		w.fill(name+".bias", 0, width)
	}
}
