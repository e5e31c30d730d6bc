package llama

// #include "llm.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime/cgo"
	"time"
)

// ProbeParams say how a device is measured.
type ProbeParams struct {
	Device   int           // index in Devices
	Threads  int           // of the CPU; 0: DefaultThreads
	Time     time.Duration // about how long; a slow device takes longer for one round
	MaxBytes uint64        // of the device's memory that may be taken
}

// Probe is what was measured. Times are of one pass.
type Probe struct {
	Rounds       int
	Columns      int     // of a product
	Bytes        uint64  // that a copy reads and writes; of a product's weights
	Flop         float64 // additions and multiplications of a product
	Best, Median time.Duration
}

// ErrNoOperation: the device does not have the operation.
var ErrNoOperation = errors.New("the device does not have this operation")

// ProbeCopy measures how fast a device copies memory of its own, in a buffer that is
// larger than caches. Like all probes it may be called from any goroutine, ends between
// two rounds when ctx is done (ErrCanceled), and frees what it took.
func ProbeCopy(ctx context.Context, p ProbeParams) (Probe, error) {
	return probe(ctx, "probe copy", p, func(c *C.struct_llm_probe_params, out *C.struct_llm_probe, cerr **C.char) C.int {
		return C.llm_probe_copy(c, out, cerr)
	})
}

// ProbeProduct measures products of weights of a type (f16, q4_K, …) with columns of
// 32-bit floats. One column is what generating a token does, with more weights than fit
// into caches. Where many columns (a prompt) would take too long, fewer are measured.
func ProbeProduct(ctx context.Context, p ProbeParams, weights string, columns int) (Probe, error) {
	name, free := cString(weights)
	defer free()
	op := fmt.Sprintf("probe %s with %d columns", weights, columns)
	return probe(ctx, op, p, func(c *C.struct_llm_probe_params, out *C.struct_llm_probe, cerr **C.char) C.int {
		return C.llm_probe_product(c, name, C.int32_t(columns), out, cerr)
	})
}

// ProbeAccuracy is how far a device's products of a type of weights are from the same in
// double precision: the sum of squared differences by the sum of squares (NMSE).
func ProbeAccuracy(p ProbeParams, weights string) (float64, error) {
	start()
	name, free := cString(weights)
	defer free()
	c := p.c(0)
	var supported C.bool
	var nmse C.double
	var cerr *C.char
	op := "probe accuracy of " + weights
	if code := C.llm_probe_accuracy(&c, name, &supported, &nmse, &cerr); code != C.LLM_OK {
		return 0, newError(op, code, cerr)
	}
	if !supported {
		return 0, &Error{Op: op, Kind: ErrNoOperation}
	}
	return float64(nmse), nil
}

func probe(ctx context.Context, op string, p ProbeParams, call func(*C.struct_llm_probe_params, *C.struct_llm_probe, **C.char) C.int) (Probe, error) {
	start()
	h := cgo.NewHandle(func(float32) bool { return ctx.Err() == nil })
	defer h.Delete()
	c := p.c(h)
	var out C.struct_llm_probe
	var cerr *C.char
	if code := call(&c, &out, &cerr); code != C.LLM_OK {
		return Probe{}, newError(op, code, cerr)
	}
	if !out.supported {
		return Probe{}, &Error{Op: op, Kind: ErrNoOperation}
	}
	return Probe{
		Rounds:  int(out.rounds),
		Columns: int(out.columns),
		Bytes:   uint64(out.bytes),
		Flop:    float64(out.flop),
		Best:    seconds(out.best_s),
		Median:  seconds(out.median_s),
	}, nil
}

func (p ProbeParams) c(progress cgo.Handle) C.struct_llm_probe_params {
	return C.struct_llm_probe_params{
		device:    C.int32_t(p.Device),
		n_threads: C.int32_t(threadsOf(p.Threads)),
		seconds:   C.double(p.Time.Seconds()),
		max_bytes: C.uint64_t(p.MaxBytes),
		progress:  C.uint64_t(progress),
	}
}

func threadsOf(n int) int {
	if n == 0 {
		return DefaultThreads()
	}
	return n
}

func seconds(s C.double) time.Duration { return time.Duration(float64(s) * float64(time.Second)) }
