package imatrix

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"

	"github.com/seed-f87006eb/llm/gguf"
)

// The .dat form is a sequence without a header, little-endian: the number of entries; for
// each the length of its name, the name, the number of chunks, the number of sums, the sums;
// then, which older files lack, the number of chunks and the length and name of the dataset
// (common/imatrix-loader.cpp@v0.5.0). Numbers are int32, sums float32.

// maxEntries of a .dat file: its first four bytes are all there is to tell it by.
const maxEntries = 1 << 20

// datReader reads numbers and texts, and keeps the first error.
type datReader struct {
	r    *bufio.Reader
	left int64 // bytes
	err  error
}

func decodeDat(r io.ReaderAt, size int64) (*Matrix, error) {
	d := &datReader{r: bufio.NewReaderSize(io.NewSectionReader(r, 0, size), 1<<16), left: size}
	n := d.int()
	if d.err != nil || n < 1 || n > maxEntries {
		return nil, invalidf("the file begins like neither form, GGUF or .dat")
	}
	m := New(0)
	m.Averaged = true
	for i := range n {
		name, e := d.entry(i)
		if d.err == nil && m.Entries[name] != nil {
			d.fail("%s is there twice", gguf.Quote(name))
		}
		if d.err != nil {
			return nil, d.err
		}
		m.Entries[name] = e
	}
	if d.left > 0 {
		m.Chunks = int(d.int())
		if name := d.text("the name of the dataset", maxDataset); name != "" {
			m.Datasets = []string{name}
		}
	}
	if d.err == nil && (d.left > 0 || m.Chunks < 0) {
		d.fail("%d bytes are left behind the end", d.left)
	}
	if d.err != nil {
		return nil, d.err
	}
	return m, nil
}

func (d *datReader) fail(format string, args ...any) {
	if d.err == nil {
		d.err = invalidf(format, args...)
	}
}

func (d *datReader) take(n int64) bool {
	if d.err != nil || n > d.left {
		d.fail("the file ends too early")
		return false
	}
	d.left -= n
	return true
}

func (d *datReader) int() int32 {
	var b [4]byte
	if !d.take(4) {
		return 0
	}
	if _, err := io.ReadFull(d.r, b[:]); err != nil {
		d.err = err
	}
	return int32(binary.LittleEndian.Uint32(b[:]))
}

func (d *datReader) text(what string, most int32) string {
	n := d.int()
	if n < 0 || n > most {
		d.fail("%s has %d bytes", what, n)
	}
	if !d.take(int64(n)) {
		return ""
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(d.r, b); err != nil {
		d.err = err
	}
	return string(b)
}

func (d *datReader) entry(i int32) (string, *Entry) {
	name := d.text("a name", 1<<10)
	chunks, n := d.int(), d.int()
	if d.err == nil && (name == "" || chunks < 0 || n < 1) {
		d.fail("entry %d (%s) has %d chunks and %d sums", i, gguf.Quote(name), chunks, n)
	}
	if !d.take(4 * int64(n)) {
		return "", nil
	}
	sums, err := readFloats(name, d.r, int64(n), binary.LittleEndian)
	if err != nil {
		d.err = err
	}
	return name, &Entry{Sums: sums, Counts: []int64{int64(chunks)}}
}

// Dat is the matrix in the .dat form, which has no experts of its own: a sum is the average of
// its expert, 1 for one that saw no token, times the chunks of the tensor; tensors that saw
// nothing are left out (save_imatrix_legacy, tools/imatrix/imatrix.cpp@v0.5.0). Of the
// datasets it has the last.
func (m *Matrix) Dat() ([]byte, error) {
	if m.Averaged || m.ChunkSize < 1 {
		return nil, errors.New("write an importance matrix: it must have a chunk size, and not be of a .dat file: merge it into another")
	}
	var out bytes.Buffer
	put := func(v ...any) {
		for _, x := range v {
			binary.Write(&out, binary.LittleEndian, x) // into memory: it cannot fail
		}
	}
	text := func(s string) { put(int32(len(s)), []byte(s)) }
	names := slices.DeleteFunc(m.Names(), func(name string) bool { return slices.Max(m.Entries[name].Counts) == 0 })
	put(int32(len(names)))
	for _, name := range names {
		e := m.Entries[name]
		if len(e.Sums) > math.MaxInt32 {
			return nil, invalidf("%s has %d sums, which the .dat form has no number for", name, len(e.Sums))
		}
		text(name)
		chunks := int32((slices.Max(e.Counts) + int64(m.ChunkSize) - 1) / int64(m.ChunkSize))
		put(chunks, int32(len(e.Sums)), e.averages(chunks))
	}
	put(int32(m.Chunks))
	if n := len(m.Datasets); n > 0 {
		text(m.Datasets[n-1])
	} else {
		text("")
	}
	return out.Bytes(), nil
}

func (e *Entry) averages(chunks int32) []float32 {
	v := e.weights(false)
	for i := range v {
		v[i] *= float32(chunks)
	}
	return v
}
