package state

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// Read reads a file. ErrState when it is damaged; the state then has its note, where
// that could be read, and nothing else.
func Read(path string) (*State, error) {
	f, err := os.Open(path)
	if err != nil {
		return &State{}, err
	}
	defer f.Close()
	body, err := verify(f)
	if err != nil {
		_, note, _, _ := readParts(bufio.NewReader(io.NewSectionReader(f, 0, 1<<62)))
		return &State{Note: note}, err
	}
	r := bufio.NewReaderSize(body, 1<<20)
	h, note, tokens, err := readParts(r)
	if err != nil {
		return &State{Note: note}, err
	}
	memory, err := decompress(r, h.MemoryBytes)
	if err != nil {
		return &State{Note: note}, err
	}
	return &State{Origin: h.Origin, Note: note, Tokens: tokens, Memory: memory}, nil
}

// ReadNote reads the caller's note of a file, and does not look at the rest.
func ReadNote(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	_, note, _, err := readParts(bufio.NewReader(f))
	if note != nil {
		err = nil
	}
	return note, err
}

// verify holds a file against its checksum and returns what stands before that.
func verify(f *os.File) (*io.SectionReader, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	n := st.Size() - sha256.Size
	if !st.Mode().IsRegular() || n <= 0 {
		return nil, damaged("the file is not a saved state")
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, n)); err != nil {
		return nil, err
	}
	var want [sha256.Size]byte
	if _, err := f.ReadAt(want[:], n); err != nil {
		return nil, err
	}
	if !bytes.Equal(h.Sum(nil), want[:]) {
		return nil, damaged("its checksum is wrong: the file is damaged or incomplete")
	}
	return io.NewSectionReader(f, 0, n), nil
}

func decompress(r io.Reader, size uint64) ([]byte, error) {
	d, err := zstd.NewReader(r)
	if err != nil {
		return nil, damaged("%w", err)
	}
	defer d.Close()
	// One byte more would show that there is more.
	var b bytes.Buffer
	if size < 1<<30 {
		b.Grow(int(size) + 1)
	}
	_, err = io.CopyN(&b, d, int64(size)+1)
	switch {
	case !errors.Is(err, io.EOF) && err != nil:
		return nil, damaged("%w", err)
	case uint64(b.Len()) != size:
		return nil, damaged("it holds %d bytes of memory and claims %d", b.Len(), size)
	}
	return b.Bytes(), nil
}
