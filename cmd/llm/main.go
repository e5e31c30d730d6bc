// Command llm runs language models in a terminal.
//
// One file a subcommand: flags, wiring and exit codes. What is worth a test of its
// own lives in the packages.
package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-f87006eb/llm"
)

func main() {
	if llm.WorkerMain() { // the child of an isolated model
		return
	}
	// A reader that went away (`llm run … | head -c1`) is an error to report, not
	// a silent death.
	signal.Ignore(syscall.SIGPIPE)
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	os.Exit(a.main(os.Args[1:]))
}
