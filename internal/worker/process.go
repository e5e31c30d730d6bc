package worker

import (
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// process is a child process and its last words.
type process struct {
	cmd      *exec.Cmd
	stderr   tail
	oomKills uint64        // when it was started
	exited   chan struct{} // closed when cmd.ProcessState is there
}

// startProcess starts program in a folder, with files from descriptor 3 on.
func startProcess(program, dir string, files ...*os.File) (*process, error) {
	p := &process{exited: make(chan struct{}), oomKills: oomKills()}
	name := program
	if program == "" {
		var err error
		if program, err = ownProgram(); err != nil {
			return nil, err
		}
		if name, err = os.Executable(); err != nil {
			name = program
		}
	}
	p.cmd = &exec.Cmd{
		Path: program, Args: []string{name, Argument}, Dir: dir, ExtraFiles: files,
		Stdout: &p.stderr, Stderr: &p.stderr, SysProcAttr: processAttr(), WaitDelay: time.Second,
	}
	started := make(chan error)
	go p.run(started)
	return p, <-started
}

// run starts the process and waits for it on one thread: the kernel kills it when the
// thread that started it ends, and Go ends threads when it likes.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err == nil {
		p.cmd.Wait() // what it says stands in ProcessState
		close(p.exited)
	}
}

// kill ends the process; of one that has ended nothing is left to kill.
func (p *process) kill() { p.cmd.Process.Kill() }

// ended waits for the end of the process.
func (p *process) ended(atMost time.Duration) bool {
	timer := time.NewTimer(atMost)
	defer timer.Stop()
	select {
	case <-p.exited:
		return true
	case <-timer.C:
		return false
	}
}

// tailSize is how much of a child's standard error is kept, in bytes.
const tailSize = 16 << 10

// tail keeps the last bytes that were written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p[max(0, len(p)-tailSize):]...)
	if len(t.b) > 2*tailSize {
		t.b = t.b[:copy(t.b, t.b[len(t.b)-tailSize:])]
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b[max(0, len(t.b)-tailSize):])
}
