// Command peers runs gpustack/gguf-parser-go, which other commands compare with ours. It is
// a module of its own, so that ours never depends on what it measures.
//
//	peers RUNS FILE   milliseconds of each reading of the header of a GGUF file, by mode, as JSON
//	peers estimate    what models take of memory: questions on standard input, answers on
//	                  standard output, lines of JSON (estimate.go)
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	parser "github.com/gpustack/gguf-parser-go"
)

var modes = []struct {
	name    string
	options []parser.GGUFReadOption
}{
	{"default", nil},
	{"mmap", []parser.GGUFReadOption{parser.UseMMap()}},
	{"skip-large, mmap", []parser.GGUFReadOption{parser.SkipLargeMetadata(), parser.UseMMap()}},
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) == 2 && os.Args[1] == "estimate" {
		return answer(os.Stdin, os.Stdout)
	}
	if len(os.Args) != 3 {
		return fmt.Errorf("usage: peers RUNS FILE, or peers estimate")
	}
	runs, err := strconv.Atoi(os.Args[1])
	if err != nil {
		return err
	}
	times := map[string][]float64{}
	for range runs {
		for _, mode := range modes {
			begin := time.Now()
			f, err := parser.ParseGGUFFile(os.Args[2], mode.options...)
			if err != nil {
				return fmt.Errorf("%s: %w", mode.name, err)
			}
			times[mode.name] = append(times[mode.name], float64(time.Since(begin).Microseconds())/1000)
			if len(f.TensorInfos) == 0 {
				return fmt.Errorf("%s: no tensors", mode.name)
			}
		}
	}
	return json.NewEncoder(os.Stdout).Encode(times)
}
