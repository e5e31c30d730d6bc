package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	parser "github.com/gpustack/gguf-parser-go"
)

// question is what is asked of a file.
type question struct {
	Path      string
	Context   int32
	KV        string // "f16", "q8_0", "q4_0"
	Sequences int32
	GPU       bool // all layers on one device; else on the CPU
}

// use is bytes of one memory.
type use struct{ Weights, KV, Compute uint64 }

type reply struct {
	Host, Device use
	Micros       float64 // that the estimate took
	Failed       string  // how it ended instead
}

var kvTypes = map[string]parser.GGMLType{"f16": parser.GGMLTypeF16, "q8_0": parser.GGMLTypeQ8_0, "q4_0": parser.GGMLTypeQ4_0}

// answer keeps the file that was asked about last.
func answer(in io.Reader, out io.Writer) error {
	questions, replies := json.NewDecoder(in), json.NewEncoder(out)
	var path string
	var file *parser.GGUFFile
	for {
		var q question
		if err := questions.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if q.Path != path {
			f, err := parser.ParseGGUFFile(q.Path, parser.UseMMap())
			if err != nil {
				return fmt.Errorf("%s: %w", q.Path, err)
			}
			path, file = q.Path, f
		}
		if err := replies.Encode(q.estimate(file)); err != nil {
			return err
		}
	}
}

func (q question) estimate(f *parser.GGUFFile) (r reply) {
	defer func() {
		if p := recover(); p != nil {
			r.Failed = fmt.Sprint(p)
		}
	}()
	kv, ok := kvTypes[q.KV]
	if !ok {
		return reply{Failed: fmt.Sprintf("no KV cache is of type %q", q.KV)}
	}
	// The engine uses flash attention where nothing is said, on the CPU and on CUDA.
	options := []parser.GGUFRunEstimateOption{
		parser.WithLLaMACppContextSize(q.Context), parser.WithParallelSize(q.Sequences), parser.WithFlashAttention(),
		parser.WithLLaMACppCacheKeyType(kv), parser.WithLLaMACppCacheValueType(kv),
	}
	if !q.GPU {
		options = append(options, parser.WithLLaMACppOffloadLayers(0))
	}
	begin := time.Now()
	e := f.EstimateLLaMACppRun(options...)
	r.Micros = float64(time.Since(begin).Nanoseconds()) / 1000
	r.Host, r.Device = used(e.Devices[0]), used(e.Devices[1])
	return r
}

// used leaves out the footprints, which are not the engine's buffers; the rest is summed as
// the package does.
func used(d parser.LLaMACppRunDeviceUsage) use {
	c := d.Computation
	c.Footprint = 0
	return use{uint64(d.Weight.Sum()), uint64(d.KVCache.Sum()), uint64(c.Sum())}
}
