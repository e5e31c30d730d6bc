package imatrix

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// ErrInvalid is for a file that is no importance matrix, or a damaged one.
var ErrInvalid = errors.New("not a whole importance matrix")

// Keys of the file, and what the names of its tensors end in (common/imatrix-loader.h and
// .cpp@v0.5.0).
const (
	keyDatasets  = "imatrix.datasets"
	keyChunks    = "imatrix.chunk_count"
	keyChunkSize = "imatrix.chunk_size"
	endSums      = ".in_sum2"
	endCounts    = ".counts"
)

// maxSums bounds what is read of a file: 8 GiB of numbers, several times what the largest
// models have.
const maxSums = 1 << 31

// maxDatasets and maxDataset bound the names of a file's datasets: their number, and the bytes
// of one.
const (
	maxDatasets = 1 << 12
	maxDataset  = 1 << 16
)

// Read reads an importance matrix, in either form. Errors: [fs.ErrNotExist], [ErrInvalid],
// which says what is wrong and where, and those of the system.
func Read(path string) (*Matrix, error) {
	m, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("read the importance matrix %s: %w", path, err)
	}
	return m, nil
}

func read(path string) (*Matrix, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; check the path", fs.ErrNotExist)
	}
	if err == nil && !info.Mode().IsRegular() {
		err = gguf.ErrNotRegular
	}
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	return Decode(f, info.Size())
}

// Decode is [Read] of a file of size bytes that is open. Its errors do not name it.
func Decode(r io.ReaderAt, size int64) (*Matrix, error) {
	var magic [4]byte
	if n, err := r.ReadAt(magic[:], 0); n < len(magic) && err != io.EOF {
		return nil, err
	}
	if string(magic[:]) != "GGUF" {
		return decodeDat(r, size)
	}
	f, err := gguf.Read(r, size)
	if errors.Is(err, gguf.ErrSyntax) || errors.Is(err, gguf.ErrVersion) {
		return nil, fmt.Errorf("%w (%w)", err, ErrInvalid)
	}
	if err != nil {
		return nil, err
	}
	m, err := FromGGUF(f)
	if err == nil && len(m.Entries) == 0 {
		return nil, invalidf("there are no entries")
	}
	return m, err
}

func invalidf(format string, args ...any) error {
	return fmt.Errorf(format+" (%w)", append(args, ErrInvalid)...)
}

// FromGGUF is the matrix of a file whose header was read; perhaps one without entries.
func FromGGUF(f *gguf.File) (*Matrix, error) {
	if arch := f.Architecture(); arch != "" {
		return nil, invalidf("this is a model (%s); give the file that llm imatrix made of it", gguf.Quote(arch))
	}
	chunks, ok := f.Uint(keyChunks)
	size, sok := f.Uint(keyChunkSize)
	if !ok || !sok || chunks > math.MaxInt32 || size > math.MaxInt32 || size == 0 {
		return nil, invalidf("the keys %s and %s are missing, or no numbers that can be", keyChunks, keyChunkSize)
	}
	m := New(int(size))
	m.Chunks = int(chunks)
	var err error
	if m.Datasets, err = datasets(f); err != nil {
		return nil, err
	}
	sums, counts := map[string]gguf.Tensor{}, map[string]gguf.Tensor{}
	for _, t := range f.Tensors { // others may come with newer versions
		if name, ok := strings.CutSuffix(t.Name, endSums); ok {
			sums[name] = t
		} else if name, ok := strings.CutSuffix(t.Name, endCounts); ok {
			counts[name] = t
		}
	}
	var total int64
	for name, t := range sums {
		c, ok := counts[name]
		if !ok {
			return nil, invalidf("%s has sums and no counts", gguf.Quote(name))
		}
		n, _ := t.Elements()
		if total += n; total > maxSums {
			return nil, invalidf("there are more than %d sums", maxSums)
		}
		if m.Entries[name], err = entryOf(f, name, t, c); err != nil {
			return nil, err
		}
	}
	for name := range counts {
		if m.Entries[name] == nil {
			return nil, invalidf("%s has counts and no sums", gguf.Quote(name))
		}
	}
	return m, nil
}

func datasets(f *gguf.File) ([]string, error) {
	v, ok := f.Lookup(keyDatasets)
	if !ok || v.Type != gguf.Array || v.Elem != gguf.String || v.Len() > maxDatasets || v.Size > maxDatasets*maxDataset {
		return nil, invalidf("the key %s is missing, or no list of at most %d names", keyDatasets, maxDatasets)
	}
	all, err := v.Strings()
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, all.Len())
	for i := range all.Len() {
		names = append(names, all.At(i))
	}
	return names, nil
}

func entryOf(f *gguf.File, name string, sums, counts gguf.Tensor) (*Entry, error) {
	e := &Entry{}
	var err error
	if e.Sums, err = floats(f, sums); err != nil {
		return nil, err
	}
	numbers, err := floats(f, counts)
	if err != nil {
		return nil, err
	}
	for _, x := range numbers {
		e.Counts = append(e.Counts, int64(math.Round(float64(x))))
	}
	return e, e.check(name)
}

// floats reads a tensor of 32-bit floats, none of which is negative or not finite.
func floats(f *gguf.File, t gguf.Tensor) ([]float32, error) {
	n, ok := t.Elements()
	if !ok || n < 1 || n > maxSums || t.Type != gguf.F32 {
		return nil, invalidf("tensor %s has no 32-bit floats, or too many", gguf.Quote(t.Name))
	}
	data, err := f.Data(t)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", err, ErrInvalid)
	}
	var order binary.ByteOrder = binary.LittleEndian
	if f.BigEndian {
		order = binary.BigEndian
	}
	return readFloats(t.Name, data, n, order)
}

// check says what no entry can have.
func (e *Entry) check(name string) error {
	if len(e.Counts) == 0 || len(e.Sums)%len(e.Counts) != 0 {
		return invalidf("%s has %d sums for %d counts", gguf.Quote(name), len(e.Sums), len(e.Counts))
	}
	return nil
}

// readFloats reads n numbers that can be sums or counts.
func readFloats(name string, r io.Reader, n int64, order binary.ByteOrder) ([]float32, error) {
	v := make([]float32, 0, min(n, 1<<20))
	buffer := make([]byte, 4*min(n, 1<<14))
	for int64(len(v)) < n {
		b := buffer[:min(int64(len(buffer)), 4*(n-int64(len(v))))]
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, invalidf("%s ends after %d of %d numbers", gguf.Quote(name), len(v), n)
		}
		for ; len(b) > 0; b = b[4:] {
			x := math.Float32frombits(order.Uint32(b))
			if !(x >= 0 && x <= math.MaxFloat32) {
				return nil, invalidf("number %d of %s is %v: it can be neither negative nor infinite", len(v), gguf.Quote(name), x)
			}
			v = append(v, x)
		}
	}
	return v, nil
}
