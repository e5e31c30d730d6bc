package engine

import (
	"strings"
	"time"

	"github.com/seed-f87006eb/llm/internal/oracle"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// PlanReport compares what a load was planned to take with what it took.
type PlanReport struct {
	Rows     []PlanRow     // one for each device that the model uses, then the CPU
	Resident uint64        // memory of the process after the load, in bytes; 0: not known
	Time     time.Duration // that planning took
	Problem  string        // why there is no plan; empty: there is one
}

// PlanRow is one memory.
type PlanRow struct {
	Device  string
	Planned plan.Use
	Real    plan.Use
	// Mapped is the part of Real.Weights that is the file itself, which the system may take
	// back. Of weights that the CPU rearranges the file is another copy, which does not count.
	Mapped uint64
}

// Difference is how much more was taken than planned, in bytes.
func (r *PlanRow) Difference() int64 { return int64(r.Real.Total() - r.Planned.Total()) }

// comparePlan plans for the load that was made, with the context c, and looks at what it took.
func (e *Engine) comparePlan(c *llama.Context, p llama.ContextParams) *PlanReport {
	r := &PlanReport{Resident: residentMemory()}
	begin := time.Now()
	planned, err := simulate(e.info.Path, e.placed(), &p)
	r.Time = time.Since(begin)
	if err != nil {
		r.Problem = err.Error()
		return r
	}
	devices := e.model.Devices()
	real := oracle.Account(e.model, c, devices, p.Embeddings)
	for i, device := range devices {
		row := PlanRow{Device: device, Real: real.Devices[i]}
		if i < len(planned.Devices) {
			row.Planned = planned.Devices[i]
		}
		r.Rows = append(r.Rows, row)
	}
	host := PlanRow{Device: llama.DeviceCPU.String(), Planned: planned.Host, Real: real.Host}
	for _, use := range c.MemoryUse() {
		if isMapped(use.Buffer) {
			host.Real.Weights -= use.Model // all between the first weight and the last
		}
	}
	for _, t := range e.model.Tensors() {
		if isMapped(t.Buffer) {
			host.Mapped += t.Size
		}
	}
	host.Real.Weights += host.Mapped
	r.Rows = append(r.Rows, host)
	return r
}

// isMapped tells the engine's names of buffers that are files.
func isMapped(buffer string) bool { return strings.HasSuffix(buffer, "_Mapped") }
