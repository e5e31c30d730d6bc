package llama

// #include "llm.h"
// #cgo nocallback llm_cancel
import "C"

import (
	"fmt"
	"unsafe"
)

// FlashAttention says when the engine uses flash attention.
type FlashAttention int

// Flash attention where the device has it, never, always.
const (
	FlashAttentionAuto FlashAttention = -1
	FlashAttentionOff  FlashAttention = 0
	FlashAttentionOn   FlashAttention = 1
)

// KVTypes are the names that ParseKVType knows.
var KVTypes = []string{"f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1"}

// KVType is a data type of the KV cache.
type KVType int32

// ParseKVType reads a name such as "f16" or "q8_0".
func ParseKVType(name string) (KVType, error) {
	cname, free := cString(name)
	defer free()
	t := C.llm_kv_type(cname)
	if t < 0 {
		return 0, &Error{Op: fmt.Sprintf("KV cache type %q", name), Kind: ErrInvalid, Message: fmt.Sprintf("not known; use one of %v", KVTypes)}
	}
	return KVType(t), nil
}

// ContextParams are the choices of a context. Start from DefaultContextParams.
type ContextParams struct {
	Context        int // tokens over all sequences; 0: as trained
	Batch          int // tokens a decode takes at most
	Ubatch         int // tokens computed at once
	Sequences      int
	Outputs        int // rows of logits or embeddings of a decode at most, one for each sequence or more; 0: one for each token
	Threads        int // for one token
	ThreadsBatch   int // for many
	KeyType        KVType
	ValueType      KVType
	FlashAttention FlashAttention
	Embeddings     bool // compute embeddings instead of logits
	Pooling        Pooling
	OffloadKQV     bool
	OpOffload      bool
	FullSWA        bool // keep the whole context of sliding-window layers
	UnifiedKV      bool // one buffer for all sequences
	Collect        Collect
}

// DefaultContextParams are the engine's own.
func DefaultContextParams() ContextParams {
	var p C.struct_llm_context_params
	C.llm_context_default_params(&p)
	return ContextParams{
		Context: int(p.n_ctx), Batch: int(p.n_batch), Ubatch: int(p.n_ubatch), Sequences: int(p.n_seq_max),
		Threads: int(p.n_threads), ThreadsBatch: int(p.n_threads_batch),
		KeyType: KVType(p.type_k), ValueType: KVType(p.type_v), FlashAttention: FlashAttention(p.flash_attn), Embeddings: bool(p.embeddings), Pooling: Pooling(p.pooling),
		OffloadKQV: bool(p.offload_kqv), OpOffload: bool(p.op_offload), FullSWA: bool(p.swa_full), UnifiedKV: bool(p.kv_unified),
	}
}

// ContextInfo is what the engine made of the parameters: sizes are padded.
type ContextInfo struct {
	Context    int // tokens over all sequences
	ContextSeq int // tokens a sequence can hold
	Batch      int
	Ubatch     int
	Sequences  int
	Pooling    Pooling
	Embedding  int  // numbers of an embedding; with PoolingRank, scores
	Memory     bool // false for most models that only make embeddings
}

// Context is the state of computation: KV cache, compute buffers, compute threads,
// logits. One goroutine at a time, except Cancel.
type Context struct {
	handle
	c     *C.llm_context
	vocab int
	info  ContextInfo

	collects bool
	adapters []*handle // those that act on it

	cerr *C.char // where Decode gets its message: no allocation a call
}

