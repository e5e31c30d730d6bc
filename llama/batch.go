package llama

// #include "llm.h"
import "C"

import "unsafe"

// Batch is a list of tokens for one decode. It lives in C memory that Go fills
// without crossing over. One goroutine at a time.
type Batch struct {
	handle
	c      C.struct_llm_batch
	token  []Token
	pos    []int32
	nSeq   []int32
	seq    []*int32
	output []int8
}

// NewBatch makes room for capacity tokens, each in up to sequences sequences.
func NewBatch(capacity, sequences int) (*Batch, error) {
	start()
	b := &Batch{}
	var cerr *C.char
	if code := C.llm_batch_init(&b.c, C.int32_t(clampInt32(capacity)), C.int32_t(clampInt32(sequences)), &cerr); code != C.LLM_OK {
		return nil, newError("new batch", code, cerr)
	}
	b.token = unsafe.Slice((*Token)(unsafe.Pointer(b.c.token)), capacity)
	b.pos = unsafe.Slice((*int32)(unsafe.Pointer(b.c.pos)), capacity)
	b.nSeq = unsafe.Slice((*int32)(unsafe.Pointer(b.c.n_seq)), capacity)
	b.seq = unsafe.Slice((**int32)(unsafe.Pointer(b.c.seq)), capacity)
	b.output = unsafe.Slice((*int8)(unsafe.Pointer(b.c.output)), capacity)
	if err := open(b, &b.handle, "batch", nil); err != nil {
		return nil, err
	}
	return b, nil
}

// Close frees the batch.
func (b *Batch) Close() error {
	return b.close(func() {
		C.llm_batch_free(&b.c)
		b.token, b.pos, b.nSeq, b.seq, b.output = nil, nil, nil, nil, nil
	})
}

// Len is how many tokens are in the batch, Cap how many it can hold.
func (b *Batch) Len() int { return int(b.c.n_tokens) }

// Cap is how many tokens the batch can hold.
func (b *Batch) Cap() int { return len(b.token) }

// Clear empties the batch.
func (b *Batch) Clear() { b.c.n_tokens = 0 }

// Add appends token at position pos of the given sequences. logits: the logits
// after this token are wanted. ErrBatchFull when there is no room.
func (b *Batch) Add(token Token, pos int, logits bool, sequences ...int) error {
	i := int(b.c.n_tokens)
	if i >= len(b.token) {
		return ErrBatchFull
	}
	if len(sequences) == 0 || len(sequences) > int(b.c.n_seq_max) {
		return ErrInvalid
	}
	b.token[i] = token
	b.pos[i] = clampInt32(pos)
	b.nSeq[i] = int32(len(sequences))
	ids := unsafe.Slice(b.seq[i], len(sequences))
	for j, s := range sequences {
		ids[j] = clampInt32(s)
	}
	b.output[i] = 0
	if logits {
		b.output[i] = 1
	}
	b.c.n_tokens++
	return nil
}

// clampInt32 keeps a value that is out of range out of range, so that C's check
// sees it.
func clampInt32(v int) int32 {
	return int32(min(max(v, -1<<31), 1<<31-1))
}
