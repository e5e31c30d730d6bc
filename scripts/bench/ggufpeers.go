package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// peer is another reader of GGUF files, in a process of its own.
type peer struct {
	name  string
	get   []string // the command that gets it
	run   []string // the command that reads the file, and prints its milliseconds as JSON
	modes []string // the names of lists of times; none: it prints one list
	times int      // in turn with ours
}

// ggufPeers read the file at path.
func ggufPeers(path string) []peer {
	return []peer{
		{"gguf-parser-go v0.28.1", []string{"go", "build", "-C", "scripts/bench/peers", "-o", "../../../build/peers", "."},
			[]string{"build/peers", "3", path}, []string{"default", "mmap", "skip-large, mmap"}, 5},
		{"gguf-py 0.19.0", []string{"scripts/fetch-gguf-py.sh"},
			[]string{"python3", "scripts/gguf-py.py", "build/python/gguf", "time", "1", path}, nil, 3},
		{"@huggingface/gguf 0.4.6", []string{"npm", "install", "--silent", "--ignore-scripts", "--prefix", "build/node", "@huggingface/gguf@0.4.6", "@huggingface/tasks@0.21.33"},
			[]string{"node", "scripts/bench/peers/gguf.mjs", "build/node", "3", path}, nil, 5},
	}
}

// compareWithPeers prints how many times as long as ours each takes. One that cannot be
// had is named.
func (h *headerFile) compareWithPeers() error {
	llama.BuildInfo() // starts the engine
	var engine pairs
	for i := range 31 {
		var ours, theirs float64
		err := inTurn(i,
			func() (err error) { ours, err = h.oursOnce(); return err },
			func() (err error) {
				theirs, err = timed(func() error { return reference.OpenGGUF(h.path) })
				return err
			})
		if err != nil {
			return err
		}
		engine.add(ours, theirs)
	}
	engine.printFine("the engine's gguf_init_from_file", "ms")
	for _, p := range ggufPeers(h.path) {
		if err := h.compareWith(p); err != nil {
			fmt.Printf("%-44s not measured: %v\n", p.name, err)
		}
	}
	return nil
}

// oursOnce is the median of a few runs, as peers are measured.
func (h *headerFile) oursOnce() (float64, error) {
	var times []float64
	for range 3 {
		d, err := timed(h.open)
		if err != nil {
			return 0, err
		}
		times = append(times, d)
	}
	return median(times), nil
}

func (h *headerFile) compareWith(p peer) error {
	for _, command := range [][]string{p.get, p.run} {
		if _, err := exec.LookPath(command[0]); err != nil && !strings.Contains(command[0], "/") {
			return fmt.Errorf("%s is not there", command[0])
		}
	}
	if out, err := exec.Command(p.get[0], p.get[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(p.get[0]), err, lastLine(out))
	}
	modes := p.modes
	if modes == nil {
		modes = []string{""}
	}
	results := make([]pairs, len(modes))
	for i := range p.times {
		var ours float64
		var theirs map[string][]float64
		err := inTurn(i,
			func() (err error) { ours, err = h.oursOnce(); return err },
			func() (err error) { theirs, err = p.measure(); return err })
		if err != nil {
			return err
		}
		for j, mode := range modes {
			if len(theirs[mode]) == 0 {
				return fmt.Errorf("it printed no times of %q", mode)
			}
			results[j].add(ours, median(theirs[mode]))
		}
	}
	for j, mode := range modes {
		name := p.name
		if mode != "" {
			name += ", " + mode
		}
		results[j].printFine(name, "ms")
	}
	return nil
}

// measure runs the peer; a single list of times has the name "".
func (p peer) measure() (map[string][]float64, error) {
	c := exec.Command(p.run[0], p.run[1:]...)
	c.Env = append(os.Environ(), "PYTHONPATH=build/python")
	out, err := c.Output()
	if err != nil {
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w: %s", err, lastLine(failed.Stderr))
		}
		return nil, err
	}
	if p.modes != nil {
		var times map[string][]float64
		return times, json.Unmarshal(out, &times)
	}
	var times []float64
	err = json.Unmarshal(out, &times)
	return map[string][]float64{"": times}, err
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}
