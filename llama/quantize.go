package llama

// #include "llm.h"
import "C"

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime"
	"runtime/cgo"
	"slices"
	"strings"
	"unsafe"
)

// QuantizeParams say what the quantizer makes of a file. Types are the numbers of enum
// ggml_type, which are those in GGUF files.
type QuantizeParams struct {
	FileType int // enum llama_ftype
	Threads  int // 0: as many as Go uses

	Copy       bool // keep every tensor as it is
	Pure       bool // no mixture: one type for all tensors
	KeepOutput bool // leave the output as it is
	Requantize bool // allow tensors that are quantized already

	Output, Embedding *int           // of the output and of the token embeddings, whatever their rows; nil: by the mixture
	Types             map[string]int // of tensors, by their whole name; falls back where the rows are no multiple of the block
	Matrix            *Matrix        // nil: none

	// Buffer limits the rows of a tensor that are in memory at once, with what becomes of
	// them, in bytes. The result is the same. 0: QuantizeBuffer.
	Buffer int
	// Progress is called on this goroutine before each tensor, with values from 0 to 1.
	Progress func(fraction float32) `json:"-"`
}

// QuantizeBuffer is where a larger buffer made nothing faster.
const QuantizeBuffer = 64 << 20

// Matrix is an importance matrix: how much each input of a tensor matters, of each expert in
// turn.
type Matrix struct {
	Weights map[string][]float32 // by the tensor's name; finite, not negative
	// File is noted in the result, with the dataset and the chunks of text that the matrix
	// was made with; empty: nothing is.
	File, Dataset string
	Chunks        int
}

// Quantize makes the file out of the file in, of a split model the first, with the engine's
// quantizer. out is overwritten; where it fails, a part may be there. When ctx is done it
// ends with ErrCanceled before the next tensor, one of which can take minutes. With more than
// one thread an assertion of the engine ends the process: check files of strangers before
// (gguf.Validate, package quant), and quantize in a child what must not take others along.
func Quantize(ctx context.Context, in, out string, p QuantizeParams) error {
	start()
	op := "quantize " + in
	for _, path := range []string{in, out} {
		if err := checkText(op, path); err != nil {
			return err
		}
	}
	h := cgo.NewHandle(func(fraction float32) bool {
		if p.Progress != nil {
			p.Progress(fraction)
		}
		return ctx.Err() == nil
	})
	defer h.Delete()
	var l lent
	defer l.free()
	params := C.struct_llm_quantize_params{
		ftype: C.int32_t(clampInt32(p.FileType)), n_threads: C.int32_t(clampInt32(cmp.Or(p.Threads, runtime.GOMAXPROCS(0)))),
		copy: C.bool(p.Copy), pure: C.bool(p.Pure), keep_output: C.bool(p.KeepOutput), requantize: C.bool(p.Requantize),
		output_type: typeOr(p.Output), embedding_type: typeOr(p.Embedding),
		buffer: C.size_t(max(cmp.Or(p.Buffer, QuantizeBuffer), 1)), progress: C.uint64_t(h),
	}
	if err := p.putTypes(&l, &params); err != nil {
		return err
	}
	if err := p.Matrix.put(&l, &params); err != nil {
		return err
	}
	var cerr *C.char
	if code := C.llm_quantize(l.text(in), l.text(out), &params, &cerr); code != C.LLM_OK {
		return newError(op, code, cerr)
	}
	return nil
}

func typeOr(t *int) C.int32_t {
	if t == nil {
		return -1
	}
	return C.int32_t(clampInt32(max(*t, 0)))
}

func (p *QuantizeParams) putTypes(l *lent, params *C.struct_llm_quantize_params) error {
	if len(p.Types) == 0 {
		return nil
	}
	types := make([]C.struct_llm_tensor_type, 0, len(p.Types))
	for _, name := range slices.Sorted(maps.Keys(p.Types)) {
		if err := checkText(fmt.Sprintf("type of tensor %q", name), name); err != nil {
			return err
		}
		types = append(types, C.struct_llm_tensor_type{name: l.text(name), _type: C.int32_t(clampInt32(p.Types[name]))})
	}
	l.pinner.Pin(&types[0])
	params.types, params.n_types = &types[0], C.int32_t(len(types))
	return nil
}

func (m *Matrix) put(l *lent, params *C.struct_llm_quantize_params) error {
	if m == nil {
		return nil
	}
	if len(m.Weights) == 0 {
		return &Error{Op: "importance matrix", Kind: ErrInvalid, Message: "it has no entries"}
	}
	if err := checkText("importance matrix", m.File+m.Dataset+strings.Join(slices.Collect(maps.Keys(m.Weights)), "")); err != nil {
		return err
	}
	entries := make([]C.struct_llm_matrix_entry, 0, len(m.Weights))
	for _, name := range slices.Sorted(maps.Keys(m.Weights)) {
		e := C.struct_llm_matrix_entry{name: l.text(name), size: C.size_t(len(m.Weights[name]))}
		if e.size > 0 {
			data := unsafe.SliceData(m.Weights[name])
			l.pinner.Pin(data)
			e.data = (*C.float)(unsafe.Pointer(data))
		}
		entries = append(entries, e)
	}
	l.pinner.Pin(&entries[0])
	params.matrix, params.n_matrix = &entries[0], C.int32_t(len(entries))
	params.matrix_file, params.matrix_dataset, params.matrix_chunks = l.text(m.File), l.text(m.Dataset), C.int32_t(clampInt32(m.Chunks))
	return nil
}
