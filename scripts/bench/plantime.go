package main

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/oracle"
	"github.com/seed-f87006eb/llm/internal/testheader"
	"github.com/seed-f87006eb/llm/plan"
)

// timePlans measures what planning takes, in medians.
func (c *config) timePlans() error {
	fmt.Println()
	if err := timeEngine(); err != nil {
		return err
	}
	path, err := testheader.Path("llama-3.1-70b", "Q4_K_M")
	if err != nil {
		return err
	}
	f, err := gguf.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h, err := f.Hyper()
	if err != nil {
		return err
	}
	if err := timeArithmetic(h, f.Tensors); err != nil {
		return err
	}
	return timeSearch(f, h)
}

// printTime runs f n times.
func printTime(name string, n int, f func(i int) error) error {
	var times []float64
	for i := range n {
		begin := time.Now()
		if err := f(i); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		times = append(times, float64(time.Since(begin).Nanoseconds())/1e6)
	}
	fmt.Printf("%-72s %9.3f ms, median of %d\n", name, median(times), n)
	return nil
}

// timeEngine plans for a model with a vocabulary of 128,256 tokens.
func timeEngine() error {
	path, err := testheader.PathWithVocabulary("llama-3.1-8b", "Q4_K_M")
	if err != nil {
		return err
	}
	var o *oracle.Oracle
	err = printTime("the oracle opens a header with 128,256 tokens", 11, func(i int) error {
		if o != nil {
			o.Close()
		}
		f, err := gguf.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		o, err = oracle.Open(f)
		return err
	})
	if err != nil {
		return err
	}
	defer o.Close()
	devices, err := plan.ParseDevices("24GiB")
	if err != nil {
		return err
	}
	ctx, r := context.Background(), plan.DefaultRequest()
	r.Context = 4096
	return printTime("one plan of it, with a placement that is new", 31, func(i int) error {
		r.GPULayers = i
		_, err := o.Measure(ctx, devices, r)
		return err
	})
}

func timeArithmetic(h *gguf.Hyper, tensors []gguf.Tensor) error {
	devices, err := plan.ParseDevices("24GiB")
	if err != nil {
		return err
	}
	r := plan.DefaultRequest()
	r.Context, r.GPULayers = 4096, 45
	e := plan.NewEstimator(h, tensors, plan.RepackNone)
	err = printTime("the arithmetic, 70B on one card, from its header", 1001, func(int) error {
		_, err := plan.Estimate(h, tensors, devices, r)
		return err
	})
	if err != nil {
		return err
	}
	return printTime("the same, again", 1001, func(int) error {
		_, err := e.Measure(context.Background(), devices, r)
		return err
	})
}

// timeSearch looks for the best placement of a 70B on three cards, confirmed by the engine.
func timeSearch(f *gguf.File, h *gguf.Hyper) error {
	devices, err := plan.ParseDevices("24GiB+12GiB+8GiB")
	if err != nil {
		return err
	}
	return printTime("search for a 70B on 24GiB+12GiB+8GiB, from its opened header", 5, func(int) error {
		o, err := oracle.Open(f)
		if err != nil {
			return err
		}
		defer o.Close()
		guess := plan.NewEstimator(h, f.Tensors, plan.RepackNone)
		_, err = plan.Search(context.Background(), o, guess, &plan.Model{Hyper: h, Tensors: f.Tensors},
			plan.Wishes{Devices: devices, Request: plan.DefaultRequest(), Headroom: plan.DefaultHeadroom})
		return err
	})
}
