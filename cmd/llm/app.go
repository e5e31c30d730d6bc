package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// app is what a command may touch.
type app struct {
	in       *os.File
	out, err *os.File
}

// Exit codes.
const (
	exitFailure = 1
	exitUsage   = 2
)

// usageError is a wrong flag or argument: exit code 2.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitError ends with another exit code than its error would.
type exitError struct {
	err  error
	code int
}

func (e exitError) Error() string { return e.err.Error() }
func (e exitError) Unwrap() error { return e.err }

// errReported ends a command whose message is out already.
var errReported = errors.New("reported")

// main runs the command line and returns the exit code.
func (a *app) main(args []string) int {
	root := a.root()
	args, err := expandArgs(root, expandCompletion(root, args))
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	if err == nil {
		err = root.Execute()
	}
	if err == nil {
		return 0
	}
	if errors.Is(err, syscall.EPIPE) {
		err = errors.New("standard output was closed by its reader; nothing more is written")
	}
	if !errors.Is(err, errReported) {
		fmt.Fprintf(a.err, "llm: %s\n", oneLine(err.Error()))
	}
	var exit exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	var usage usageError
	if errors.As(err, &usage) || strings.HasPrefix(err.Error(), "unknown command") {
		return exitUsage
	}
	return exitFailure
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "llm",
		Short:         "Run language models locally",
		Long:          "llm runs language models (GGUF files) on this machine.",
		Example:       "  llm run model.gguf \"Why is the sky blue?\"\n  cat notes.txt | llm run model.gguf \"Summarise this\"\n  llm devices",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usagef("%w; see '%s --help'", err, c.CommandPath())
	})
	root.AddCommand(a.runCommand(), a.embedCommand(), a.tokenizeCommand(), a.inspectCommand(), a.planCommand(), a.licenseCommand(),
		a.quantizeCommand(), a.imatrixCommand(), a.benchCommand(), a.ggufCommand(), a.devicesCommand(), a.doctorCommand(), a.examineCommand(),
		a.versionCommand(), a.manCommand())
	return root
}

// oneLine keeps a message on one line, whatever a file name or the engine put into
// it.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
