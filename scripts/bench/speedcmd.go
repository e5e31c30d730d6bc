package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/seed-f87006eb/llm/internal/stat"
)

// commandFlags are what both programs measure.
var commandFlags = []string{"-p", "128", "-n", "16", "-pg", "32,8", "-d", "0,256", "-r", "5"}

// testOfCommand are the samples of one row of both, which have these names alike.
type testOfCommand struct {
	Prompt     int       `json:"n_prompt"`
	Generation int       `json:"n_gen"`
	Depth      int       `json:"n_depth"`
	Speeds     []float64 `json:"samples_ts"`
	Error      string    `json:"error"`
}

func (t *testOfCommand) name() string {
	return fmt.Sprintf("pp%d tg%d d%d", t.Prompt, t.Generation, t.Depth)
}

// compareCommand sets the table of `llm bench` beside that of llama-bench, on the models that
// are there: the median of each process's samples, and how far those of processes are apart.
func (c *config) compareCommand() error {
	for _, model := range []string{c.model, filepath.Join(filepath.Dir(c.model), "gemma-3-270m.Q4_K_M.gguf")} {
		if _, err := os.Stat(model); err != nil {
			continue
		}
		if err := c.compareTables(model); err != nil {
			return err
		}
	}
	return nil
}

func (c *config) compareTables(model string) error {
	threads := strconv.Itoa(c.threads)
	ours := append([]string{"bin/llm", "bench", "-m", model, "-t", threads, "-o", "jsonl"}, commandFlags...)
	theirs := append([]string{filepath.Join(c.peers, "llama-bench"), "-m", model, "-t", threads, "-o", "jsonl"}, commandFlags...)
	measured := map[string]*pairs{}
	var names []string
	for i := range c.pairs {
		var a, b []testOfCommand
		err := inTurn(i,
			func() (err error) { a, err = runTable(ours); return err },
			func() (err error) { b, err = runTable(theirs); return err })
		if err != nil {
			return err
		}
		if len(a) != len(b) {
			return fmt.Errorf("%d tests of ours, %d of theirs", len(a), len(b))
		}
		for j := range a {
			name := a[j].name()
			if b[j].name() != name {
				return fmt.Errorf("test %d is %s, and theirs %s", j, name, b[j].name())
			}
			if measured[name] == nil {
				names = append(names, name)
				measured[name] = &pairs{}
			}
			measured[name].add(stat.Median(a[j].Speeds), stat.Median(b[j].Speeds))
		}
	}
	fmt.Printf("\nllm bench beside llama-bench, %s, samples a process: 5\n%-18s %10s %10s %7s  %-16s %9s %9s  %s\n", filepath.Base(model),
		"tok/s, medians", "llm bench", "llama-b.", "ratio", "95 % interval", "spread", "spread", "")
	for _, name := range names {
		p := measured[name]
		ratio, b := stat.PairedRatio(p.ours, p.theirs, 0.95)
		verdict := "differ"
		if spread := max(relative(p.ours), relative(p.theirs)); b.Low <= 1 && b.High >= 1 || math.Abs(ratio-1) <= spread {
			verdict = "equal within the spread"
		}
		fmt.Printf("%-18s %10.2f %10.2f %7.3f  [%.3f, %.3f]   %7.1f %% %7.1f %%  %s\n", name, stat.Median(p.ours), stat.Median(p.theirs), ratio, b.Low, b.High,
			100*relative(p.ours), 100*relative(p.theirs), verdict)
	}
	return nil
}

// relative is the spread of processes, as a standard deviation by the median.
func relative(v []float64) float64 { return stat.MAD(v) / stat.Median(v) }

func runTable(command []string) (tests []testOfCommand, err error) {
	out, err := exec.Command(command[0], command[1:]...).Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w; build them with: make build, scripts/build-native.sh peers", command[0], err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var t testOfCommand
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			return nil, fmt.Errorf("%s: %w", command[0], err)
		}
		if t.Error != "" {
			return nil, fmt.Errorf("%s: %s: %s", command[0], t.name(), t.Error)
		}
		tests = append(tests, t)
	}
	return tests, nil
}
