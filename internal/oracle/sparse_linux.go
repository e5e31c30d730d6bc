package oracle

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// createSparse makes a file in memory, which nothing is left of after a crash. A system that
// does not allow it gets one on the disk.
func createSparse() (*sparseFile, error) {
	fd, err := unix.MemfdCreate("llm-plan", unix.MFD_CLOEXEC)
	if err != nil {
		return createNamed()
	}
	f := os.NewFile(uintptr(fd), "llm-plan")
	path := fmt.Sprintf("/proc/self/fd/%d", fd)
	if _, err := os.Stat(path); err != nil { // no /proc: a name is needed
		f.Close()
		return createNamed()
	}
	return &sparseFile{path, f, false}, nil
}
