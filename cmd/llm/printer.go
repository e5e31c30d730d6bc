package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/seed-f87006eb/llm"
)

// printer shows what happens while a model is run.
type printer interface {
	opened(llm.Info) error
	begin(thinkMode) // of a reply
	event(llm.Event) error
	end() error // the reply is over
}

func newPrinter(a *app, asJSON, verbose bool) printer {
	if asJSON {
		return &jsonPrinter{out: json.NewEncoder(a.out)}
	}
	return &textPrinter{app: a, verbose: verbose, newline: true, style: styleOf(a.out), thoughts: thoughtPrinter{app: a}}
}

// textPrinter writes the answer to standard output and all else, also what the model
// thinks, to standard error.
type textPrinter struct {
	*app
	verbose  bool
	style    style
	info     llm.Info
	newline  bool // the output stands at the beginning of a line
	thoughts thoughtPrinter
	answered bool                // a part of this reply's answer is written
	tokens   []*llm.TokenLogprob // of this reply
}

func (p *textPrinter) opened(info llm.Info) error {
	p.info = info
	if info.Chosen != "" {
		fmt.Fprintf(p.err, "llm: %s; -ngl and -c choose otherwise\n", oneLine(info.Chosen))
	}
	if r := info.ContextReason; p.verbose || info.Chosen == "" && r != "as asked" && r != "as trained" {
		fmt.Fprintf(p.err, "llm: context of %d tokens (%s); -c changes it\n", info.Context.ContextSeq, r)
	}
	return nil
}

func (p *textPrinter) begin(mode thinkMode) {
	p.thoughts.mode, p.thoughts.hidden = mode, false
	p.answered, p.tokens = false, nil
}

func (p *textPrinter) event(ev llm.Event) error {
	switch ev.Kind {
	case llm.KindReasoning:
		p.thoughts.print(ev.Text)
	case llm.KindText:
		p.thoughts.end()
		return p.write(ev.Text)
	case llm.KindToolCall:
		p.thoughts.end()
		return p.write(ev.ToolCall.Name + ev.ToolCall.Arguments)
	case llm.KindToken:
		p.tokens = append(p.tokens, ev.Token)
	case llm.KindDropped:
		fmt.Fprintf(p.err, "\nllm: the context is full: tokens %d to %d were dropped (policy %s)\n", ev.Dropped.From, ev.Dropped.To-1, ev.Dropped.Policy)
	case llm.KindUsage:
		if p.verbose {
			p.lineEnd()
			p.stats(ev.Usage)
		}
	case llm.KindStop:
		p.stop(ev.Stop)
	}
	return nil
}

func (p *textPrinter) write(text string) error {
	p.answered = true
	_, err := fmt.Fprint(p.out, p.style.safe(text))
	p.newline = strings.HasSuffix(text, "\n")
	return err
}

func (p *textPrinter) end() error {
	p.thoughts.end()
	if err := p.lineEnd(); err != nil {
		return err
	}
	if p.thoughts.hidden && !p.answered {
		fmt.Fprintln(p.err, "llm: the model thought, and did not come to an answer; --think show prints what it thought")
	}
	return writeLogprobs(p.err, p.tokens)
}

func (p *textPrinter) lineEnd() error {
	if p.newline {
		return nil
	}
	return p.write("\n")
}

// stop says why a reply ended where it is not what was asked for.
func (p *textPrinter) stop(s *llm.Stop) {
	if p.verbose {
		fmt.Fprintf(p.err, "stop         %s\n", s)
	} else if s.Reason == llm.StopContextFull {
		p.lineEnd()
		fmt.Fprintf(p.err, "llm: the reply was cut: the context of %d tokens is full; give a larger one (-c) or --context-policy shift\n", p.info.Context.ContextSeq)
	}
}

func (p *textPrinter) stats(u *llm.Usage) {
	evaluated := u.PromptTokens - u.CachedTokens
	fmt.Fprintf(p.err, "load         %s, %d threads\n", round(p.info.LoadTime), p.info.Threads)
	fmt.Fprintf(p.err, "first token  %s\n", round(u.FirstToken))
	fmt.Fprintf(p.err, "prompt       %d tokens, %d of them from memory, %s (%.1f tokens/s)\n", u.PromptTokens, u.CachedTokens, round(u.Prompt), rate(evaluated, u.Prompt))
	fmt.Fprintf(p.err, "generation   %d tokens, %s (%.1f tokens/s)\n", u.CompletionTokens, round(u.Generation), rate(u.CompletionTokens-1, u.Generation))
	if text := stepsText(u); text != "" {
		fmt.Fprintf(p.err, "sampler      %s\n", text)
	}
	for _, d := range p.info.Shares {
		fmt.Fprintf(p.err, "device       %-10s %d layers, %d tensors of %s\n", d.Device, d.Layers, d.Tensors, mib(d.Weights))
	}
	for _, m := range p.info.Memory {
		fmt.Fprintf(p.err, "memory       %-10s weights %s, KV cache %s, compute %s\n", m.Buffer, mib(m.Model), mib(m.Context), mib(m.Compute))
	}
	p.plan(p.info.Plan)
	if peak := peakRSS(); peak > 0 {
		fmt.Fprintf(p.err, "memory       peak of the process %s\n", mib(peak))
	}
}

// stepsText says how many candidates each step of the sampler left, as a mean over the
// tokens.
func stepsText(u *llm.Usage) string {
	if len(u.Steps) == 0 || u.Steps[0].Before == 0 {
		return ""
	}
	mean := func(sum int) string {
		return strconv.FormatFloat(math.Round(10*float64(sum)/float64(u.SampledTokens))/10, 'f', -1, 64)
	}
	parts := []string{mean(u.Steps[0].Before) + " candidates"}
	for _, s := range u.Steps {
		parts = append(parts, s.Name+" "+mean(s.After))
	}
	return strings.Join(parts, ", ") + " (means)"
}

// plan compares what was planned with what was taken, a line for each device.
func (p *textPrinter) plan(r *llm.PlanReport) {
	if r == nil {
		return
	}
	if r.Problem != "" {
		fmt.Fprintf(p.err, "plan         there is none: %s\n", oneLine(r.Problem))
	}
	for _, row := range r.Rows {
		mapped := ""
		if row.Mapped > 0 {
			mapped = fmt.Sprintf(" (%s of it the mapped file)", mib(row.Mapped))
		}
		fmt.Fprintf(p.err, "plan         %-10s planned %s, real %s%s, difference %+.1f MiB\n", row.Device, mib(row.Planned.Total()), mib(row.Real.Total()), mapped,
			float64(row.Difference())/(1<<20))
	}
	if r.Resident > 0 {
		fmt.Fprintf(p.err, "memory       the process after the load %s\n", mib(r.Resident))
	}
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

func rate(tokens int, d time.Duration) float64 {
	if tokens <= 0 || d <= 0 {
		return 0
	}
	return float64(tokens) / d.Seconds()
}

// peakRSS is the most memory that this process had, in bytes; 0 where that is not
// known.
func peakRSS() uint64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return uint64(u.Maxrss) * rssUnit
}
