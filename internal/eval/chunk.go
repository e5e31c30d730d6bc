package eval

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
)

// ChunkResult is what was measured of one model on one window. Sums are over the scored
// tokens; logarithms are natural.
type ChunkResult struct {
	Chunk  int     `json:"chunk"` // number of the window
	Tokens int     `json:"tokens"`
	NLL    float64 `json:"nll"`  // of -log p of the token that follows
	NLL2   float64 `json:"nll2"` // of its square

	// Against is what the window says of the model beside a reference; nil: there was none.
	Against *Against `json:"against,omitempty"`
}

// Against are sums over the same tokens, of a level beside its reference.
type Against struct {
	ReferenceNLL  float64 `json:"reference_nll"`
	ReferenceNLL2 float64 `json:"reference_nll2"`
	CrossNLL      float64 `json:"cross_nll"` // of the product of both -log p
	KLD           float64 `json:"kld"`       // of the divergence
	KLD2          float64 `json:"kld2"`      // of its square
	Same          int     `json:"same"`      // tokens where both think the same the likeliest
	DeltaP        float64 `json:"delta_p"`   // of p - p of the reference, of the token that follows
	DeltaP2       float64 `json:"delta_p2"`
	DeltaP4       float64 `json:"delta_p4"`
	MaxDeltaP     float64 `json:"max_delta_p"` // the largest distance
	Values        Floats  `json:"values"`      // the divergence at each token
}

// Floats are written as base64 of their bits, little endian.
type Floats []float32

// MarshalJSON takes about 5.4 bytes a number.
func (f Floats) MarshalJSON() ([]byte, error) {
	b := make([]byte, 4*len(f))
	for i, x := range f {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(x))
	}
	return json.Marshal(base64.StdEncoding.EncodeToString(b))
}

// UnmarshalJSON refuses what is not a whole number of finite floats.
func (f *Floats) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("list of numbers: %w", err)
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b)%4 != 0 {
		return fmt.Errorf("list of numbers: %q… is no base64 of 32-bit numbers", s[:min(len(s), 20)])
	}
	*f = make(Floats, len(b)/4)
	for i := range *f {
		x := math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		if d := float64(x); math.IsNaN(d) || math.IsInf(d, 0) {
			return fmt.Errorf("list of numbers: number %d is %v", i, x)
		}
		(*f)[i] = x
	}
	return nil
}

// Check says what is impossible in a result that was read from a file.
func (c *ChunkResult) Check() error {
	wrong := func(what string) error { return fmt.Errorf("result of window %d: %s", c.Chunk, what) }
	switch {
	case c.Chunk < 0 || c.Tokens < 1:
		return wrong(fmt.Sprintf("%d tokens", c.Tokens))
	case !(c.NLL >= 0) || !(c.NLL2 >= 0):
		return wrong("a negative sum of -log p, or of squares")
	case c.Against == nil:
		return nil
	}
	a := c.Against
	switch {
	case a.Same < 0 || a.Same > c.Tokens:
		return wrong(fmt.Sprintf("the same token in %d of %d places", a.Same, c.Tokens))
	case len(a.Values) != c.Tokens:
		return wrong(fmt.Sprintf("%d divergences of %d tokens", len(a.Values), c.Tokens))
	case !(a.ReferenceNLL >= 0) || !(a.KLD2 >= 0) || !(a.DeltaP2 >= 0):
		return wrong("a negative sum of -log p, or of squares")
	}
	return nil
}
