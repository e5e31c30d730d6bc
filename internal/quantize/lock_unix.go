//go:build unix

package quantize

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// lockWithin waits until no other process has the lock, which the end of a process releases.
func lockWithin(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
			// Where there are no locks, two processes may make the same file; one of them is kept.
			return func() { f.Close() }, nil
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// share keeps removeUnused away from a file until it is closed.
func share(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// removeUnused removes a file that nobody shares.
func removeUnused(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return false
	}
	return os.Remove(path) == nil
}
