package gguf

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// BenchmarkWrite writes a model and copies the same file in turns, without waiting for
// the disk, and reports the medians, and the speed of the one as a share of the other's.
func BenchmarkWrite(b *testing.B) {
	path := testmodel.Gemma3(b)
	f, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	dir := b.TempDir()
	var writing, copying []time.Duration
	round := func(times *[]time.Duration, do func(out *os.File) error) {
		out, err := os.Create(filepath.Join(dir, "out"))
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		if err := do(out); err != nil {
			b.Fatal(err)
		}
		*times = append(*times, time.Since(start))
		if err := out.Close(); err != nil {
			b.Fatal(err)
		}
		os.Remove(out.Name())
	}
	b.SetBytes(f.Size())
	for b.Loop() {
		round(&copying, func(out *os.File) error {
			in, err := os.Open(path)
			if err != nil {
				return err
			}
			defer in.Close()
			_, err = io.Copy(out, in)
			return err
		})
		round(&writing, func(out *os.File) error {
			w, err := f.Copy()
			if err == nil {
				_, err = w.WriteTo(out)
			}
			return err
		})
	}
	write, copied := median(writing), median(copying)
	b.ReportMetric(1000*write.Seconds(), "ms/write")
	b.ReportMetric(1000*copied.Seconds(), "ms/copy")
	b.ReportMetric(100*copied.Seconds()/write.Seconds(), "%speed-of-copy")
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// BenchmarkHash hashes the tensors of a model.
func BenchmarkHash(b *testing.B) {
	f, err := Open(testmodel.Gemma3(b))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	b.SetBytes(f.Size())
	for b.Loop() {
		h, err := f.Hash(b.Context(), nil)
		if err != nil || len(h.Tensors) != len(f.Tensors) {
			b.Fatal(fmt.Errorf("%d tensors: %w", len(h.Tensors), err))
		}
	}
}
