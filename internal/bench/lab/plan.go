package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/bench/levels"
	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/oracle"
	"github.com/seed-f87006eb/llm/plan"
)

// planner plans for one level.
type planner struct {
	exact   *oracle.Oracle
	guess   *plan.Estimator
	model   plan.Model
	request plan.Request // with the KV type
	trained int
}

// open makes a planner of a level's header, which need not be made.
func (l *Lab) open(level *levels.Level, kv string) (p *planner, err error) {
	f, tensors := l.File, []gguf.Tensor(nil)
	switch {
	case level.Recipe != nil:
		for _, t := range level.Recipe.Tensors {
			made := t.Tensor
			made.Type = t.To
			tensors = append(tensors, made)
		}
	case level.Path != l.Model.Path:
		if f, err = gguf.Open(level.Path); err != nil {
			return nil, err
		}
		defer f.Close()
	}
	hyper, err := f.Hyper()
	if err != nil {
		return nil, err
	}
	header, err := oracle.Strip(f, tensors)
	if err != nil {
		return nil, err
	}
	p = &planner{model: plan.Model{Hyper: hyper, Tensors: tensors}, trained: hyper.Context}
	if tensors == nil {
		p.model.Tensors = f.Tensors
	}
	o := l.engineOptions(kv, l.Context)
	if p.request, err = o.Request(); err != nil {
		return nil, err
	}
	p.guess = plan.NewEstimator(hyper, p.model.Tensors, plan.RepackNone)
	p.exact, err = oracle.New(header)
	return p, err
}

// Plan is of levels.Lab.
func (l *Lab) Plan(ctx context.Context, level *levels.Level, kv string, curve bool) (m *record.Memory, err error) {
	p, err := l.open(level, kv)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.exact.Close()) }()
	m = &record.Memory{Context: l.Context}
	devices, host, err := engine.PlanDevices(l.engine.Placement.Devices)
	if err != nil {
		return nil, err
	}
	here, err := p.exact.Measure(ctx, devices, p.at(l.Context))
	if err != nil {
		return nil, err
	}
	planned := total(here)
	m.Context, m.Planned = here.Context, &planned
	if host > 0 && here.Host.Total() > host {
		m.NoReal = fmt.Sprintf("%d MiB of host memory are needed and %d MiB are free", here.Host.Total()>>20, host>>20)
	}
	if len(l.Card) > 0 {
		if err := l.onCard(ctx, p, m); err != nil {
			return nil, err
		}
		devices = l.Card
	}
	if curve {
		m.Curve, err = l.curve(ctx, p, devices)
	}
	return m, err
}

// at is the request with a context.
func (p *planner) at(context int) plan.Request {
	r := p.request
	r.Context = context
	r.Batch = min(r.Batch, context)
	return r
}

func total(m *plan.Memory) uint64 {
	n := m.Host.Total()
	for _, d := range m.Devices {
		n += d.Total()
	}
	return n
}

// onCard says what the card holds of the level with all its layers, and whether it fits.
func (l *Lab) onCard(ctx context.Context, p *planner, m *record.Memory) error {
	request := p.at(0)
	request.GPULayers, request.TensorSplit, request.SplitMode = -1, nil, ""
	choice, err := plan.Search(ctx, p.exact, p.guess, &p.model, plan.Wishes{
		Devices: l.Card, Request: request, Context: l.Context, FixedLayers: true, FixedExperts: true, NoAdvice: true, Headroom: l.Headroom,
	})
	var nothing *plan.NothingFits
	if errors.As(err, &nothing) {
		choice = nothing.Nearest
		reasons := make([]string, len(nothing.Lacks))
		for i, lack := range nothing.Lacks {
			reasons[i] = lack.String()
		}
		m.Why = strings.Join(reasons, "; ")
	} else if err != nil {
		return err
	}
	fits := err == nil && choice.Whole
	if m.Fits = &fits; choice == nil {
		return nil
	}
	for _, u := range choice.Memory.Devices {
		m.Card = append(m.Card, record.Use{Weights: u.Weights, KV: u.KV, Compute: u.Compute + u.Output})
	}
	h := choice.Memory.Host
	m.Host = &record.Use{Weights: h.Weights, KV: h.KV, Compute: h.Compute + h.Output}
	if !fits && m.Why == "" {
		m.Why = fmt.Sprintf("%d of %d layers are on the card", choice.Layers, choice.LayersAll)
	}
	return nil
}

// The contexts of a curve: powers of two from the first, or an eighth of what is wanted, to what
// the model was trained on, or twice what is wanted.
const (
	firstContext = 1024
	mostContext  = 1 << 20
	mostPoints   = 10
)

// curve is what devices hold at contexts; without any, what the host does.
func (l *Lab) curve(ctx context.Context, p *planner, devices []plan.Device) (list []record.Point, err error) {
	first := 1
	for first*2 <= max(l.Context/8, 1) {
		first *= 2
	}
	for n := min(first, firstContext); n <= max(min(p.trained, mostContext), 2*l.Context) && len(list) < mostPoints; n *= 2 {
		r := p.at(n)
		if len(l.Card) > 0 {
			r.GPULayers, r.TensorSplit, r.SplitMode = -1, nil, ""
		}
		m, err := p.exact.Measure(ctx, devices, r)
		var impossible *plan.Impossible
		if errors.As(err, &impossible) {
			break
		}
		if err != nil {
			return nil, err
		}
		bytes := total(m)
		if len(l.Card) > 0 {
			bytes -= m.Host.Total()
		}
		list = append(list, record.Point{Context: n, Bytes: bytes})
	}
	return list, nil
}

// Load is of levels.Lab: what the engine accounts for, of a mapped file the tensors that are used
// there.
func (l *Lab) Load(ctx context.Context, t levels.Target) (bytes uint64, err error) {
	if err := l.closeGroup(); err != nil {
		return 0, err
	}
	o := l.engineOptions(t.KV, l.Context)
	o.ComparePlan = true
	e, err := engine.Open(ctx, t.Path, o)
	if err != nil {
		return 0, err
	}
	taken := e.Info().Plan
	for i := range taken.Rows {
		bytes += taken.Rows[i].Real.Total()
	}
	if taken.Problem != "" {
		err = errors.New(taken.Problem)
	}
	return bytes, errors.Join(err, e.Close())
}
