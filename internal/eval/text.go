package eval

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// ErrShort: a text does not fill a window.
var ErrShort = errors.New("the text is shorter than a window")

// Text is what a measurement reads, as tokens in windows of one size, one after the other.
// What fills no window is left out.
type Text struct {
	Tokens []int32
	Size   int   // tokens of a window, n_ctx of llama-perplexity
	BOS    int32 // stands in for the first token of each window; negative: nothing does
}

// The smallest and the largest window.
const (
	minWindow = 4
	maxWindow = 1 << 20
)

// NewText checks that there is a window to read. ErrShort.
func NewText(tokens []int32, size int, bos int32) (*Text, error) {
	if size < minWindow || size > maxWindow {
		return nil, fmt.Errorf("windows of %d tokens: they must have %d to %d", size, minWindow, maxWindow)
	}
	if len(tokens) < size {
		return nil, fmt.Errorf("%w: it has %d tokens, a window has %d; give a longer text, or a smaller context", ErrShort, len(tokens), size)
	}
	return &Text{Tokens: tokens, Size: size, BOS: bos}, nil
}

// Windows is how many there are.
func (t *Text) Windows() int { return len(t.Tokens) / t.Size }

// Scored is how many tokens of a window are predicted and scored: those of its second half
// but the first, as in llama-perplexity (tools/perplexity/perplexity.cpp@v0.5.0), so that
// each has at least half a window before it.
func (t *Text) Scored() int { return t.Size - 1 - t.first() }

// first is the position whose row is the first that is scored.
func (t *Text) first() int { return t.Size / 2 }

// window is window i, in memory of dst.
func (t *Text) window(dst []int32, i int) []int32 {
	dst = append(dst[:0], t.Tokens[i*t.Size:(i+1)*t.Size]...)
	if t.BOS >= 0 {
		dst[0] = t.BOS
	}
	return dst
}

// Hash names the text: the tokens of all windows, their size and what begins them.
func (t *Text) Hash() string {
	h := sha256.New()
	var b [8]byte
	binary.LittleEndian.PutUint32(b[:], uint32(t.Size))
	binary.LittleEndian.PutUint32(b[4:], uint32(t.BOS))
	h.Write(b[:])
	for _, token := range t.Tokens[:t.Windows()*t.Size] {
		binary.LittleEndian.PutUint32(b[:4], uint32(token))
		h.Write(b[:4])
	}
	return hex.EncodeToString(h.Sum(nil))
}
