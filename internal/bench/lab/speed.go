package lab

import (
	"context"
	"errors"
	"os"

	"github.com/seed-f87006eb/llm/internal/bench/levels"
	"github.com/seed-f87006eb/llm/internal/bench/speed"
)

// Speed is of levels.Lab: one round of package speed, for which every model is loaded anew, so
// that each round tells how long that takes.
func (l *Lab) Speed(ctx context.Context, targets []levels.Target, round int, progress func(done int)) (timings []levels.Timing, err error) {
	if err := l.closeGroup(); err != nil {
		return nil, err
	}
	tests, err := l.tests(targets)
	if err != nil {
		return nil, err
	}
	machine := l.machine()
	defer func() { err = errors.Join(err, machine.Close()) }()
	sensors, _ := speed.OpenSensors(os.DirFS("/"), nil)
	defer sensors.Close()
	result, err := speed.Run(ctx, machine, sensors, tests, speed.Options{
		Rounds: 1, Seed: l.Seed + uint64(round),
		Progress: func(done, total, _ int, _ speed.Test) { progress(done * len(targets) / max(total, 1)) },
	})
	if err != nil {
		return nil, err
	}
	timings = make([]levels.Timing, len(targets))
	for i, t := range targets {
		timings[i].Name = t.Name
		for k := range result.Rows {
			if row := &result.Rows[k]; row.Model == t.Path && row.KeyType == t.KV {
				add(&timings[i], row)
			}
		}
	}
	return timings, nil
}

// machine is the engine as it is placed.
func (l *Lab) machine() *speed.Engine {
	p := &l.engine.Placement
	m := &speed.Engine{Seed: l.Seed, Placement: speed.Placement{
		Devices: p.Devices, MainGPU: p.MainGPU, TensorSplit: p.TensorSplit, NoOpOffload: p.NoOpOffload, NoHost: p.NoHost, NoRepack: p.NoRepack,
	}}
	for _, o := range p.Overrides {
		m.Placement.Overrides = append(m.Placement.Overrides, [2]string{o.Pattern, o.Buffer})
	}
	return m
}

// tests are a prompt and a generation of each target.
func (l *Lab) tests(targets []levels.Target) (tests []speed.Test, err error) {
	e, layers, mode := &l.engine, -1, l.engine.Placement.SplitMode
	if n := e.Placement.GPULayers; n != nil {
		layers = *n
	}
	if mode == "" {
		mode = "layer"
	}
	flash := "auto"
	if e.FlashAttention != nil {
		flash = map[bool]string{true: "on", false: "off"}[*e.FlashAttention]
	}
	for _, t := range targets {
		g := speed.Grid{
			Models: []string{t.Path}, GPULayers: []int{layers}, CPUMoE: []int{0}, SplitModes: []string{mode},
			Batches: []int{e.Batch}, Ubatches: []int{e.Ubatch}, KeyTypes: []string{t.KV}, ValueTypes: []string{t.KV},
			NoKVOffload: []bool{e.Placement.NoKVOffload}, FlashAttention: []string{flash}, Threads: []int{e.Threads},
			Depths: []int{0}, Prompts: []int{l.Prompt}, Generations: []int{l.Generate},
		}
		more, err := g.Tests()
		if err != nil {
			return nil, err
		}
		tests = append(tests, more...)
	}
	return tests, nil
}

// add takes over what a row says.
func add(t *levels.Timing, row *speed.Row) {
	t.Notes = append(t.Notes, row.Notes...)
	if row.Error != "" {
		t.Error = row.Error
	}
	if len(row.LoadTimes) > 0 {
		t.Load = float64(row.LoadTimes[0]) / 1e9
	}
	switch {
	case row.Speed == nil:
	case row.Generation > 0:
		t.Generation = row.Median
	default:
		t.Prompt = row.Median
	}
}
