package worker

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// beParent is a process that opens a model, says which child it has, and lives until it
// is killed.
func beParent(path string) {
	m, err := Open(context.Background(), path, small, Config{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(pid(m))
	m.Tokenize("!hang", false, false)
	os.Exit(1)
}

// TestChildDiesWithItsParent, also while it hangs in a call.
func TestChildDiesWithItsParent(t *testing.T) {
	parent := exec.Command(os.Args[0], "parent", testmodel.SmolLM2(t))
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	child, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || !runs(child) {
		t.Fatalf("the child is %q", line)
	}
	parent.Process.Kill()
	parent.Wait()
	for end := time.Now().Add(10 * time.Second); runs(child); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			syscall.Kill(child, syscall.SIGKILL)
			t.Fatal("the child outlives its parent")
		}
	}
}

// runs tells whether a process is there and no zombie.
func runs(pid int) bool {
	state, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && !strings.HasPrefix(strings.TrimSpace(string(state)), "Z")
}

// children are the processes that this one has started and that are still there.
func children(t *testing.T) (pids []string) {
	t.Helper()
	ps := exec.Command("ps", "-A", "-o", "pid=,ppid=,args=")
	out, err := ps.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if f[1] == strconv.Itoa(os.Getpid()) && f[0] != strconv.Itoa(ps.Process.Pid) {
			pids = append(pids, line)
		}
	}
	return pids
}

// TestOtherPrograms are not taken for workers, and do not live on.
func TestOtherPrograms(t *testing.T) {
	dir := t.TempDir()
	script := func(name, text string) string {
		path := dir + "/" + name
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	before := len(children(t))
	for program, want := range map[string]string{
		"/bin/false":                      "llm.WorkerMain",
		script("words", "echo wrong >&2"): "wrong",
		script("babble", "yes llm >&4"):   "llm.WorkerMain",
		script("hello", `printf '\0\0\0\061{"Hello":{"Magic":"llm-worker","Protocol":99000}}' >&4; cat <&3`): "protocol 99000",
		dir + "/none":                 "no such file",
		"no-such-program-in-the-path": "not found",
	} {
		begin := time.Now()
		if m, err := Open(context.Background(), testmodel.SmolLM2(t), small, Config{Program: program}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", program, m, err)
		}
		if time.Since(begin) > 8*time.Second {
			t.Errorf("%s took %v", program, time.Since(begin))
		}
	}
	if after := children(t); len(after) > before {
		t.Errorf("%q live on", after)
	}
}

// TestSilentProgram: waiting for a hello can be cancelled.
func TestSilentProgram(t *testing.T) {
	path := t.TempDir() + "/silent"
	if err := os.WriteFile(path, []byte("#!/bin/sh\nexec sleep 60\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := Open(ctx, testmodel.SmolLM2(t), small, Config{Program: path})
	if err == nil || !strings.Contains(err.Error(), "loading was stopped: context deadline exceeded") || time.Since(begin) > 8*time.Second {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
}

func TestIsChild(t *testing.T) {
	if IsChild([]string{"llm", Argument}) || IsChild([]string{"llm"}) {
		t.Error("this process was not started as a child")
	}
}
