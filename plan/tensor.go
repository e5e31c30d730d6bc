package plan

import "github.com/seed-f87006eb/llm/gguf"

// op is what makes a tensor of a graph, as far as the allocator and the scheduler of
// ggml@v0.5.0 tell operations apart.
type op uint8

const (
	opNone    op = iota // an input or a weight
	opView              // reshapes, permutations and parts
	opInto              // writes into another tensor: set_rows, cpy, in-place operations
	opInPlace           // may take the memory of an operand of the same layout
	opMatMul
	opMatMulID
	opRows
	opSort
	opTopK
	opAttention
	opNew // anything else
)

// maxSources is GGML_MAX_SRC.
const maxSources = 10

// tensor is a tensor of a graph. Only sizes matter, so that offsets of views are left out.
type tensor struct {
	op      op
	exact   exactOp
	kind    gguf.TensorType
	input   bool
	output  bool
	outside bool // weights and caches: memory of their own
	visited bool
	weight  bool // and it is a weight
	latent  bool // values that are part of the keys
	where   int8 // the place of what is outside
	backend int8 // that computes it
	pinned  bool // backend was set by the graph, not by the scheduler
	sources int8

	ne, nb [4]int64
	src    [maxSources]*tensor
	root   *tensor // whose memory a view shows

	// Of the allocator.
	children, views int32
	buffer, chunk   int8
	allocated       bool
	offset          int64

	copies []copied  // of the scheduler
	keep   []*tensor // not to be freed before this one is computed
}

// copied are the copies of a tensor on a backend, one for each batch in flight.
type copied struct {
	backend int8
	list    []*tensor
}

// on are the tensor's copies there.
func (t *tensor) on(b int8) []*tensor {
	for _, c := range t.copies {
		if c.backend == b {
			return c.list
		}
	}
	return nil
}

// exactOp tells operations apart that devices support, or not, on their own terms.
type exactOp uint8

const (
	exactOther exactOp = iota
	exactNorm
	exactScan // of Mamba
	exactWKV
	exactDelta
	exactConv
	exactRope
	exactIndexer
	exactAddRows // of experts
)

func elementSize(t gguf.TensorType) int64 {
	_, size := t.Block()
	return int64(size)
}

func rowSize(t gguf.TensorType, n int64) int64 {
	block, size := t.Block()
	return n / int64(block) * int64(size)
}

// dense sets the strides of a tensor without gaps.
func (t *tensor) dense() {
	t.nb[0] = elementSize(t.kind)
	t.nb[1] = rowSize(t.kind, t.ne[0])
	t.nb[2] = t.nb[1] * t.ne[1]
	t.nb[3] = t.nb[2] * t.ne[2]
}

func (t *tensor) elements() int64 { return t.ne[0] * t.ne[1] * t.ne[2] * t.ne[3] }

// bytes is ggml_nbytes.
func (t *tensor) bytes() int64 {
	for _, n := range t.ne {
		if n <= 0 {
			return 0
		}
	}
	block, _ := t.kind.Block()
	if block == 1 {
		n := elementSize(t.kind)
		for i, e := range t.ne {
			n += (e - 1) * t.nb[i]
		}
		return n
	}
	n := t.ne[0] * t.nb[0] / int64(block)
	for i := 1; i < 4; i++ {
		n += (t.ne[i] - 1) * t.nb[i]
	}
	return n
}

// contiguous is without gaps and in order.
func (t *tensor) contiguous() bool {
	next := elementSize(t.kind)
	block, _ := t.kind.Block()
	if t.ne[0] != int64(block) && t.nb[0] != next {
		return false
	}
	next *= t.ne[0] / int64(block)
	for i := 1; i < 4; i++ {
		if t.ne[i] == 1 {
			continue
		}
		if t.nb[i] != next {
			return false
		}
		next *= t.ne[i]
	}
	return true
}

func sameLayout(a, b *tensor) bool { return a.kind == b.kind && a.ne == b.ne && a.nb == b.nb }
