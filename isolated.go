package llm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/worker"
)

// isolation is what Open needs for a model in a child process.
type isolation struct {
	on     bool
	config worker.Config
}

// Isolated runs the model in a child process: an assertion of the engine, a
// segmentation fault, an endless loop or memory without end ends the child, and not
// this program. What the child was doing fails with an *ErrEngineCrash; the next call
// starts another child, which loads the model again. It dies with this process.
//
// The child is this very program, started anew with the argument "llm-worker" (or the
// program of WorkerProgram), so main must begin with
//
//	if llm.WorkerMain() {
//		return
//	}
//
// SetLogger does not reach a child: what it writes to its standard output and error is
// kept (the last 16 KiB) for the message of an *ErrEngineCrash alone. Progress is
// called for the first load only. A request that does not end within two seconds after
// it was cancelled costs the child its life.
func Isolated() Option { return func(o *openOptions) { o.isolation.on = true } }

// WorkerProgram is Isolated with another program as the child: an installed llm
// command, or any program that calls WorkerMain, of the same build of the engine. A
// name without a slash is looked up in PATH.
func WorkerProgram(path string) Option {
	return func(o *openOptions) { o.isolation.on, o.isolation.config.Program = true, path }
}

// MemoryLimit is Isolated with a limit to what the child can allocate, in bytes. The
// weights do not count while they are mapped from the file (which they are unless
// NoMmap is given, or the engine rearranges them); some 200 MB are needed by the
// process itself. A child that goes over it ends, or fails the request. Linux only,
// ErrUnsupported elsewhere.
func MemoryLimit(bytes uint64) Option {
	return func(o *openOptions) { o.isolation.on, o.isolation.config.MemoryLimit = true, bytes }
}

// StallLimit is Isolated with a time after which a child that has something to do and
// makes no progress is killed (CrashStalled). Default: a minute.
func StallLimit(d time.Duration) Option {
	return func(o *openOptions) { o.isolation.on, o.isolation.config.Stall = true, d }
}

// workerMainCalled tells whether this program, started anew, would serve.
var workerMainCalled atomic.Bool

// WorkerMain must be called at the beginning of main, before flags are read, by a
// program that opens isolated models, and by one that WorkerProgram names. In an
// ordinary process it returns false at once. In a child it serves the model until the
// parent is done or gone, and returns true: main must return then.
func WorkerMain() bool {
	workerMainCalled.Store(true)
	if !worker.IsChild(os.Args) {
		return false
	}
	err := worker.Main(func(ctx context.Context, path string, o engine.Options) (worker.Served, error) {
		e, err := engine.Open(ctx, path, o)
		if err != nil {
			return nil, err
		}
		return e, nil
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "llm-worker:", err)
	}
	return true
}

// openIsolated opens a model in a child.
func openIsolated(path string, o *openOptions) (backend, error) {
	if o.engine.Shared != 0 {
		return nil, errors.New("open " + path + ": a child process cannot share weights with this one; open it without llm.Isolated")
	}
	if o.isolation.config.Program == "" && !workerMainCalled.Load() {
		return nil, errors.New("open " + path + ": an isolated model needs a program that calls llm.WorkerMain at the beginning of its main; call it, or name such a program with llm.WorkerProgram")
	}
	m, err := worker.Open(o.ctx, path, o.engine, o.isolation.config)
	if err != nil {
		return nil, err
	}
	return m, nil
}
