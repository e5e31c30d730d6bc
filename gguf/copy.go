package gguf

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
)

// Progress is told how many bytes are done of how many, by one goroutine at a time.
type Progress func(done, total int64)

const (
	// copyStep is how much the system copies between two looks at the context.
	copyStep = 32 << 20
	// bufferSize is of what goes through our own memory. Writes end where a multiple of
	// it does.
	bufferSize = 1 << 20
	// block is of file systems: what the system copies fast, and may share instead, are
	// whole ones.
	block = 4096
)

// diskFile is a file that Open opened. Only one copy at a time moves its offset; all
// other reads name theirs.
type diskFile struct {
	*os.File
	copying sync.Mutex
}

// copier writes one file after another, each from start to end.
type copier struct {
	ctx         context.Context
	out         io.Writer
	done, total int64 // bytes, over all that it writes
	progress    Progress
	buffer      []byte // what is not written yet
	at          int64  // where in the file the buffer begins
}

// begin goes on with another file. The one before has to be flushed.
func (c *copier) begin(out io.Writer) { c.out, c.at = out, 0 }

func (c *copier) add(n int64) error {
	c.done += n
	if c.progress != nil {
		c.progress(c.done, c.total)
	}
	return context.Cause(c.ctx)
}

// room is the free part of the buffer, never empty.
func (c *copier) room() []byte {
	if c.buffer == nil {
		c.buffer = make([]byte, 0, bufferSize)
	}
	return c.buffer[len(c.buffer) : bufferSize-int(c.at%bufferSize)]
}

// fill takes n bytes into the buffer that were put into its room.
func (c *copier) fill(n int) error {
	c.buffer = c.buffer[:len(c.buffer)+n]
	if len(c.room()) > 0 {
		return nil
	}
	return c.flush()
}

func (c *copier) flush() error {
	n := len(c.buffer)
	if n == 0 {
		return nil
	}
	if _, err := c.out.Write(c.buffer); err != nil {
		return err
	}
	c.buffer, c.at = c.buffer[:0], c.at+int64(n)
	return c.add(int64(n))
}

// copy takes size bytes from r.
func (c *copier) copy(r io.Reader, size int64) error {
	blocks, err := c.copyBlocks(r, size)
	if err != nil {
		return err
	}
	for size -= blocks; size > 0; {
		b := c.room()
		b = b[:min(size, int64(len(b)))]
		if n, err := io.ReadFull(r, b); err != nil {
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				err = fmt.Errorf("%w: its data ends %d bytes too soon", io.ErrUnexpectedEOF, size-int64(n))
			}
			return err
		}
		if err := c.fill(len(b)); err != nil {
			return err
		}
		size -= int64(len(b))
	}
	return nil
}

// onDisk is the file that Open opened from which r reads, and what r has left of it.
func onDisk(r io.Reader) (f *diskFile, at, size int64) {
	section, ok := r.(*io.SectionReader)
	if !ok {
		return nil, 0, 0
	}
	outer, at, size := section.Outer()
	read, err := section.Seek(0, io.SeekCurrent)
	if f, _ = outer.(*diskFile); err != nil {
		return nil, 0, 0
	}
	return f, at + read, size - read
}

// copyBlocks has the system copy what it can of the first size bytes, and returns how
// much that was: nothing unless both ends are files, both have their blocks at the same
// bytes, and it is worth it. Otherwise our own memory is faster.
func (c *copier) copyBlocks(r io.Reader, size int64) (int64, error) {
	in, from, left := onDisk(r)
	out, toDisk := c.out.(*os.File)
	to := c.at + int64(len(c.buffer))
	head := -to & (bufferSize - 1) // unless it starts at the end of a buffer, Linux is a fourth slower
	whole := (size - head) &^ (block - 1)
	if in == nil || left < size || !toDisk || (from-to)%block != 0 || whole < bufferSize {
		return 0, nil
	}
	if err := c.copy(io.LimitReader(r, head), head); err != nil {
		return 0, err
	}
	if err := c.flush(); err != nil {
		return 0, err
	}
	if err := c.copyFile(out, in, from+head, whole); err != nil {
		return 0, err
	}
	_, err := r.(*io.SectionReader).Seek(whole, io.SeekCurrent)
	return head + whole, err
}

// copyFile lets the system copy.
func (c *copier) copyFile(to *os.File, from *diskFile, at, size int64) error {
	from.copying.Lock()
	defer from.copying.Unlock()
	if _, err := from.Seek(at, io.SeekStart); err != nil {
		return err
	}
	for size > 0 {
		n, err := to.ReadFrom(io.LimitReader(from.File, min(size, copyStep)))
		if err == nil && n == 0 {
			err = fmt.Errorf("%w: %s became shorter", io.ErrUnexpectedEOF, from.Name())
		}
		if err != nil {
			return err
		}
		size, c.at = size-n, c.at+n
		if err := c.add(n); err != nil {
			return err
		}
	}
	return nil
}

// zeros writes padding.
func (c *copier) zeros(n int64) error {
	for n > 0 {
		b := c.room()
		b = b[:min(n, int64(len(b)))]
		clear(b)
		if err := c.fill(len(b)); err != nil {
			return err
		}
		n -= int64(len(b))
	}
	return nil
}
