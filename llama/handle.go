package llama

import (
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

var live atomic.Int64

// Live is how many handles of this package are open in the program; tests hold it
// to 0.
func Live() int { return int(live.Load()) }

// handle is the life of one C object: open or closed, its parent, its children.
type handle struct {
	kind    string
	opened  string // the call stack that opened it, innermost first
	cleanup runtime.Cleanup

	mu       sync.Mutex
	closed   bool
	children int
	parent   *handle
}

// open starts the life of h, which belongs to owner. It fails when the parent is
// closed.
func open[T any](owner *T, h *handle, kind string, parent *handle) error {
	if parent != nil {
		parent.mu.Lock()
		defer parent.mu.Unlock()
		if parent.closed {
			return &Error{Op: "open " + kind + " of a " + parent.kind, Kind: ErrClosed}
		}
		parent.children++
	}
	h.kind, h.parent, h.opened = kind, parent, callers()
	live.Add(1)
	// A leak is reported, not mended: freeing from a cleanup would hide it.
	h.cleanup = runtime.AddCleanup(owner, reportLeak, leak{kind, h.opened})
	return nil
}

// close ends the life of h by calling free, unless h is closed already or has
// live children.
func (h *handle) close(free func()) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return &Error{Op: "close " + h.kind, Kind: ErrClosed}
	}
	if h.children > 0 {
		return &Error{Op: "close " + h.kind, Kind: ErrBusy,
			Message: fmt.Sprintf("%d of its children are still open; close them first", h.children)}
	}
	h.closed = true
	h.cleanup.Stop()
	free()
	live.Add(-1)
	if h.parent != nil {
		h.parent.addChildren(-1)
	}
	return nil
}

func (h *handle) addChildren(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.children += n
}

type leak struct{ kind, opened string }

func reportLeak(l leak) {
	logger := Logger()
	if logger == nil {
		logger = slog.Default() // a leak is a bug in the program: never silent
	}
	logger.Error("llama: handle was never closed", "handle", l.kind, "opened", l.opened)
}

// callers is the stack above this package as "file:line < file:line …".
func callers() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	var b strings.Builder
	for n := 0; n < 6; {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") && f.File != "" {
			if n > 0 {
				b.WriteString(" < ")
			}
			fmt.Fprintf(&b, "%s:%d", f.File, f.Line)
			n++
		}
		if !more {
			break
		}
	}
	return b.String()
}
