package levels

import (
	"context"

	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/eval"
	"github.com/seed-f87006eb/llm/internal/eval/task"
)

// Target is a level with a type of the KV cache: what is measured.
type Target struct {
	Name string // of the row: Q4_K_M/f16
	Path string
	KV   string
}

// Lab is the machine with what can be done on it. One goroutine uses it; each call ends soon
// after its context is done, with the context's error.
type Lab interface {
	// Plan says what a level takes, from its header or from what is known of it before it is
	// made: of the card, where there is one, and here. curve asks for other contexts, too.
	Plan(ctx context.Context, l *Level, kv string, curve bool) (*record.Memory, error)
	// Make makes the file of a level, or finds it made; of one that is there it looks at the file.
	Make(ctx context.Context, l *Level, progress func(done, total int64)) (*Made, error)
	// Load loads a target with the context of the settings, and says what the engine took.
	Load(ctx context.Context, t Target) (bytes uint64, err error)
	// Speed measures each target once, in an order of the round's own.
	Speed(ctx context.Context, targets []Target, round int, progress func(done int)) ([]Timing, error)
	// Groups divides targets into such as can be loaded at the same time, beside the reference.
	Groups(targets []Target) [][]Target
	// Text is what is scored, and how many windows it has.
	Text() (*record.Text, int)
	// Score has the reference and targets read windows of the text. done is given the
	// reference's result, and one of each target, in order.
	Score(ctx context.Context, reference Target, targets []Target, windows []int, done func(window int, reference *eval.ChunkResult, results []eval.ChunkResult) error) error
	// BytesPerPosition is what the reference's distribution takes while targets are compared.
	BytesPerPosition() int64
	// Cases are the tasks; none: they are not wanted.
	Cases(ctx context.Context) ([]task.Case, error)
	// Answer has a target answer cases.
	Answer(ctx context.Context, t Target, cases []task.Case, done func(task.Outcome) error) error
}

// Made is the file of a level.
type Made struct {
	Path    string       `json:"path"`
	File    *record.File `json:"file"`
	Level   string       `json:"level,omitempty"`  // type of a file that was given
	Source  string       `json:"source,omitempty"` // type of what it was made of, where that is known
	Refused string       `json:"refused,omitempty"`
}

// Timing is one measurement of a target. What failed has an error alone.
type Timing struct {
	Name       string   `json:"name"`
	Load       float64  `json:"load,omitempty"`       // seconds
	Prompt     float64  `json:"prompt,omitempty"`     // tokens a second
	Generation float64  `json:"generation,omitempty"` // tokens a second
	Notes      []string `json:"notes,omitempty"`
	Error      string   `json:"error,omitempty"`
}

// Progress is told what a run is at: the phase, what of it, and how much of how much.
type Progress func(phase, what string, done, total int64)

// TargetError is why one target cannot be scored, while others can.
type TargetError struct {
	Name string // of the target
	Err  error
}

func (e *TargetError) Error() string { return e.Err.Error() }

// Unwrap is the reason.
func (e *TargetError) Unwrap() error { return e.Err }
