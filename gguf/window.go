package gguf

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"
)

// The window grows as a header turns out to be long: one that is far away need not send
// more than it has, and one that is near fits a core's cache.
const (
	firstWindow = 16 << 10
	lastWindow  = 256 << 10
	pageSize    = 4 << 10
)

var windows = sync.Pool{New: func() any { return new([lastWindow + pageSize]byte) }}

// window reads forward through a file, a piece at a time, into memory that it reuses.
// The first error stays: later calls give zeros.
type window struct {
	r     io.ReaderAt
	size  int64 // of the file
	whole *[lastWindow + pageSize]byte
	b     []byte // the piece of the file from start on
	start int64
	pos   int // of the next byte, in b
	next  int // bytes of the next read
	order binary.ByteOrder
	name  string // of the key or tensor that is read, for errors
	err   error
}

func newWindow(r io.ReaderAt, size int64) *window {
	return &window{r: r, size: size, whole: windows.Get().(*[lastWindow + pageSize]byte), next: firstWindow, order: binary.LittleEndian}
}

// free gives the memory back; what take returned is void from here on.
func (w *window) free() { windows.Put(w.whole) }

// offset is of the next byte, in the file.
func (w *window) offset() int64 { return w.start + int64(w.pos) }

func (w *window) left() int64 { return w.size - w.offset() }

func (w *window) fail(at int64, format string, args ...any) {
	if w.err == nil {
		w.err = &SyntaxError{Offset: at, Name: w.name, What: fmt.Sprintf(format, args...)}
	}
}

// ensure has at least n bytes in the window, n ≤ lastWindow, or fails.
func (w *window) ensure(n int) bool {
	if w.err != nil {
		return false
	}
	if len(w.b)-w.pos >= n {
		return true
	}
	if w.left() < int64(n) {
		w.fail(w.offset(), "the file ends %d bytes too soon", int64(n)-w.left())
		return false
	}
	if w.offset()+int64(n) > maxHeader {
		w.fail(w.offset(), "a header of more than %d MiB", maxHeader>>20)
		return false
	}
	return w.fill(n)
}

// fill moves the window to the next byte, with at least n from there. It reads from the
// start of a page on: the kernel copies whole pages several times as fast as what lies
// across them.
func (w *window) fill(n int) bool {
	at := w.offset()
	w.start = at &^ (pageSize - 1)
	w.pos = int(at - w.start)
	want := int(min(int64(max(w.next, w.pos+n)), w.size-w.start))
	w.next = min(2*w.next, lastWindow)
	w.b = w.whole[:want]
	if read, err := w.r.ReadAt(w.b, w.start); read < want {
		w.b = w.whole[:max(read, w.pos)]
		if err == nil || err == io.EOF {
			w.fail(w.start+int64(read), "the file became shorter while it was read")
		} else if w.err == nil {
			w.err = err
		}
		return false
	}
	return true
}

// skip goes n bytes on without reading them. The caller has checked n against left.
func (w *window) skip(n int64) {
	if at := w.offset() + n; at <= w.start+int64(len(w.b)) {
		w.pos += int(n)
	} else {
		w.b, w.start, w.pos = nil, at, 0
	}
}

// take is the next n bytes, n ≤ lastWindow; nil after an error. Borrowed until the next
// call.
func (w *window) take(n int) []byte {
	if !w.ensure(n) {
		return nil
	}
	b := w.b[w.pos : w.pos+n]
	w.pos += n
	return b
}

func (w *window) uint32() uint32 {
	if b := w.take(4); b != nil {
		return w.order.Uint32(b)
	}
	return 0
}

func (w *window) uint64() uint64 {
	if b := w.take(8); b != nil {
		return w.order.Uint64(b)
	}
	return 0
}

// length is a count of bytes that are to follow, checked against the file.
func (w *window) length(what string) int64 {
	at := w.offset()
	n := w.uint64()
	if w.err == nil && n > uint64(w.left()) {
		w.fail(at, "%s of %d bytes in a file that has %d more", what, n, w.left())
		return 0
	}
	return int64(n)
}
