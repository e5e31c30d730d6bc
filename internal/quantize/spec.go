package quantize

import (
	"errors"
	"time"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/quant"
)

// Errors that a caller can act on.
var (
	// ErrQuantized: the source is quantized already, and [Spec.Requantize] does not allow it.
	ErrQuantized = errors.New("it is quantized already")
	// ErrNeedsImatrix: the type is not made of this model without an importance matrix.
	ErrNeedsImatrix = errors.New("an importance matrix is needed")
	// ErrRefused: the quantizer would not make it of this model, or not well.
	ErrRefused = errors.New("the quantizer cannot make this")
	// ErrNoSpace: the result does not fit on the disk.
	ErrNoSpace = errors.New("not enough room on the disk")
)

// Spec is what is to be made.
type Spec struct {
	FileType gguf.FileType

	Pure       bool // no mixture: one type for all tensors
	KeepOutput bool // leave the output as it is
	Requantize bool // allow a source that is quantized already

	Output    *gguf.TensorType // of the output; nil: by the mixture
	Embedding *gguf.TensorType // of the token embeddings; nil: by the mixture
	Overrides []quant.Override // of a tensor the first that matches counts

	// Imatrix is the path of an importance matrix; empty: none. Include and Exclude name parts
	// of the names of the tensors that it is used for, or not; not both.
	Imatrix          string
	Include, Exclude []string

	Threads int  // 0: as many as Go uses
	Buffer  int  // bytes of a tensor's rows that are in memory at once; 0: llama.QuantizeBuffer
	Replace bool // a file that is there already
	// Isolated runs the engine in a child process: this program, started anew. Its main must
	// begin with [ChildMain].
	Isolated bool
}

// Result is what was written.
type Result struct {
	Path    string
	Size    int64 // bytes
	Elapsed time.Duration
	*Job
}

// options are the spec in the words of package quant.
func (s *Spec) options(m *quant.Imatrix) quant.Options {
	return quant.Options{
		FileType: s.FileType, Imatrix: m, Pure: s.Pure, KeepOutput: s.KeepOutput, Requantize: s.Requantize,
		Output: s.Output, Embedding: s.Embedding, Overrides: s.Overrides,
	}
}
