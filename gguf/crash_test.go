package gguf

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// crashVariable makes the test below the child that is killed: at this step, counted
// from 1, or, at 0, by its parent.
const crashVariable = "LLM_TEST_CRASH"

// crashingEdit is the child.
func crashingEdit(t *testing.T, plan string) {
	args := strings.SplitN(plan, " ", 3) // step, name, path
	last, _ := strconv.Atoi(args[0])
	steps := 0
	step := func(string) {
		if steps++; steps == last {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	e := editor{ctx: context.Background(), at: step, o: EditOptions{Progress: func(int64, int64) { step("") }}}
	if last == 0 {
		os.Stdout.WriteString("ready\n")
	}
	if _, err := e.edit(args[2], setting(t, "general.name", args[1])); err != nil {
		t.Fatal(err)
	}
}

// runCrash runs the child; killed tells whether it died of SIGKILL.
func runCrash(t *testing.T, step int, name, path string, after time.Duration) (killed bool) {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestEditSurvivesKill$")
	c.Env = append(os.Environ(), crashVariable+"="+strconv.Itoa(step)+" "+name+" "+path)
	if step == 0 {
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		out.Read(make([]byte, 6)) // ready
		time.Sleep(after)
		c.Process.Kill()
	} else if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	err := c.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return true
	}
	if err != nil {
		t.Fatalf("the child: %v", err)
	}
	return false
}

// TestEditSurvivesKill kills edits at each of their steps, and anywhere: the file is
// always the old or the new one, and what is left beside it is no model, and gone after
// the next edit.
func TestEditSurvivesKill(t *testing.T) {
	if plan := os.Getenv(crashVariable); plan != "" {
		crashingEdit(t, plan)
		return
	}
	path := filepath.Join(t.TempDir(), "m.gguf")
	for _, name := range []string{"large", "much-larger"} { // in place, and not
		want := smallModel(t)
		set(t, want, "general.name", name)
		writeModel(t, path)
		old := fileHash(t, path)
		if err := os.WriteFile(path, bytesOf(t, want), 0o640); err != nil {
			t.Fatal(err)
		}
		changed := fileHash(t, path)
		seen := map[[32]byte]int{}
		leftovers := 0
		check := func(what any) {
			got := fileHash(t, path)
			if got != old && got != changed {
				t.Fatalf("%s, %v: the file is neither the old nor the new one", name, what)
			}
			seen[got]++
			entries, err := os.ReadDir(filepath.Dir(path))
			if err != nil || len(entries) > 2 {
				t.Fatalf("%s, %v: %v, %v", name, what, entries, err)
			}
			for _, e := range entries {
				if e.Name() != "m.gguf" {
					leftovers++
					if strings.HasSuffix(e.Name(), ".gguf") {
						t.Fatalf("%s was left", e.Name())
					}
				}
			}
		}
		steps := 0
		for killed := true; killed; steps++ {
			writeModel(t, path)
			killed = runCrash(t, steps+1, name, path, 0)
			check(steps + 1)
		}
		for range 25 {
			writeModel(t, path)
			after := time.Duration(rand.Int64N(int64(10 * time.Millisecond)))
			runCrash(t, 0, name, path, after)
			check(after)
		}
		if steps < 3 || seen[old] == 0 || seen[changed] == 0 || name == "much-larger" && leftovers == 0 {
			t.Errorf("%s: %d steps, %d times the old file, %d the new one, %d leftovers", name, steps, seen[old], seen[changed], leftovers)
		}
		t.Logf("%s: %d steps, %d times the old file, %d the new one, %d leftovers", name, steps, seen[old], seen[changed], leftovers)
		if _, err := Edit(t.Context(), path, EditOptions{}, setting(t, "general.name", "the last one")); err != nil {
			t.Fatal(err)
		}
		onlyFile(t, path)
	}
}
