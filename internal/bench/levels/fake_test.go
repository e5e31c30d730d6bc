package levels_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/bench/levels"
	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/eval"
	"github.com/seed-f87006eb/llm/internal/eval/task"
	"github.com/seed-f87006eb/llm/quant"
)

// losses are the mean divergences of the levels of a model that does not exist.
var losses = map[string]float64{"F16": 0, "Q8_0": 0.001, "Q6_K": 0.004, "Q4_K_M": 0.03, "Q4_0": 0.06, "Q2_K": 0.4, "other.gguf": 0.02, "IQ4_XS": 0.05}

// lab is a machine on which everything takes no time. Each call that would take some is counted,
// and the one with the number stop ends the run, as a kill does.
type lab struct {
	calls, stop int
	kill        context.CancelFunc
	steps       []string
	windows     int
	broken      map[string]error // by the row's name: what scoring says
	slow        time.Duration    // that a call takes; 0: none, on a clock of the lab's own
	now         time.Time
	noCases     bool
	tires       float64 // share of its speed that it loses in a round
	groups      int     // targets in a group
}

func (l *lab) step(ctx context.Context, format string, args ...any) error {
	l.calls++
	time.Sleep(l.slow)
	if l.calls == l.stop {
		l.kill()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	l.steps = append(l.steps, fmt.Sprintf(format, args...))
	return nil
}

func (l *lab) Plan(ctx context.Context, level *levels.Level, kv string, _ bool) (*record.Memory, error) {
	if err := l.step(ctx, "plan %s/%s", level.Name, kv); err != nil {
		return nil, err
	}
	planned, fits := uint64(1<<30), level.Name != "F16"
	return &record.Memory{Context: 4096, Card: []record.Use{{Weights: planned}}, Planned: &planned, Fits: &fits, Why: "1 GiB",
		Curve: []record.Point{{Context: 1024, Bytes: planned}, {Context: 4096, Bytes: planned + 1<<20}}}, nil
}

func (l *lab) Make(ctx context.Context, level *levels.Level, progress func(done, total int64)) (*levels.Made, error) {
	if err := l.step(ctx, "make %s", level.Name); err != nil {
		return nil, err
	}
	if err := l.broken["make "+level.Name]; err != nil {
		return nil, err
	}
	progress(1, 1)
	made := &levels.Made{Path: level.Name + ".file", File: &record.File{Bytes: 1 << 30, Bits: 16, Tensors: 3}}
	if level.Recipe != nil {
		seconds := 2.0
		made.File = &record.File{Bytes: level.Recipe.Data, Bits: level.Recipe.Bits, Tensors: 3, Seconds: &seconds}
	}
	if err := l.broken["refuse "+level.Name]; err != nil {
		made.Refused = err.Error()
	}
	return made, nil
}

func (l *lab) Load(ctx context.Context, t levels.Target) (uint64, error) {
	if err := l.step(ctx, "load %s", t.Name); err != nil {
		return 0, err
	}
	if strings.HasPrefix(t.Name, "F16") {
		return 0, errors.New("8 GiB are needed and 4 GiB are free")
	}
	return 1<<30 + 5, nil
}

func noise(parts ...any) float64 {
	h := fnv.New64a()
	fmt.Fprint(h, parts...)
	return float64(h.Sum64()%1000)/1000 - 0.5
}

func (l *lab) Speed(ctx context.Context, targets []levels.Target, round int, progress func(int)) (list []levels.Timing, err error) {
	if err := l.step(ctx, "speed %d of %d", round, len(targets)); err != nil {
		return nil, err
	}
	for i, t := range targets {
		progress(i)
		speed := 50 + 100*math.Sqrt(losses[level(t)]) + noise(t.Name, round)/10
		speed *= 1 - l.tires*float64(round)
		list = append(list, levels.Timing{Name: t.Name, Load: 0.5, Prompt: 10 * speed, Generation: speed})
	}
	return list, nil
}

func level(t levels.Target) string { return t.Name[:strings.LastIndexByte(t.Name, '/')] }

func (l *lab) Groups(targets []levels.Target) (groups [][]levels.Target) {
	for n := max(l.groups, 1); len(targets) > 0; targets = targets[min(n, len(targets)):] {
		groups = append(groups, targets[:min(n, len(targets))])
	}
	return groups
}

func (l *lab) Text() (*record.Text, int) {
	if l.windows == 0 {
		return nil, 0
	}
	return &record.Text{Kind: "file", Name: "text", SHA256: "00", Bytes: 1000, Tokens: 512 * l.windows, Chunks: l.windows}, l.windows
}

func (l *lab) BytesPerPosition() int64 { return 4 * 32000 }

const scored = 255

func chunk(name string, window int, loss float64) eval.ChunkResult {
	nll := scored * (2 + 0.5*noise(window))
	c := eval.ChunkResult{Chunk: window, Tokens: scored, NLL: nll * (1 + loss), NLL2: 3 * nll * nll / scored}
	c.Against = &eval.Against{ReferenceNLL: nll, ReferenceNLL2: c.NLL2, CrossNLL: c.NLL2, Same: int(scored * (1 - loss))}
	d := loss * (1 + 0.4*noise(window, name)) // of each token
	for i := range scored {
		v := float32(d * 2 * float64(i) / scored)
		c.Against.Values = append(c.Against.Values, v)
		c.Against.KLD += float64(v)
		c.Against.KLD2 += float64(v) * float64(v)
	}
	return c
}

func (l *lab) Score(ctx context.Context, reference levels.Target, targets []levels.Target, windows []int, done func(int, *eval.ChunkResult, []eval.ChunkResult) error) error {
	for _, t := range append([]levels.Target{reference}, targets...) {
		if err := l.broken[t.Name]; err != nil {
			return &levels.TargetError{Name: t.Name, Err: err}
		}
	}
	for _, w := range windows {
		if err := l.step(ctx, "score %d with %v", w, targets); err != nil {
			return err
		}
		r := chunk("", w, 0)
		r.Against = nil
		var results []eval.ChunkResult
		for _, t := range targets {
			loss := losses[level(t)]
			if strings.HasSuffix(t.Name, "/q8_0") {
				loss += 0.0005
			}
			results = append(results, chunk(t.Name, w, loss))
		}
		if err := done(w, &r, results); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) Cases(context.Context) ([]task.Case, error) {
	if l.noCases {
		return nil, nil
	}
	return task.Generate(task.Options{Seed: 1, Kinds: []task.Kind{task.Copy, task.Reverse}, PerRung: 2})
}

func (l *lab) Answer(ctx context.Context, t levels.Target, cases []task.Case, done func(task.Outcome) error) error {
	for _, c := range cases {
		if err := l.step(ctx, "answer %s: %s", t.Name, c.ID); err != nil {
			return err
		}
		if err := done(task.Outcome{ID: c.ID, Kind: c.Kind, Right: noise(c.ID)+0.5 > losses[level(t)], Answer: "x"}); err != nil {
			return err
		}
	}
	return nil
}

// model is a source of 16 bits.
func model(t *testing.T) *levels.Model {
	t.Helper()
	tensors := []gguf.Tensor{}
	for _, name := range []string{"token_embd.weight", "output.weight", "blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight", "blk.0.attn_output.weight", "blk.0.ffn_down.weight", "blk.0.ffn_gate.weight", "blk.0.ffn_up.weight"} {
		tensors = append(tensors, gguf.Tensor{Name: name, Dims: []uint64{512, 512}, Type: gguf.F16})
	}
	s, err := quant.NewSource(quant.Shape{Architecture: "llama", Layers: 1, Heads: 8, KVHeads: 8}, tensors)
	if err != nil {
		t.Fatal(err)
	}
	return &levels.Model{Path: "model.F16.gguf", Type: quant.F16, Source: s, Bytes: 1 << 30}
}
