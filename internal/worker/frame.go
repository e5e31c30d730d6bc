package worker

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// maxFrame bounds a frame's body, in bytes.
const maxFrame = 256 << 20

// errFrame: the other side sent what is not a frame.
var errFrame = errors.New("damaged frame")

// errLarge: a message is over maxFrame; nothing of it was sent.
var errLarge = errors.New("message too large")

// appendFrame appends the frame of v: four bytes of length, big-endian, and JSON.
func appendFrame(dst []byte, v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return dst, err
	}
	if len(body) > maxFrame {
		return dst, fmt.Errorf("%w: %d bytes, the limit is %d", errLarge, len(body), maxFrame)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(body)))
	return append(dst, body...), nil
}

// readFrame reads the body of a frame into buf, which it may replace. io.EOF: there
// is none.
func readFrame(r *bufio.Reader, buf []byte) ([]byte, error) {
	var header [4]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return buf, err
	}
	n := int(binary.BigEndian.Uint32(header[:]))
	if n > maxFrame {
		return buf, fmt.Errorf("%w: it claims %d bytes, the limit is %d", errFrame, n, maxFrame)
	}
	for buf = buf[:0]; len(buf) < n; {
		// What a length claims is not allocated before that much has come.
		step := min(n-len(buf), max(len(buf), 64<<10))
		buf = slices.Grow(buf, step)
		got, err := io.ReadFull(r, buf[len(buf):len(buf)+step])
		if buf = buf[:len(buf)+got]; err != nil {
			return buf, fmt.Errorf("%w: it claims %d bytes, and ends after %d", errFrame, n, len(buf))
		}
	}
	return buf, nil
}

// readMessage reads a frame into v.
func readMessage(r *bufio.Reader, buf []byte, v any) ([]byte, error) {
	buf, err := readFrame(r, buf)
	if err != nil {
		return buf, err
	}
	if err := json.Unmarshal(buf, v); err != nil {
		return buf, fmt.Errorf("%w: %w", errFrame, err)
	}
	if cap(buf) > 1<<20 {
		buf = nil // a large message is seldom followed by another
	}
	return buf, nil
}
