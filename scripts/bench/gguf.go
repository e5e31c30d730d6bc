package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/seed-f87006eb/llm/gguf"
)

// bigHeader has a vocabulary of 262,144 tokens.
const bigHeader = "models/gemma-3-270m.Q4_K_M.gguf"

// ggufRounds are of the calls that take about a millisecond.
const ggufRounds = 101

// headerFile is the start of a file, and what its readers are measured on.
type headerFile struct {
	path   string
	file   *os.File
	buffer []byte
	words  uint64 // the sum of what was touched
	*gguf.File
}

// way is one of doing something with a header.
type way struct {
	name   string
	run    func() error
	target float64 // times the touch of every word; 0: none
}

// compareGGUF sets our reader of GGUF files beside the least that memory allows, and
// beside other readers.
func (c *config) compareGGUF() error {
	h, err := openHeader(bigHeader)
	if err != nil {
		return err
	}
	defer h.file.Close()
	defer h.Close()
	if err := h.compareWithMemory(); err != nil {
		return err
	}
	fmt.Println()
	header("ours", "theirs", "ratio")
	if err := h.compareWrite(); err != nil {
		return err
	}
	return h.compareWithPeers()
}

func openHeader(path string) (*headerFile, error) {
	f, err := gguf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w; get it with: scripts/fetch-model.sh gemma3", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &headerFile{path: path, file: file, buffer: make([]byte, f.Parts[0].HeaderSize), File: f}, nil
}

// compareWithMemory has the time to touch every word of the mapped header as its measure.
func (h *headerFile) compareWithMemory() error {
	ways := []way{
		{"touch every word of the mapped header", h.touch, 0},
		{"read it once into a buffer", h.readOnce, 0},
		{"ours: hyper-parameters and tensors", h.open, 1.2},
		{"ours: architecture and block_count", h.peek, 0},
		{"ours: all tokens as views", h.tokens, 3},
	}
	times := make([][]float64, len(ways))
	for round := range ggufRounds + 5 {
		for i := range ways {
			if round%2 == 1 {
				i = len(ways) - 1 - i
			}
			d, err := timed(ways[i].run)
			if err != nil {
				return err
			}
			if round >= 5 { // the first ones warm the file cache
				times[i] = append(times[i], d)
			}
		}
	}
	fmt.Printf("\nthe header of %s, %.1f MB, %d keys, %d tensors; %d rounds, page cache warm\n", filepath.Base(h.path), float64(len(h.buffer))/1e6,
		len(h.Keys), len(h.Tensors), ggufRounds)
	fmt.Printf("%-44s %12s %12s %10s  %-16s %s\n", "", "median", "of the touch", "allocs", "95 % interval", "spread")
	for i, w := range ways {
		printOfTouch(w, times[i], times[0])
	}
	return nil
}

func printOfTouch(w way, times, touch []float64) {
	ratios := make([]float64, len(times))
	for i := range times {
		ratios[i] = times[i] / touch[i]
	}
	slices.Sort(ratios)
	low, high := medianInterval(ratios)
	fmt.Printf("%-44s %9.3f ms %12.2f %10.0f  [%.2f, %.2f]     %.2f to %.2f", w.name, median(times), median(ratios),
		testing.AllocsPerRun(20, func() { w.run() }), low, high, ratios[0], ratios[len(ratios)-1])
	if w.target > 0 {
		fmt.Printf(", target %.1f", w.target)
	}
	fmt.Println()
}

// timed is how many milliseconds a call takes.
func timed(f func() error) (float64, error) {
	begin := time.Now()
	err := f()
	return float64(time.Since(begin).Nanoseconds()) / 1e6, err
}

// touch maps the header and adds all its words.
func (h *headerFile) touch() error {
	b, err := syscall.Mmap(int(h.file.Fd()), 0, len(h.buffer), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	for _, word := range unsafe.Slice((*uint64)(unsafe.Pointer(&b[0])), len(b)/8) {
		h.words += word
	}
	return syscall.Munmap(b)
}

func (h *headerFile) readOnce() error {
	_, err := h.file.ReadAt(h.buffer, 0)
	return err
}

// open is what every decision about a model begins with.
func (h *headerFile) open() error {
	f, err := gguf.Open(h.path)
	if err != nil {
		return err
	}
	p, err := f.Hyper()
	if err == nil && (len(p.Layers) == 0 || len(f.Tensors) == 0) {
		err = errors.New("the header has no layers or no tensors")
	}
	return errors.Join(err, f.Close())
}

// peek does not go to the vocabulary.
func (h *headerFile) peek() error {
	file, err := os.Open(h.path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	found, err := gguf.Peek(file, info.Size(), gguf.KeyArchitecture, h.Architecture()+".block_count")
	if err == nil && len(found) != 2 {
		err = fmt.Errorf("%d of two keys were found", len(found))
	}
	return err
}

// tokens goes over the whole vocabulary.
func (h *headerFile) tokens() error {
	f, err := gguf.Open(h.path)
	if err != nil {
		return err
	}
	defer f.Close()
	v, _ := f.Lookup("tokenizer.ggml.tokens")
	s, err := v.Strings()
	if err != nil {
		return err
	}
	size := 0
	for _, text := range s.All() {
		size += len(text)
	}
	if size == 0 {
		return errors.New("the tokens have no text")
	}
	return nil
}
