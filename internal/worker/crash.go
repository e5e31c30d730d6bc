package worker

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"

	"github.com/seed-f87006eb/llm/internal/chat"
)

// ending is how a child ended, as far as the system tells.
type ending struct {
	signal syscall.Signal // 0: none
	code   int            // exit code
	stderr string         // the last of it
	limit  uint64         // its memory limit in bytes; 0: none
	oom    bool           // the system killed a process for memory meanwhile
}

// crash says why the child ended. Only after its end, or when it cannot be waited for.
func (c *child) crash() *chat.ErrEngineCrash {
	if c.fate != nil {
		fate := *c.fate
		fate.Signal = syscall.SIGKILL.String()
		return &fate
	}
	e := ending{stderr: c.process.stderr.String(), limit: c.config.MemoryLimit, oom: oomKills() > c.process.oomKills}
	select {
	case <-c.process.exited:
		e.read(c.process.cmd.ProcessState)
	default: // it cannot be waited for
	}
	return e.explain()
}

func (e *ending) read(state *os.ProcessState) {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		e.signal = status.Signal()
	}
	e.code = state.ExitCode()
}

var (
	assertion = regexp.MustCompile(`(?m)^llm: engine assertion failed: (.*)$`)
	// goSignal is how Go's runtime reports a fatal signal before it exits with 2.
	goSignal = regexp.MustCompile(`(?m)^(?:\[signal )?(SIG[A-Z]+): `)
	// noMemory are the words of Go's runtime, of C++ and of OpenMP.
	noMemory = regexp.MustCompile(`(?mi)^.*(out of memory|cannot allocate memory|bad_alloc|failed to allocate).*$`)
	// noThread is what it also looks like when there is no memory for a stack.
	noThread = regexp.MustCompile(`(?mi)^.*(pthread_create failed|thread creation failed|failed to create new os thread).*$`)
)

// signals are Go's names of the fatal ones.
var signals = map[string]syscall.Signal{
	"SIGABRT": syscall.SIGABRT, "SIGSEGV": syscall.SIGSEGV, "SIGBUS": syscall.SIGBUS, "SIGILL": syscall.SIGILL,
	"SIGFPE": syscall.SIGFPE, "SIGTRAP": syscall.SIGTRAP, "SIGSYS": syscall.SIGSYS, "SIGQUIT": syscall.SIGQUIT,
}

// explain finds the likeliest reason.
func (e *ending) explain() *chat.ErrEngineCrash {
	if m := goSignal.FindStringSubmatch(e.stderr); m != nil && e.signal == 0 {
		e.signal = signals[m[1]]
	}
	crash := &chat.ErrEngineCrash{Message: lastWords(e.stderr, "")}
	if e.signal != 0 {
		crash.Signal = e.signal.String()
	}
	memory := noMemory.FindString(e.stderr)
	if memory == "" && e.limit > 0 {
		memory = noThread.FindString(e.stderr)
	}
	m := assertion.FindStringSubmatch(e.stderr)
	switch {
	case m != nil && noMemory.MatchString(m[1]): // of a device, whose backend gives up then
		crash.Reason, crash.Message = chat.CrashMemory, m[1]+"; put fewer layers on the device, or ask for a smaller context"
	case m != nil:
		crash.Reason, crash.Message = chat.CrashAssertion, m[1]
	case memory != "":
		crash.Reason, crash.Message = chat.CrashMemory, strings.TrimSpace(memory)
		if e.limit > 0 {
			crash.Message += fmt.Sprintf("; the memory limit is %d MiB", e.limit>>20)
		}
	case e.signal == syscall.SIGKILL && e.oom:
		crash.Reason, crash.Message = chat.CrashMemory, "the system killed a process for lack of memory meanwhile, most likely this one"
	case e.signal == syscall.SIGKILL:
		crash.Reason, crash.Message = chat.CrashSignal, "it was killed from outside"
	case e.signal != 0:
		crash.Reason = chat.CrashSignal
	default:
		crash.Reason = chat.CrashExit
		crash.Message = strings.TrimSuffix(fmt.Sprintf("exit code %d: %s", e.code, crash.Message), ": ")
	}
	return crash
}

// goReport is where the report of Go's runtime on a signal or its goroutines begins.
var goReport = regexp.MustCompile(`(?m)^(SIG[A-Z]+: |\[signal |PC=|goroutine \d|runtime stack:)`)

// lastWords are the last lines before such a report, after prefix.
func lastWords(stderr, prefix string) string {
	if at := goReport.FindStringIndex(stderr); at != nil {
		stderr = stderr[:at[0]]
	}
	var lines []string
	for line := range strings.Lines(stderr) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	text := strings.Join(lines[max(0, len(lines)-4):], "; ")
	if text = strings.ToValidUTF8(text[max(0, len(text)-1000):], ""); text == "" {
		return ""
	}
	return prefix + text
}
