package imatrix

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ErrMismatch is for matrices that are not of the same model.
var ErrMismatch = errors.New("importance matrices of different models")

// DefaultChunk is how many tokens a chunk has where nobody says.
const DefaultChunk = 512

// Matrix is an importance matrix.
type Matrix struct {
	Entries   map[string]*Entry // by the name of the tensor
	Datasets  []string          // what it was collected on: names of files
	ChunkSize int               // tokens; 0: the file does not tell
	Chunks    int               // the file's own count; see [Matrix.Count]

	// Averaged: it is of a .dat file. A sum is the average over all columns times the number
	// of chunks, which is the one count.
	Averaged bool
}

// Entry is what was collected of a tensor: for each column of its matrix, and for each of its
// matrices or experts after one another, the sum of the squares of the activations.
type Entry struct {
	Sums   []float32
	Counts []int64 // tokens in the sums: of all matrices together, or one an expert
}

// New is a matrix without entries for chunks of so many tokens.
func New(chunkSize int) *Matrix {
	return &Matrix{Entries: map[string]*Entry{}, ChunkSize: chunkSize}
}

// Names of the tensors, sorted.
func (m *Matrix) Names() []string { return slices.Sorted(maps.Keys(m.Entries)) }

// Count sets Chunks to how many chunks the tensor has that saw the most tokens, as
// llama-imatrix counts them (tools/imatrix/imatrix.cpp@v0.5.0).
func (m *Matrix) Count() {
	var most int64
	for _, e := range m.Entries {
		most = max(most, slices.Max(e.Counts))
	}
	m.Chunks = int(most / int64(m.ChunkSize))
}

// Merge adds the sums and the counts of other, whose datasets then stand behind those that
// are there, and counts the chunks again. A matrix of a .dat file stands for chunks of m's
// size. Errors: [ErrMismatch], after which m is undefined. The rules are llama-imatrix's
// (load_imatrix, tools/imatrix/imatrix.cpp@v0.5.0).
func (m *Matrix) Merge(other *Matrix) error {
	if m.Averaged || m.ChunkSize < 1 {
		return errors.New("merge importance matrices: the first one must have a chunk size, and not be of a .dat file")
	}
	for _, name := range other.Names() {
		from := other.Entries[name]
		to := m.Entries[name]
		if to == nil {
			to = &Entry{Sums: make([]float32, len(from.Sums)), Counts: make([]int64, len(from.Counts))}
			m.Entries[name] = to
		}
		if len(to.Sums) != len(from.Sums) {
			return fmt.Errorf("merge importance matrices: %s has %d sums in one and %d in another: %w", name, len(to.Sums), len(from.Sums), ErrMismatch)
		}
		if other.Averaged {
			to.addAverages(from, m.ChunkSize)
		} else if err := to.add(from); err != nil {
			return fmt.Errorf("merge importance matrices: %s %w", name, err)
		}
	}
	m.Datasets = append(m.Datasets, other.Datasets...)
	m.Count()
	return nil
}

// add adds an entry of as many sums. A single count holds for every expert.
func (e *Entry) add(from *Entry) error {
	if len(e.Counts) == 1 && len(from.Counts) > 1 {
		e.Counts = slices.Repeat(e.Counts, len(from.Counts))
	}
	if len(e.Counts) != len(from.Counts) {
		return fmt.Errorf("has %d counts in one and %d in another: %w", len(e.Counts), len(from.Counts), ErrMismatch)
	}
	for i, sum := range from.Sums {
		e.Sums[i] += sum
	}
	for i, n := range from.Counts {
		e.Counts[i] += n
	}
	return nil
}

func (e *Entry) addAverages(from *Entry, chunk int) {
	for i, sum := range from.Sums {
		e.Sums[i] += sum * float32(chunk)
	}
	for i := range e.Counts {
		e.Counts[i] += from.Counts[0] * int64(chunk)
	}
}

// Weights are what the quantizer weighs the columns of each tensor with: mean squares, in the
// same single precision as llama-quantize makes of a file (load_imatrix,
// tools/quantize/quantize.cpp@v0.5.0); 1 for an expert that saw no token.
func (m *Matrix) Weights() map[string][]float32 {
	weights := make(map[string][]float32, len(m.Entries))
	for name, e := range m.Entries {
		weights[name] = e.weights(m.Averaged)
	}
	return weights
}

func (e *Entry) weights(averaged bool) []float32 {
	w := make([]float32, len(e.Sums))
	row := len(w) / len(e.Counts)
	for i, sum := range e.Sums {
		switch count := e.Counts[i/row]; {
		case count > 0:
			w[i] = sum / float32(count)
		case averaged:
			w[i] = sum
		default:
			w[i] = 1
		}
	}
	return w
}

// Unseen tells of tensors with experts how many of them saw no token.
func (m *Matrix) Unseen() map[string]int {
	unseen := map[string]int{}
	for name, e := range m.Entries {
		for _, count := range e.Counts {
			if count == 0 {
				unseen[name]++
			}
		}
	}
	return unseen
}