// NewContext makes a context. The model must stay open for as long.
func (m *Model) NewContext(p ContextParams) (*Context, error) {
	for _, v := range [...]int{p.Context, p.Batch, p.Ubatch, p.Sequences, p.Outputs} {
		if v < 0 || v > 1<<32-1 {
			return nil, &Error{Op: "new context", Kind: ErrInvalid, Message: fmt.Sprintf("%d is out of range", v)}
		}
	}
	params := C.struct_llm_context_params{
		n_ctx: C.uint32_t(p.Context), n_batch: C.uint32_t(p.Batch), n_ubatch: C.uint32_t(p.Ubatch), n_seq_max: C.uint32_t(p.Sequences), n_outputs: C.uint32_t(p.Outputs),
		n_threads: C.int32_t(clampInt32(p.Threads)), n_threads_batch: C.int32_t(clampInt32(p.ThreadsBatch)),
		type_k: C.int32_t(p.KeyType), type_v: C.int32_t(p.ValueType), flash_attn: C.int32_t(p.FlashAttention),
		embeddings: C.bool(p.Embeddings), pooling: C.int32_t(p.Pooling),
		offload_kqv: C.bool(p.OffloadKQV), op_offload: C.bool(p.OpOffload), swa_full: C.bool(p.FullSWA), kv_unified: C.bool(p.UnifiedKV), collect: C.int32_t(p.Collect),
	}
	c := &Context{vocab: m.info.Vocab, collects: p.Collect != CollectNothing}
	if err := open(c, &c.handle, "context", &m.handle); err != nil {
		return nil, err
	}
	var cerr *C.char
	if code := C.llm_context_new(m.c, &params, &c.c, &cerr); code != C.LLM_OK {
		c.close(func() {})
		return nil, newError(fmt.Sprintf("new context of %d tokens", p.Context), code, cerr)
	}
	var i C.struct_llm_context_info
	C.llm_context_info(c.c, &i)
	c.info = ContextInfo{Context: int(i.n_ctx), ContextSeq: int(i.n_ctx_seq), Batch: int(i.n_batch), Ubatch: int(i.n_ubatch), Sequences: int(i.n_seq_max),
		Pooling: Pooling(i.pooling), Embedding: int(i.n_embd_out), Memory: bool(i.has_memory)}
	return c, nil
}

// Close frees the context.
func (c *Context) Close() error {
	return c.close(func() {
		C.llm_context_free(c.c)
		c.c = nil
		c.useAdapters(nil)
	})
}

// Info is what the engine made of the parameters.
func (c *Context) Info() ContextInfo { return c.info }

// Cancel makes a running Decode stop within a ubatch (ErrCanceled) and a new one
// not start, until it is taken back with false. From any goroutine, between
// NewContext and Close.
func (c *Context) Cancel(on bool) { C.llm_cancel(c.c, C.bool(on)) }

// Decode computes the batch. ErrNoSlot, ErrCanceled, ErrBatch and ErrDecode say in
// what state it leaves the memory.
func (c *Context) Decode(b *Batch) error {
	if code := C.llm_decode(c.c, &b.c, &c.cerr); code != C.LLM_OK {
		return newError("decode", code, c.cerr)
	}
	return nil
}

// Encode is Decode for contexts without memory (ContextInfo.Memory).
func (c *Context) Encode(b *Batch) error {
	if code := C.llm_encode(c.c, &b.c, &c.cerr); code != C.LLM_OK {
		return newError("encode", code, c.cerr)
	}
	return nil
}

// Progress is how far computation has come: a number that grows while a Decode or an
// Encode runs. From any goroutine, between NewContext and Close.
func (c *Context) Progress() uint64 { return uint64(C.llm_progress(c.c)) }

// Synchronize waits until the computation of the last Decode is finished.
func (c *Context) Synchronize() { C.llm_synchronize(c.c) }

// Logits are the Vocab logits after token i of the last batch (negative: counted
// back from the last row asked for). The slice is borrowed: it is valid until the
// next Decode or Close, and must not be written to. ErrNoRow when the batch did
// not ask for them.
func (c *Context) Logits(i int) ([]float32, error) {
	row := C.llm_logits(c.c, C.int32_t(clampInt32(i)))
	if row == nil {
		return nil, ErrNoRow
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(row)), c.vocab), nil
}

// MemoryUse is what one kind of buffer holds, in bytes.
type MemoryUse struct {
	Buffer                  string // the engine's name: "CPU", "CUDA0", …
	Device                  string // whose memory it is
	Host                    bool   // in the host's memory
	Model, Context, Compute uint64
}

// MemoryUse lists the engine's buffers of this context and its model.
func (c *Context) MemoryUse() []MemoryUse {
	var rows [32]C.struct_llm_memory_use
	n := min(int(C.llm_context_memory(c.c, &rows[0], C.int(len(rows)))), len(rows))
	uses := make([]MemoryUse, n)
	for i := range uses {
		r := &rows[i]
		uses[i] = MemoryUse{C.GoString(r.name), C.GoString(r.device), bool(r.host), uint64(r.model), uint64(r.context), uint64(r.compute)}
	}
	return uses
}
