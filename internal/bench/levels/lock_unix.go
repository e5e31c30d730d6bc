//go:build unix

package levels

import (
	"errors"
	"os"
	"syscall"
)

// lock keeps other processes away from a file until it is closed, also by the end of the process.
// False: another has it. Where there are no locks nobody is kept away.
func lock(f *os.File) bool {
	return !errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
