package llama

// #include "llm.h"
import "C"

import (
	"fmt"
	"slices"
	"unsafe"
)

// Pooling is how one vector is made of those of a text's tokens.
type Pooling int

// The engine's kinds of pooling.
const (
	PoolingDefault Pooling = -1 // as the model says; PoolingNone where it says nothing
	PoolingNone    Pooling = 0  // one vector a token
	PoolingMean    Pooling = 1
	PoolingCLS     Pooling = 2 // the first token's
	PoolingLast    Pooling = 3 // the last token's
	PoolingRank    Pooling = 4 // the scores of a reranker's classification head
)

// PoolingNames are the names that ParsePooling knows, in the order of their values.
var PoolingNames = []string{"none", "mean", "cls", "last", "rank"}

// ParsePooling reads a name of PoolingNames.
func ParsePooling(name string) (Pooling, error) {
	i := slices.Index(PoolingNames, name)
	if i < 0 {
		return PoolingDefault, &Error{Op: fmt.Sprintf("pooling %q", name), Kind: ErrInvalid, Message: fmt.Sprintf("not known; use one of %v", PoolingNames)}
	}
	return Pooling(i), nil
}

func (p Pooling) String() string {
	if p < 0 || int(p) >= len(PoolingNames) {
		return "default"
	}
	return PoolingNames[p]
}

// SequenceEmbedding is the pooled embedding of a sequence of the last batch:
// ContextInfo.Embedding numbers, borrowed until the next Decode, Encode or Close.
// ErrNoRow when there is none.
func (c *Context) SequenceEmbedding(sequence int) ([]float32, error) {
	return c.embedding(C.llm_embedding_seq(c.c, pos(sequence)))
}

// TokenEmbedding is the embedding of token i of the last batch, with PoolingNone;
// borrowed as SequenceEmbedding's.
func (c *Context) TokenEmbedding(i int) ([]float32, error) {
	return c.embedding(C.llm_embedding(c.c, pos(i)))
}

func (c *Context) embedding(row *C.float) ([]float32, error) {
	if row == nil {
		return nil, ErrNoRow
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(row)), c.info.Embedding), nil
}
