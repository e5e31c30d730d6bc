package worker

import (
	"os"
	"os/exec"
	"regexp"
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

// startProcess starts program (empty: this one) in a folder, with an argument and with files
// from descriptor 3 on.
func startProcess(program, dir, argument string, files ...*os.File) (*process, error) {
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
		Path: program, Args: []string{name, argument}, Dir: dir, ExtraFiles: files,
		Stdout: &p.stderr, Stderr: &p.stderr, SysProcAttr: processAttr(), WaitDelay: time.Second,
	}
	// The parent reports a crash; a dump of goroutines helps nobody.
	p.cmd.Env = append(p.cmd.Environ(), "GOTRACEBACK=none")
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

// tailSize is how much of a child's standard error is kept at least, in bytes.
const tailSize = 16 << 10

// crashStart begins a crash report; what follows can be as long as there are
// goroutines, and says less and less.
var crashStart = regexp.MustCompile(`(?m)^(llm: engine assertion failed: |SIG[A-Z]+: |\[signal |fatal error: |panic: )`)

// tail keeps the last bytes that were written to it, or what stands around the
// beginning of a crash report.
type tail struct {
	mu   sync.Mutex
	b    []byte
	full bool
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.full {
		t.b = append(t.b, p...)
	}
	if len(t.b) > 2*tailSize {
		from := len(t.b) - tailSize
		if crash := crashStart.FindIndex(t.b); crash != nil {
			t.full, from = true, max(0, min(from, crash[0]-tailSize/2))
		}
		t.b = t.b[:copy(t.b, t.b[from:min(len(t.b), from+tailSize)])]
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b)
}
