package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// Once starts this program anew with an argument, gives it an input and returns its answer. It
// is for a piece of work that may crash, or must stop at once: where ctx is done the child is
// killed, and the error is the context's. The child dies with this process. Errors: a
// *chat.ErrEngineCrash where it did not end by itself, and those of the system.
func Once(ctx context.Context, argument string, input []byte) ([]byte, error) {
	stdin, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	out, stdout, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, stdin.Close())
	}
	defer out.Close()
	p, err := startProcess("", "", argument, stdin, stdout)
	stdin.Close()
	stdout.Close()
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, p.kill)
	defer stop()
	go in.Write(append(fmt.Appendf(nil, "%d\n", len(input)), input...)) // ends with the child, which is its reader
	var output bytes.Buffer
	_, err = io.Copy(&output, out)
	<-p.exited
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, err
	case !p.cmd.ProcessState.Success():
		e := ending{stderr: p.stderr.String(), oom: oomKills() > p.oomKills}
		e.read(p.cmd.ProcessState)
		return nil, e.explain()
	}
	return output.Bytes(), nil
}

// IsOnce tells whether this process is a child of [Once] with this argument.
func IsOnce(args []string, argument string) bool {
	return len(args) == 2 && args[1] == argument && isPipe(requestsFD) && isPipe(repliesFD)
}

// ServeOnce is the child's side of [Once]: work gets the input and returns the output. When
// it returns, the process should end. The parent's end is the end of this process too.
func ServeOnce(work func(input []byte) []byte) error {
	syscall.CloseOnExec(requestsFD)
	syscall.CloseOnExec(repliesFD)
	err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) // a core file would be gigabytes long
	requests, replies := os.NewFile(requestsFD, "requests"), os.NewFile(repliesFD, "replies")
	var size int
	if _, failed := fmt.Fscanf(requests, "%d\n", &size); failed != nil {
		return failed
	}
	input := make([]byte, size)
	if _, failed := io.ReadFull(requests, input); failed != nil {
		return failed
	}
	go func() {
		io.Copy(io.Discard, requests) // nothing comes: it ends where the parent does
		syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	}()
	_, failed := replies.Write(work(input))
	return errors.Join(err, failed)
}
