package worker

import (
	"errors"
	"os"
	"syscall"
)

// Argument is the only argument of a child.
const Argument = "llm-worker"

// The child's descriptors of its two pipes.
const (
	requestsFD = 3
	repliesFD  = 4
)

// IsChild tells from a program's arguments and descriptors whether it was started as
// a child.
func IsChild(args []string) bool {
	return len(args) == 2 && args[1] == Argument && isPipe(requestsFD) && isPipe(repliesFD)
}

func isPipe(fd int) bool {
	var st syscall.Stat_t
	return syscall.Fstat(fd, &st) == nil && st.Mode&syscall.S_IFMT == syscall.S_IFIFO
}

// Main is a child's life. When it returns, the process should end.
func Main(open Opener) error {
	syscall.CloseOnExec(requestsFD)
	syscall.CloseOnExec(repliesFD)
	// A core file would be gigabytes long.
	err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	requests, replies := os.NewFile(requestsFD, "requests"), os.NewFile(repliesFD, "replies")
	return errors.Join(err, Serve(requests, replies, open))
}
