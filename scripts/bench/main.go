// Command bench measures the Go path side by side with upstream's own tools, built
// from the same tree with the same flags, and prints ratios: `make bench`.
//
// Each pair is two fresh processes, one of ours and one of theirs, in alternating
// order, so that a machine that changes its speed changes it for both. A ratio
// above 1 means that ours is better. Plans are compared by what they say.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/seed-f87006eb/llm"
)

const (
	promptTokens     = 512
	generationTokens = 128
)

type config struct {
	model   string
	pairs   int
	only    string // part of the names of what is measured
	threads int
	peers   string // folder of llama-bench and llama-completion
	self    string
	sample  int // rows that planners are compared on; 0: all
	worst   int // rows of a planner that are named
	chunks  int // windows that the quality of levels is compared on
	record  string
}

func main() {
	if llm.WorkerMain() {
		return
	}
	var c config
	var ours string
	flag.StringVar(&c.model, "model", "models/SmolLM2-135M-Instruct.Q4_1.gguf", "model file")
	flag.IntVar(&c.pairs, "pairs", 15, "pairs of runs")
	flag.StringVar(&c.only, "only", "", "measure one of decode, generate, speed, start, isolated, resume, gguf, memory, plan, dist, sampler, quality")
	flag.IntVar(&c.threads, "threads", 0, "threads of both sides; 0: the default of ours")
	flag.StringVar(&c.peers, "peers", "build/cpu/cmake/bin", "folder of upstream's tools")
	flag.IntVar(&c.sample, "sample", 0, "rows that planners are compared on; 0: all")
	flag.IntVar(&c.worst, "worst", 0, "rows to name on which our arithmetic is worst")
	flag.IntVar(&c.chunks, "chunks", 4, "windows of 512 tokens that the quality of levels is compared on")
	flag.StringVar(&c.record, "record", "", "file for the record of the quality of levels")
	flag.StringVar(&ours, "ours", "", "measure one run of ours and print JSON (used by the program itself)")
	flag.Parse()
	err := c.resolve()
	if err == nil {
		if ours != "" {
			err = runOurs(c, ours)
		} else {
			err = c.compare()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (c *config) resolve() (err error) {
	if c.self, err = os.Executable(); err != nil {
		return err
	}
	if c.threads == 0 {
		c.threads = llm.DefaultThreads()
	}
	_, err = os.Stat(c.model)
	return err
}

// speeds are tokens per second.
type speeds struct{ Prompt, Generation float64 }

func (c *config) compare() error {
	b := llm.BuildInfo()
	fmt.Printf("engine  llama.cpp %s, tree %s, backend %s\nsystem  %s\nmodel   %s\n%d threads, %d pairs of processes in alternating order; ratio: above 1, ours is better\n\n",
		b.Version, b.Tree[:12], b.Backend, strings.TrimSpace(b.System), filepath.Base(c.model), c.threads, c.pairs)
	if c.only != "speed" && c.only != "isolated" && c.only != "gguf" && c.only != "plan" && c.only != "dist" && c.only != "sampler" && c.only != "quality" {
		header("ours", "upstream", "ratio")
	}
	for _, path := range []struct{ name, what string }{
		{"decode loop (package llama)", "decode"},
		{"whole path (sampling, text, events)", "generate"},
	} {
		if c.only != "" && c.only != path.what {
			continue
		}
		if err := c.compareSpeed(path.name, path.what); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		name    string
		measure func() error
	}{
		{"speed", c.compareCommand},
		{"start", c.compareStart},
		{"isolated", c.compareIsolated},
		{"resume", c.compareResume},
		{"gguf", c.compareGGUF},
		{"memory", c.watchMemory},
		{"plan", c.comparePlan},
		{"dist", c.compareDist},
		{"sampler", c.compareSampler},
		{"quality", c.compareQuality},
	} {
		if c.only != "" && c.only != part.name {
			continue
		}
		if err := part.measure(); err != nil {
			return err
		}
	}
	return nil
}

// header names the columns of what pairs print.
func header(ours, theirs, compared string) {
	fmt.Printf("%-44s %12s %12s %10s  %-16s %s\n", "", ours, theirs, compared, "95 % interval", "spread")
}

// compareSpeed sets one of our paths beside llama-bench.
func (c *config) compareSpeed(name, what string) error {
	var prompt, generation pairs
	for i := range c.pairs {
		var ours, theirs speeds
		err := inTurn(i,
			func() (err error) { ours, err = c.ours(what); return err },
			func() (err error) { theirs, err = c.llamaBench(); return err })
		if err != nil {
			return err
		}
		prompt.add(ours.Prompt, theirs.Prompt)
		generation.add(ours.Generation, theirs.Generation)
	}
	prompt.print(fmt.Sprintf("pp%d, %s", promptTokens, name), "tok/s", false)
	generation.print(fmt.Sprintf("tg%d, %s", generationTokens, name), "tok/s", false)
	return nil
}

// compareStart sets `llm run -n 1` beside llama-completion.
func (c *config) compareStart() error {
	common := []string{"-m", c.model, "-c", "4096", "-n", "1", "--temp", "0", "-t", strconv.Itoa(c.threads), "-p", "Once upon a time there was a"}
	ours := append([]string{"bin/llm", "run", "--no-chat"}, common...)
	theirs := append([]string{filepath.Join(c.peers, "llama-completion"), "-no-cnv", "--no-warmup", "--no-display-prompt", "-fit", "off"}, common...)
	var first, exit pairs
	for i := range c.pairs + 2 {
		var a, b startTimes
		err := inTurn(i,
			func() (err error) { a, err = timeStart(ours); return err },
			func() (err error) { b, err = timeStart(theirs); return err })
		if err != nil {
			return err
		}
		if i >= 2 { // the first ones warm the file cache
			first.add(a.firstByte, b.firstByte)
			exit.add(a.exit, b.exit)
		}
	}
	first.print("process start to first token", "ms", true)
	exit.print("process start to exit, one token", "ms", true)
	return nil
}

// inTurn runs both, in an order that alternates.
func inTurn(i int, a, b func() error) error {
	if i%2 == 1 {
		a, b = b, a
	}
	if err := a(); err != nil {
		return err
	}
	return b()
}

// ours runs this program on one path.
func (c *config) ours(what string) (s speeds, err error) {
	out, err := exec.Command(c.self, "-ours", what, "-model", c.model, "-threads", strconv.Itoa(c.threads)).Output()
	if err != nil {
		return s, fmt.Errorf("our side (%s): %w", what, err)
	}
	return s, json.Unmarshal(out, &s)
}

func (c *config) llamaBench() (s speeds, err error) {
	out, err := exec.Command(filepath.Join(c.peers, "llama-bench"), "-m", c.model, "-p", strconv.Itoa(promptTokens), "-n", strconv.Itoa(generationTokens),
		"-r", "1", "-t", strconv.Itoa(c.threads), "-o", "json").Output()
	if err != nil {
		return s, fmt.Errorf("llama-bench: %w; build it with: scripts/build-native.sh peers", err)
	}
	var rows []struct {
		Prompt int     `json:"n_prompt"`
		Speed  float64 `json:"avg_ts"`
	}
	if err := json.Unmarshal(out, &rows); err != nil || len(rows) != 2 {
		return s, fmt.Errorf("llama-bench printed %d rows: %w", len(rows), err)
	}
	for _, r := range rows {
		if r.Prompt > 0 {
			s.Prompt = r.Speed
		} else {
			s.Generation = r.Speed
		}
	}
	return s, nil
}

// startTimes are milliseconds from the start of a process.
type startTimes struct{ firstByte, exit float64 }

func timeStart(args []string) (s startTimes, err error) {
	c := exec.Command(args[0], args[1:]...)
	out, err := c.StdoutPipe()
	if err != nil {
		return s, err
	}
	begin := time.Now()
	if err := c.Start(); err != nil {
		return s, err
	}
	if _, err := out.Read(make([]byte, 4096)); err != nil {
		return s, fmt.Errorf("%s printed nothing: %w", args[0], err)
	}
	s.firstByte = millis(time.Since(begin))
	for err == nil {
		_, err = out.Read(make([]byte, 4096))
	}
	err = c.Wait()
	s.exit = millis(time.Since(begin))
	return s, err
}
