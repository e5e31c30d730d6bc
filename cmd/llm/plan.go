package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/plan"
)

func (a *app) planCommand() *cobra.Command {
	var f planFlags
	c := &cobra.Command{
		Use:   "plan MODEL|URL",
		Short: "Tell what fits on which devices, before anything is downloaded",
		Long: `Tell what a model (a GGUF file) takes of the memory of devices, which need not be here:
which placement fits best, how much context, and what other choices cost.

The figures are the engine's own: it plans without allocating, on a device as it is
described. Only the header of the model is read, also behind a URL. Without --gpu the
devices of this machine are planned for, with what is free of their memory.

--gpu takes cards by name or by memory: rtx4090, 24GiB, 2x12GiB, 24GiB+12GiB,
vulkan:16GiB, m3max:64GiB; with @936GB/s behind it, the bandwidth of its memory. What is
not said is looked for: the layers that go to the devices, the experts that stay in host
memory, the context. What is said is kept. Flags have the names of llm run.

Speeds are estimates, and upper bounds: the bytes that are read for a token by the
bandwidth of the memory that they are in. The exit code is 1 when nothing fits; then it
is said what is missing, and what would fit. docs/plan-command.md describes the screen
and the JSON.`,
		Example: `  llm plan model.gguf --gpu 24GiB
  llm plan model.gguf --gpu 2xrtx3090 --ctx 32768 --kv-type q8_0
  llm plan https://huggingface.co/ORG/REPO/resolve/main/model.gguf --gpu rtx4090 --levels
  llm plan model.gguf --gpu m3max:64GiB --parallel 4 --outputs server
  llm plan model.gguf --gpu 24GiB --json | jq .kv_bytes`,
		Args: func(c *cobra.Command, args []string) error {
			if n := len(args); n != 1 && (n != 0 || f.load.model == "") {
				return usagef("%s takes one file or URL, not %d; see '%s --help'", c.CommandPath(), n, c.CommandPath())
			}
			return nil
		},
		RunE:              func(_ *cobra.Command, args []string) error { return a.plan(&f, args) },
		ValidArgsFunction: completeModel,
	}
	f.register(c)
	completeFlags(c)
	return c
}

// planning is a plan at work.
type planning struct {
	flags    *planFlags
	address  string
	file     *gguf.File
	fetched  func() int64 // nil: nothing is
	planner  *llm.Planner
	exact    plan.Measurer // with what is loaded beside the model
	guess    plan.Set
	leveled  []leveled // see allLevels
	wishes   plan.Wishes
	beside   []string // what is
	warnings []string
	close    []io.Closer
}

func (a *app) plan(f *planFlags, args []string) error {
	address := f.load.model
	if len(args) > 0 {
		if address != "" {
			return usagef("give the model once: as an argument or with -m")
		}
		address = args[0]
	}
	ctx, stop := interruptible()
	defer stop()
	p := &planning{flags: f, address: address}
	defer p.Close()
	wishes, err := f.wishes()
	if err != nil {
		return err
	}
	p.wishes = wishes
	started := time.Now()
	if err := p.open(ctx); err != nil {
		return err
	}
	r, err := p.report(ctx)
	if err != nil {
		return err
	}
	r.Milliseconds = time.Since(started).Milliseconds()
	return a.report(r, f.json, r.screen, r.Fits)
}

// open reads the headers and starts what plans.
func (p *planning) open(ctx context.Context) (err error) {
	if p.file, p.fetched, err = openHeaderFrom(ctx, p.address); err != nil {
		return err
	}
	p.close = append(p.close, p.file)
	if p.planner, err = llm.OpenPlanner(ctx, p.file, nil); err != nil {
		return err
	}
	p.close = append(p.close, p.planner)
	h := p.planner.Hyper
	if p.wishes.Context < 0 {
		p.wishes.Context = max(h.Context, 0)
	}
	if t := p.wishes.Context; h.Context > 0 && t > h.Context {
		p.warn("%d tokens are more than the %d that the model was trained on: answers may be bad", t, h.Context)
	}
	return p.openBeside(ctx)
}

// openBeside reads what is loaded with the model.
func (p *planning) openBeside(ctx context.Context) error {
	exact, guess := plan.Set{Model: p.planner}, plan.Set{Model: p.planner.Guess}
	both := func(c plan.Companion) {
		exact.Companions, guess.Companions = append(exact.Companions, c), append(guess.Companions, c)
	}
	header := func(what, address string) (*gguf.File, error) {
		f, _, err := openHeaderFrom(ctx, address)
		if err == nil {
			p.close = append(p.close, f)
			p.beside = append(p.beside, what+" of "+size(f.Parameters(nil).Bytes))
		}
		return f, err
	}
	for _, path := range p.flags.adapters() {
		f, err := header("adapter", path)
		if err != nil {
			return err
		}
		both(plan.Weights{Tensors: f.Tensors})
	}
	if address := p.flags.mmproj; address != "" {
		f, err := header("projector", address)
		if err != nil {
			return err
		}
		both(plan.Projector{Tensors: f.Tensors})
		p.warn("what the projector takes to compute is not known, and comes on top")
	}
	if address := p.flags.draft; address != "" {
		f, err := header("draft model", address)
		if err != nil {
			return err
		}
		draft, err := llm.OpenPlanner(ctx, f, nil)
		if err != nil {
			return err
		}
		p.close = append(p.close, draft)
		exact.Companions = append(exact.Companions, plan.Draft{Model: draft})
		guess.Companions = append(guess.Companions, plan.Draft{Model: draft.Guess})
	}
	p.exact, p.guess = exact, guess
	return nil
}

// Close ends what was opened, the last first.
func (p *planning) Close() {
	for i := len(p.close) - 1; i >= 0; i-- {
		p.close[i].Close()
	}
}

func (p *planning) search(ctx context.Context, w plan.Wishes) (*plan.Choice, *plan.NothingFits, error) {
	c, err := plan.Search(ctx, p.exact, p.guess, &p.planner.Model, w)
	var nothing *plan.NothingFits
	if errors.As(err, &nothing) {
		return nil, nothing, nil
	}
	return c, nil, err
}
