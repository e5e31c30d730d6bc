package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// program is the program under test, built once.
var program string

func TestMain(m *testing.M) {
	if os.Getenv(panicVariable) != "" {
		panicWhileChatting()
	}
	dir, err := os.MkdirTemp("", "llm")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "llm")
	if out, err := exec.Command("go", slices.Concat([]string{"build", "-o", program}, buildFlags, []string{"."})...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

type result struct {
	code           int
	stdout, stderr string
	killed         bool
}

func runLLM(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	c := exec.Command(program, args...)
	c.Stdin = strings.NewReader(stdin)
	return finish(t, c)
}

// command runs the program in a folder, with an empty home.
func command(dir string, args ...string) *exec.Cmd {
	c := exec.Command(program, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME=")
	return c
}

func finish(t *testing.T, c *exec.Cmd) result {
	t.Helper()
	var out, errs bytes.Buffer
	if c.Stdout == nil {
		c.Stdout = &out
	}
	c.Stderr = &errs
	return outcome(t, c.Run(), &out, &errs)
}

// progressLines are those of what takes longer than a second, as on a busy machine.
var progressLines = regexp.MustCompile(`(?m)^llm: (loading|quantizing) .*: \d+ %.*\n`)

func outcome(t *testing.T, err error, out, errs *bytes.Buffer) result {
	t.Helper()
	r := result{stdout: out.String(), stderr: progressLines.ReplaceAllString(errs.String(), "")}
	var ee *exec.ExitError
	switch {
	case errors.As(err, &ee):
		r.code = ee.ExitCode()
		r.killed = !ee.Exited()
	case err != nil:
		t.Fatal(err)
	}
	return r
}

// checkFailure holds a failed run to the rules: the code, one line on standard
// error that says what and what to do, no trace, nothing on standard output.
func checkFailure(t *testing.T, r result, code int, want ...string) {
	t.Helper()
	if r.code != code || r.killed {
		t.Errorf("exit code %d, want %d", r.code, code)
	}
	for _, w := range want {
		if !strings.Contains(r.stderr, w) {
			t.Errorf("standard error is %q, want %q in it", r.stderr, w)
		}
	}
	if n := strings.Count(r.stderr, "\n"); n != 1 || !strings.HasPrefix(r.stderr, "llm: ") {
		t.Errorf("standard error has %d lines: %q", n, r.stderr)
	}
	for _, bad := range []string{"goroutine ", "panic", "SIG", "GGML_ASSERT", "terminate called"} {
		if strings.Contains(r.stderr, bad) {
			t.Errorf("standard error has %q in it: %.500q", bad, r.stderr)
		}
	}
}
