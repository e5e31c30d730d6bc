package worker

import (
	"strings"
	"syscall"
	"testing"

	"github.com/seed-f87006eb/llm/internal/chat"
)

func TestExplain(t *testing.T) {
	const goAbort = "SIGABRT: abort\nPC=0x7f1c m=0 sigcode=18446744073709551610\nsignal arrived during cgo execution\n\n"
	for name, c := range map[string]struct {
		ending
		reason          chat.CrashReason
		signal, message string
	}{
		"an assertion, killed": {ending{signal: syscall.SIGABRT, stderr: "llm: engine assertion failed: a.c:1: GGML_ASSERT(x) failed\n"},
			chat.CrashAssertion, "aborted", "a.c:1: GGML_ASSERT(x) failed"},
		"an assertion, by Go's runtime": {ending{code: 2, stderr: "llm: engine assertion failed: a.c:1: GGML_ASSERT(x) failed\n" + goAbort},
			chat.CrashAssertion, "aborted", "a.c:1: GGML_ASSERT(x) failed"},
		"an exception": {ending{code: 2, stderr: "terminate called after throwing an instance of 'std::logic_error'\n  what():  no\n" + goAbort},
			chat.CrashSignal, "aborted", "terminate called after throwing an instance of 'std::logic_error'; what():  no"},
		"a fault in C": {ending{code: 2, stderr: "fatal error: unexpected signal during runtime execution\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4d]\n\nruntime stack:\n"},
			chat.CrashSignal, "segmentation fault", "fatal error: unexpected signal during runtime execution"},
		"a fault, killed":    {ending{signal: syscall.SIGBUS}, chat.CrashSignal, "bus error", ""},
		"killed":             {ending{signal: syscall.SIGKILL}, chat.CrashSignal, "killed", "it was killed from outside"},
		"killed for memory":  {ending{signal: syscall.SIGKILL, oom: true}, chat.CrashMemory, "killed", "most likely this one"},
		"Go's memory":        {ending{code: 2, limit: 1 << 30, stderr: "fatal error: runtime: cannot allocate memory\n"}, chat.CrashMemory, "", "the memory limit is 1024 MiB"},
		"memory for a stack": {ending{code: 2, limit: 1 << 30, stderr: "runtime/cgo: pthread_create failed: Resource temporarily unavailable\n" + goAbort}, chat.CrashMemory, "aborted", "pthread_create failed"},
		"no stack, no limit": {ending{code: 2, stderr: "runtime/cgo: pthread_create failed: Resource temporarily unavailable\n" + goAbort}, chat.CrashSignal, "aborted", "pthread_create failed"},
		"C++'s memory":       {ending{code: 2, limit: 1 << 30, stderr: "terminate called after throwing an instance of 'std::bad_alloc'\n" + goAbort}, chat.CrashMemory, "aborted", "bad_alloc"},
		"a panic":            {ending{code: 2, stderr: "panic: no\n\ngoroutine 1 [running]:\n"}, chat.CrashExit, "", "exit code 2: panic: no"},
		"an exit":            {ending{code: 7}, chat.CrashExit, "", "exit code 7"},
	} {
		got := c.explain()
		if got.Reason != c.reason || got.Signal != c.signal || !strings.Contains(got.Message, c.message) || c.message == "" && got.Message != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestTail keeps the end, and of a crash its beginning.
func TestTail(t *testing.T) {
	filler := strings.Repeat("one line of many\n", 6000)
	for name, c := range map[string]struct{ in, want string }{
		"short":         {"a word", "a word"},
		"long":          {filler + "the end", "the end"},
		"a crash":       {filler + "its reason\nSIGSEGV: segmentation violation\n" + filler, "its reason\nSIGSEGV: segmentation violation\none line"},
		"a crash early": {"panic: no\n" + filler, "panic: no\none line"},
	} {
		for _, size := range []int{1, 1000, 1 << 20} {
			var kept tail
			for in := c.in; in != ""; in = in[min(size, len(in)):] {
				kept.Write([]byte(in[:min(size, len(in))]))
			}
			if s := kept.String(); !strings.Contains(s, c.want) || len(s) > 2*tailSize {
				t.Errorf("%s by %d: %d bytes", name, size, len(s))
			}
		}
	}
}
