package main

import (
	"encoding/json"
	"time"

	"github.com/seed-f87006eb/llm"
)

// jsonPrinter writes one JSON object an event to standard output.
type jsonPrinter struct {
	out  *json.Encoder
	mode thinkMode
}

func (p *jsonPrinter) opened(info llm.Info) error {
	o := map[string]any{
		"event": "model", "path": info.Path, "description": info.Model.Description,
		"n_ctx": info.Context.ContextSeq, "n_ctx_reason": info.ContextReason, "n_ctx_train": info.Model.ContextTrain,
		"devices": shareRows(info.Shares), "threads": info.Threads, "load_ms": ms(info.LoadTime),
	}
	if info.Chosen != "" {
		o["chosen"] = info.Chosen
	}
	if info.Plan != nil {
		o["plan"] = planRows(info.Plan)
	}
	return p.out.Encode(o)
}

// planRow compares the plan for a memory with what was taken of it, in bytes.
type planRow struct {
	Device  string `json:"device"`
	Planned uint64 `json:"planned"`
	Real    uint64 `json:"real"`
	Mapped  uint64 `json:"mapped"` // of the real: the file itself
}

func planRows(r *llm.PlanReport) []planRow {
	rows := []planRow{}
	for _, row := range r.Rows {
		rows = append(rows, planRow{row.Device, row.Planned.Total(), row.Real.Total(), row.Mapped})
	}
	return rows
}

// shareRow is what a device has of the model.
type shareRow struct {
	Device  string `json:"device"`
	Layers  int    `json:"layers"`  // the output is one
	Weights uint64 `json:"weights"` // bytes
}

func shareRows(shares []llm.DeviceShare) []shareRow {
	rows := []shareRow{}
	for _, s := range shares {
		rows = append(rows, shareRow{s.Device, s.Layers, s.Weights})
	}
	return rows
}

func (p *jsonPrinter) begin(mode thinkMode) { p.mode = mode }

func (p *jsonPrinter) event(ev llm.Event) error {
	if ev.Kind == llm.KindReasoning && p.mode == thinkHide {
		return nil
	}
	o := map[string]any{"event": ev.Kind.String()}
	switch ev.Kind {
	case llm.KindText, llm.KindReasoning:
		o["text"] = ev.Text
	case llm.KindToolCall:
		o["index"], o["id"], o["name"], o["arguments"] = ev.ToolCall.Index, ev.ToolCall.ID, ev.ToolCall.Name, ev.ToolCall.Arguments
	case llm.KindToken:
		return p.out.Encode(struct {
			Event string `json:"event"`
			tokenRow
		}{o["event"].(string), newTokenRow(*ev.Token)})
	case llm.KindDropped:
		o["from"], o["to"], o["policy"] = ev.Dropped.From, ev.Dropped.To, ev.Dropped.Policy
	case llm.KindUsage:
		u := ev.Usage
		o["prompt_tokens"], o["cached_tokens"], o["completion_tokens"], o["dropped_tokens"] = u.PromptTokens, u.CachedTokens, u.CompletionTokens, u.DroppedTokens
		o["n_ctx"], o["queued_ms"], o["prompt_ms"], o["first_token_ms"], o["generation_ms"] = u.ContextSize, ms(u.Queued), ms(u.Prompt), ms(u.FirstToken), ms(u.Generation)
		if len(u.Steps) > 0 {
			o["sampled_tokens"], o["sampler"] = u.SampledTokens, stepRows(u.Steps)
		}
	case llm.KindStop:
		o["reason"] = ev.Stop.Reason
		if ev.Stop.Sequence != "" {
			o["sequence"] = ev.Stop.Sequence
		}
	}
	return p.out.Encode(o)
}

func (p *jsonPrinter) end() error { return nil }

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
