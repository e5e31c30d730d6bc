package state

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"

	"github.com/seed-f87006eb/llm/internal/wholefile"
)

// Write writes a file, which takes the place of an existing one only when it is
// complete and on disk. A device or a pipe is written to as it is.
func Write(path string, s *State) error {
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() && !st.IsDir() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(encode(f, s), f.Close())
	}
	return wholefile.Write(path, 0o600, func(w io.Writer) error { return encode(w, s) })
}

func encode(w io.Writer, s *State) error {
	raw, err := json.Marshal(head{s.Origin, uint64(len(s.Memory))})
	if err != nil {
		return err
	}
	sum := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<20)
	p := prefix{Version: version, Head: uint64(len(raw)), Note: uint64(len(s.Note)), Tokens: uint64(len(s.Tokens))}
	copy(p.Magic[:], magic)
	for _, part := range []any{p, raw, s.Note, s.Tokens} {
		if err := binary.Write(out, binary.LittleEndian, part); err != nil {
			return err
		}
	}
	if err := compress(out, s.Memory); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err = w.Write(sum.Sum(nil))
	return err
}

func compress(w io.Writer, b []byte) error {
	// A KV cache hardly gets smaller: the fastest level finds what there is to find.
	e, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return err
	}
	if _, err := e.Write(b); err != nil {
		e.Close()
		return err
	}
	return e.Close()
}
