package levels_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-f87006eb/llm/internal/bench/levels"
)

func open(t *testing.T, path, key string) *levels.Journal {
	t.Helper()
	j, err := levels.OpenJournal(path, key)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestJournalKeepsSteps: what was put is there after a kill, also where the last line was cut.
func TestJournalKeepsSteps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "journal")
	j := open(t, path, "a")
	if j.Resumed {
		t.Error("a new journal is resumed")
	}
	for step, value := range map[string]int{"one": 1, "two": 2} {
		if err := j.Put(step, value); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []string{"", `{"step":"three","va`, "{\"step\":\"three\",\"value\":", "\x00\x00\n", "null", "[]\n"} {
		if err := os.WriteFile(path, append(append([]byte(nil), whole...), cut...), 0o644); err != nil {
			t.Fatal(err)
		}
		j := open(t, path, "a")
		var one, two, three int
		if !j.Resumed || !j.Get("one", &one) || !j.Get("two", &two) || one != 1 || two != 2 {
			t.Errorf("after %q: %d, %d, resumed %v", cut, one, two, j.Resumed)
		}
		if j.Get("three", &three) {
			t.Errorf("after %q there is a third step", cut)
		}
		if err := j.Put("three", 3); err != nil {
			t.Fatal(err)
		}
		j.Close()
		j = open(t, path, "a")
		if !j.Get("three", &three) || three != 3 {
			t.Errorf("after %q the third step was lost", cut)
		}
		j.Close()
	}
}

// TestJournalOfAnotherRun: under other conditions nothing of it counts.
func TestJournalOfAnotherRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := open(t, path, "a")
	if err := j.Put("one", 1); err != nil {
		t.Fatal(err)
	}
	j.Close()
	j = open(t, path, "b")
	var one int
	if j.Resumed || j.Get("one", &one) {
		t.Error("a step of another run is there")
	}
	if err := j.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestJournalRefusesWhatIsNoNumber(t *testing.T) {
	j := open(t, filepath.Join(t.TempDir(), "journal"), "a")
	defer j.Close()
	if err := j.Put("channel", make(chan int)); err == nil {
		t.Error("a channel was written")
	}
}

// TestJournalHasOneRun: two processes, or two runs of one, do not write the same journal.
func TestJournalHasOneRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := open(t, path, "a")
	if _, err := levels.OpenJournal(path, "a"); !errors.Is(err, levels.ErrRunning) {
		t.Error(err)
	}
	j.Close()
	open(t, path, "a").Close()
}
