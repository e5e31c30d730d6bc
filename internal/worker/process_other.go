//go:build !linux

package worker

import (
	"os"
	"syscall"

	"github.com/seed-f87006eb/llm/internal/chat"
)

// processAttr keeps the terminal's Ctrl-C away from a child: that is for its parent to
// act on. That it dies with its parent rests on the end of its requests alone.
func processAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func ownProgram() (string, error) { return os.Executable() }

const canLimitMemory = false

func limitMemory(uint64) error { return chat.ErrUnsupported }

// oomKills is not known here.
func oomKills() uint64 { return 0 }
