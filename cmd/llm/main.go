// Command llm runs language models in a terminal.
//
// A file a subcommand: flags, wiring and exit codes. The chat of llm run has a file a
// subject: repl.go (its loop), commands.go, settings.go, editor.go with keys.go,
// history.go and folds.go, saved_chat.go. The files gguf*.go change model files,
// inspect*.go look at them. It must not know the engine, only packages llm and gguf.
package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/quantize"
)

func main() {
	if llm.WorkerMain() || quantize.ChildMain() { // a child of this program
		return
	}
	// A reader that went away (`llm run … | head -c1`) is an error to report, not
	// a silent death.
	signal.Ignore(syscall.SIGPIPE)
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	os.Exit(a.main(os.Args[1:]))
}
