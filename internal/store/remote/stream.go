package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// maxResumes is how often, in all, a stream is taken up again where it broke.
const maxResumes = 2

// body is the body of an answer, with a limit on the silence between two bytes and none
// on the whole.
type body struct {
	io.ReadCloser
	ctx     context.Context // of the request; its end ends a blocked read
	cancel  context.CancelCauseFunc
	stall   time.Duration
	watch   *time.Timer
	left    int64 // bytes still to come, as Content-Range says
	sized   bool  // the server said the length of the body too
	counter *atomic.Int64
}

// read fills some of p. io.EOF comes when all bytes that were announced are read, and
// io.ErrUnexpectedEOF when the body ends before.
func (b *body) read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.raw(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	switch {
	case b.left == 0 && !b.sized:
		if extra, _ := b.raw(make([]byte, 1)); extra > 0 {
			return 0, fmt.Errorf("%w: the body is longer than its Content-Range", ErrBadRange)
		}
		return n, nil
	case b.left == 0, err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *body) raw(p []byte) (int, error) {
	if b.watch == nil {
		b.watch = time.AfterFunc(b.stall, func() {
			b.cancel(fmt.Errorf("%w: no byte came for %v; try again, or give it more time", ErrTimeout, b.stall))
		})
	} else {
		b.watch.Reset(b.stall)
	}
	n, err := b.Read(p)
	b.watch.Stop()
	b.counter.Add(int64(n))
	if err != nil && b.ctx.Err() != nil {
		err = context.Cause(b.ctx)
	}
	return n, err
}

// close cancels first, so that nothing is read to its end only to be thrown away.
func (b *body) close() {
	b.cancel(context.Canceled)
	b.Close()
}

// extend reads on until the front holds end bytes.
func (f *File) extend(end int64) error {
	if end > f.opts.MaxFront {
		return fmt.Errorf("%w: %d bytes are asked for, %d are allowed; no header is that long: the file is not a model, or damaged", ErrTooLong, end, f.opts.MaxFront)
	}
	f.streamMu.Lock()
	defer f.streamMu.Unlock()
	for f.front.size() < end {
		if f.ctx.Err() != nil {
			return context.Cause(f.ctx)
		}
		if f.stream == nil {
			if err := f.resume(); err != nil {
				return err
			}
		}
		n, err := f.stream.read(f.front.room(end - f.front.size()))
		f.front.grow(n)
		if err == nil {
			continue
		}
		f.stream.close()
		f.stream, f.broke = nil, err
		if errors.Is(err, ErrTimeout) || errors.Is(err, ErrBadRange) {
			return err
		}
	}
	return nil
}

// resume opens the stream again where the front ends.
func (f *File) resume() error {
	for f.resumes < maxResumes {
		f.resumes++
		s, err := f.fetch(f.front.size(), -1)
		if err == nil {
			f.stream = s
			return nil
		}
		if !errors.Is(err, errNoAnswer) {
			return fmt.Errorf("the connection broke (%w), and reading could not go on: %w", f.broke, err)
		}
		f.broke = err
	}
	return fmt.Errorf("the connection broke %d times, the last time at byte %d; try again, or download the file first: %w", f.resumes+1, f.front.size(), f.broke)
}

// readFar reads bytes far behind the front by a request of their own, and keeps nothing.
func (f *File) readFar(p []byte, off int64) (n int, err error) {
	b, err := f.fetch(off, off+int64(len(p))-1)
	if err != nil {
		return 0, err
	}
	defer b.close()
	for n < len(p) && err == nil {
		var c int
		c, err = b.read(p[n:])
		n += c
	}
	return n, err
}
