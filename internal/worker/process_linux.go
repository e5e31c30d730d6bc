package worker

import (
	"bufio"
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// processAttr makes a child die with the thread that started it, and keeps the
// terminal's Ctrl-C away from it: that is for its parent to act on.
func processAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// ownProgram is this very program, even when its file was replaced meanwhile: the
// other one might be another version.
func ownProgram() (string, error) {
	const running = "/proc/self/exe"
	if _, err := os.Stat(running); err == nil {
		return running, nil
	}
	return os.Executable()
}

// canLimitMemory: RLIMIT_DATA counts all private memory that can be written to.
const canLimitMemory = true

// limitMemory limits what this process can allocate. Mapped model files do not count.
// (RLIMIT_AS would: it counts addresses, of which Go's runtime reserves many.)
func limitMemory(bytes uint64) error {
	return syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: bytes, Max: bytes})
}

// oomKills is how many processes this system, or its host, has killed for memory.
func oomKills() (n uint64) {
	f, err := os.Open("/proc/vmstat")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if value, ok := bytes.CutPrefix(lines.Bytes(), []byte("oom_kill ")); ok {
			n, _ = strconv.ParseUint(string(value), 10, 64)
		}
	}
	return n
}
