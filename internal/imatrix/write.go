package imatrix

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/wholefile"
)

// maxTensorName is what the engine takes of a tensor's name (GGML_MAX_NAME,
// ggml/include/ggml.h@v0.5.0), without the 0 behind it.
const maxTensorName = 63

// GGUF is the matrix as a file that llama-quantize and llama-imatrix read, the same to the
// byte as llama-imatrix writes it (save_imatrix, tools/imatrix/imatrix.cpp@v0.5.0). More keys
// can be set before it is written.
func (m *Matrix) GGUF() (*gguf.Writer, error) {
	if m.Averaged || m.ChunkSize < 1 {
		return nil, errors.New("write an importance matrix: it must have a chunk size, and not be of a .dat file: merge it into another")
	}
	w := gguf.NewWriter()
	for _, k := range []struct {
		name  string
		value any
	}{
		{"general.type", "imatrix"},
		{keyDatasets, append([]string{}, m.Datasets...)},
		{keyChunks, uint32(m.Chunks)},
		{keyChunkSize, uint32(m.ChunkSize)},
	} {
		v, err := gguf.NewValue(k.value)
		if err == nil {
			err = w.Set(k.name, v)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, name := range m.Names() {
		e := m.Entries[name]
		if err := e.check(name); err != nil {
			return nil, err
		}
		if len(name)+len(endSums) > maxTensorName {
			return nil, fmt.Errorf("write an importance matrix: the name %s is too long for the engine's readers", gguf.Quote(name))
		}
		counts := make([]float32, len(e.Counts))
		for i, n := range e.Counts {
			counts[i] = float32(n)
		}
		if err := errors.Join(add(w, name+endSums, e.Sums, len(counts)), add(w, name+endCounts, counts, len(counts))); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// add adds a tensor of so many rows.
func add(w *gguf.Writer, name string, v []float32, rows int) error {
	b, err := binary.Append(make([]byte, 0, 4*len(v)), binary.LittleEndian, v)
	if err != nil {
		return err
	}
	dims := []uint64{uint64(len(v) / rows)}
	if rows > 1 {
		dims = append(dims, uint64(rows))
	}
	return w.Add(gguf.Tensor{Name: name, Dims: dims, Type: gguf.F32}, bytes.NewReader(b))
}

// Write writes the file in GGUF, in the place of one that is there, when it is whole and on
// disk.
func (m *Matrix) Write(ctx context.Context, path string) error {
	w, err := m.GGUF()
	if err != nil {
		return err
	}
	return gguf.Create(ctx, []gguf.Output{{Path: path, Content: w}}, true, nil)
}

// WriteDat is Write in the .dat form.
func (m *Matrix) WriteDat(path string) error {
	b, err := m.Dat()
	if err != nil {
		return err
	}
	return wholefile.Write(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}
