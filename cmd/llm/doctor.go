package main

import (
	"context"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm/internal/doctor"
	"github.com/seed-f87006eb/llm/internal/doctor/machine"
)

type doctorFlags struct {
	json    bool
	threads int
	time    time.Duration
}

// examineCommand is the hidden command that examines one device in a process of its own.
const examineCommand = "doctor-examine"

func (a *app) doctorCommand() *cobra.Command {
	var f doctorFlags
	c := &cobra.Command{
		Use:   "doctor [MODEL.gguf]",
		Short: "Measure and check every device that the engine finds",
		Long: `Tell what the engine finds on this machine, measure each device (copying memory,
multiplying matrices) and compare what it computes with the CPU: products of all common
types of weights, and the logits of 64 tokens of a model. Without a model, a small one
with random weights is made for that. It takes some ten seconds a device.

Each device is examined in a process of its own: what crashes there is a line of the
report. The exit code is 1 when a check failed. docs/doctor.md says what each line
means, and what --json prints.`,
		Example: `  llm doctor
  llm doctor model.gguf
  llm doctor --json >report.json
  llm doctor --json | jq .findings`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("%s takes one model at most, not %d; see '%s --help'", c.CommandPath(), len(args), c.CommandPath())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			model := ""
			if len(args) > 0 {
				model = args[0]
			}
			return a.doctor(&f, model)
		},
		ValidArgsFunction: completeModel,
	}
	s := c.Flags()
	s.SetNormalizeFunc(canonical)
	s.BoolVar(&f.json, "json", false, "print JSON")
	s.IntVarP(&f.threads, "threads", "t", 0, "threads of the CPU (default: the physical cores)")
	s.DurationVar(&f.time, "time", time.Second, "how long each of the five measurements takes")
	return c
}

func (a *app) doctor(f *doctorFlags, model string) error {
	if f.threads < 0 || f.threads > 512 {
		return usagef("-t %d: from 1 to 512 threads", f.threads)
	}
	if f.time < 0 || f.time > time.Minute {
		return usagef("--time %v: from 0 to 1m", f.time)
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	v, err := version()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	m, err := machine.New(machine.Options{
		Version: v.LLM, Command: []string{program, examineCommand},
		Model: model, Threads: f.threads, Time: f.time,
	})
	if err != nil {
		return err
	}
	defer m.Close()
	facts, err := a.collect(ctx, m)
	if err != nil {
		return err
	}
	return a.printReport(doctor.NewReport(facts), f.json)
}

// printReport fails when a check did.
func (a *app) printReport(r doctor.Report, asJSON bool) error {
	return a.report(r, asJSON, func(s style) string { return doctorScreenOf(&r, s) }, r.Passed)
}

// collect shows each step on a terminal.
func (a *app) collect(ctx context.Context, m doctor.Machine) (*doctor.Facts, error) {
	if !isTerminal(a.err) {
		return doctor.Collect(ctx, m, func(string, string, float64) {})
	}
	p := a.newProgress("")
	defer func() { p.done() }()
	return doctor.Collect(ctx, m, func(device, step string, fraction float64) {
		if what := device + ", " + step; p.what != what {
			p.done()
			p = a.newProgress(what)
		}
		p.update(float32(fraction))
	})
}

func (a *app) examineCommand() *cobra.Command {
	return &cobra.Command{
		Use:    examineCommand,
		Short:  "Examine one device for llm doctor",
		Hidden: true,
		Args:   noArgs,
		RunE:   func(*cobra.Command, []string) error { return machine.Serve(a.in, a.out) },
	}
}
