// Package record is the file that a comparison of levels of quantization leaves behind: every
// condition that it was measured under, every figure with its uncertainty, and what follows
// from them. It reads such files strictly, and compares two of them.
//
// It measures nothing, and lays nothing out: packages levels and report do. What is not known
// is absent, never 0.
package record

import (
	"fmt"
	"strings"
	"time"
)

// Kind and Schema tell a record from other JSON, and its version. A field that is added keeps
// the version; one that is removed or changes its meaning does not.
const (
	Kind   = "llm-levels"
	Schema = 1
)

// Record is a run over the levels of one model. Sizes are in bytes, times in seconds.
type Record struct {
	Kind   string    `json:"kind"`
	Schema int       `json:"schema"`
	Made   time.Time `json:"made"` // when the run ended

	Program   Program  `json:"program"`
	Engine    Engine   `json:"engine"`
	Machine   Machine  `json:"machine"`
	Arguments []string `json:"arguments,omitempty"` // of the command
	Settings  Settings `json:"settings"`

	Model Model `json:"model"`
	Text  *Text `json:"text,omitempty"` // absent: no text was scored
	Card  *Card `json:"card,omitempty"` // absent: none was named

	Rows    []Row   `json:"levels"`
	Ranking Ranking `json:"ranking"`
	Choice  Choice  `json:"choice"`

	Notes   []string `json:"notes,omitempty"` // what a reader must know
	Seconds float64  `json:"seconds"`         // that the run took, all its parts together
	Resumed int      `json:"resumed,omitempty"`
}

// Program is what measured.
type Program struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"` // the sources were not those of the commit
	Go       string `json:"go,omitempty"`
}

// Engine is what computed.
type Engine struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Tree    string `json:"tree,omitempty"` // git tree id of its source
	Backend string `json:"backend,omitempty"`
	System  string `json:"system,omitempty"` // instruction sets and options
}

// Machine is where.
type Machine struct {
	OS      string   `json:"os,omitempty"`
	Kernel  string   `json:"kernel,omitempty"`
	CPU     string   `json:"cpu,omitempty"`
	Cores   int      `json:"cores,omitempty"` // that the process may use
	Memory  uint64   `json:"memory_bytes,omitempty"`
	Devices []Device `json:"devices,omitempty"` // that layers went to; none: the CPU computed
}

// Device is a GPU of the machine.
type Device struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Memory      uint64 `json:"memory_bytes,omitempty"`
}

// Settings are the choices of the run.
type Settings struct {
	Context    int      `json:"context"` // tokens that memory was planned and taken for
	KVTypes    []string `json:"kv_types"`
	GPULayers  int      `json:"gpu_layers"` // negative: all
	Threads    int      `json:"threads"`
	Batch      int      `json:"batch"`
	Ubatch     int      `json:"ubatch"`
	FlashAttn  string   `json:"flash_attention"` // auto, on, off
	Window     int      `json:"window"`          // tokens of a window of the text
	Confidence float64  `json:"confidence"`      // of every interval and of the ranking
	Seed       uint64   `json:"seed"`
	TimeLimit  float64  `json:"time_limit_seconds,omitempty"`
	Rounds     int      `json:"rounds,omitempty"` // of the speed tests, at most
	Prompt     int      `json:"prompt_tokens,omitempty"`
	Generate   int      `json:"generated_tokens,omitempty"`
}

// Model is the source of the levels, and the reference that they are compared with.
type Model struct {
	File         string `json:"file"` // without its folder
	Name         string `json:"name,omitempty"`
	Architecture string `json:"architecture"`
	Parameters   int64  `json:"parameters"`
	Bytes        int64  `json:"bytes"`
	Type         string `json:"type"`               // Q4_1, F16
	Quantized    bool   `json:"quantized"`          // it lost something before the run
	Tensors      string `json:"tensors_hash"`       // of the weights
	Vocabulary   string `json:"vocabulary_hash"`    // of the tokens
	Trained      int    `json:"trained_on_context"` // tokens; 0: the file does not say
}

// Text is what was scored.
type Text struct {
	Kind   string `json:"kind"`           // file, prompts, generated
	Name   string `json:"name,omitempty"` // of a file, without its folder
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	Tokens int    `json:"tokens"`
	Chunks int    `json:"chunks"` // that it has, whether or not all were scored
}

// Card is the memory that the levels are to fit.
type Card struct {
	Name     string   `json:"name"` // as it was asked for
	Devices  []Device `json:"devices"`
	Headroom uint64   `json:"headroom_bytes"` // that stays free on each
}

// Estimate is a figure with an interval at the confidence of the settings.
type Estimate struct {
	Value float64  `json:"value"`
	Low   *float64 `json:"low,omitempty"` // absent: there is too little for an interval
	High  *float64 `json:"high,omitempty"`
	SE    *float64 `json:"standard_error,omitempty"`
	N     int      `json:"n,omitempty"` // samples that it is made of
}

// Known tells whether it has an interval.
func (e *Estimate) Known() bool { return e != nil && e.Low != nil && e.High != nil }

// Between is an estimate with an interval.
func Between(value, low, high float64, n int) *Estimate {
	return &Estimate{Value: value, Low: &low, High: &high, N: n}
}

// The states of a row.
const (
	Measured = "measured"
	Partly   = "partly" // the run ended before all of it was
	Unmade   = "unmade" // the quantizer does not make it of this source
	Failed   = "failed"
)

// Row is a level at a type of the KV cache.
type Row struct {
	Level  string `json:"level"`          // Q4_K_M; of a file that was given, its name
	KV     string `json:"kv_type"`        // of keys and values
	Source string `json:"source"`         // type of the file that it was made of: Q4_1, F16
	From   string `json:"from,omitempty"` // "from Q4_1" where that had lost something before
	Given  bool   `json:"given,omitempty"`
	// Reference: it is the model itself, with the KV type that all others are compared with.
	Reference bool   `json:"reference,omitempty"`
	State     string `json:"state"`
	Why       string `json:"why,omitempty"` // it is not measured

	File       *File     `json:"file,omitempty"`
	Memory     *Memory   `json:"memory,omitempty"`
	Load       *Estimate `json:"load_seconds,omitempty"`
	Prompt     *Speed    `json:"prompt,omitempty"`
	Generation *Speed    `json:"generation,omitempty"`
	Quality    *Quality  `json:"quality,omitempty"`
	Tasks      *Tasks    `json:"tasks,omitempty"`

	// Pareto: no other level that was measured is smaller, faster and closer to the reference.
	Pareto bool `json:"pareto"`
	// DominatedBy is one that is, where Pareto is false.
	DominatedBy string `json:"dominated_by,omitempty"`
}

// Name is the level with its KV type, which is told apart where a run has several.
func (r *Row) Name(several bool) string {
	if several {
		return r.Level + " · KV " + r.KV
	}
	return r.Level
}

// File is a level on the disk.
type File struct {
	Bytes    int64          `json:"bytes"`
	Bits     float64        `json:"bits_per_weight"`
	SHA256   string         `json:"sha256,omitempty"`
	Recipe   string         `json:"recipe,omitempty"` // key of what the quantizer was asked for
	Imatrix  string         `json:"imatrix,omitempty"`
	Tensors  int            `json:"tensors"`
	FellBack int            `json:"fell_back"` // tensors whose rows are no multiple of the block of their type
	Became   map[string]int `json:"fell_back_to,omitempty"`
	Types    map[string]int `json:"types,omitempty"`        // tensors of each type
	Seconds  *float64       `json:"made_seconds,omitempty"` // absent: it was there
}

// Memory is what a level takes at the context of the settings and its KV type.
type Memory struct {
	Context int `json:"context"` // tokens, as the engine rounds them
	// On the card; absent: none was named, or nothing fits.
	Card []Use `json:"card,omitempty"`
	Host *Use  `json:"card_host,omitempty"` // beside the card
	// Fits: all weights and the context are on the card. Absent: no card was named.
	Fits *bool  `json:"fits,omitempty"`
	Why  string `json:"why,omitempty"` // it does not, or what goes to the host
	// On this machine: as planned, and as the engine's account of a load has it.
	Planned *uint64 `json:"planned_here_bytes,omitempty"`
	Real    *uint64 `json:"real_here_bytes,omitempty"`
	NoReal  string  `json:"no_real,omitempty"` // why there is none
	// Curve is what the card takes at other contexts; without a card, the machine.
	Curve []Point `json:"curve,omitempty"`
}

// Use is what a memory holds.
type Use struct {
	Weights uint64 `json:"weights_bytes"`
	KV      uint64 `json:"kv_bytes"`
	Compute uint64 `json:"compute_bytes"`
}

// Total is all of it.
func (u Use) Total() uint64 { return u.Weights + u.KV + u.Compute }

// Point is a memory at a context.
type Point struct {
	Context int    `json:"context"`
	Bytes   uint64 `json:"bytes"`
}

// Speed is of a test: so many tokens at once, or one after the other.
type Speed struct {
	Tokens    int       `json:"tokens"`
	PerSecond Estimate  `json:"per_second"` // the median, in tokens a second
	Samples   []float64 `json:"samples"`    // in the order of the rounds
	Notes     []string  `json:"notes,omitempty"`
}

// Quality is what is lost against the reference, over the text.
type Quality struct {
	Chunks     int      `json:"chunks"`
	Tokens     int      `json:"tokens"` // that were scored
	Perplexity Estimate `json:"perplexity"`
	// Of a level, not of the reference:
	Divergence *Estimate  `json:"divergence,omitempty"` // of Kullback and Leibler, the mean, in nats
	P99        *float64   `json:"divergence_99,omitempty"`
	Max        *float64   `json:"divergence_max,omitempty"`
	Same       *Estimate  `json:"same_top,omitempty"`             // share of positions with the same first token
	Ratio      *Estimate  `json:"log_perplexity_ratio,omitempty"` // ln of the perplexity by the reference's
	Histogram  *Histogram `json:"histogram,omitempty"`
	// PerChunk are the sums of each chunk, from which two records can be compared in pairs.
	PerChunk []Chunk `json:"per_chunk,omitempty"`
	// BytesPerPosition is what the reference kept of a position while levels were compared with it.
	BytesPerPosition int64 `json:"bytes_per_position,omitempty"`
}

// Histogram counts positions by their divergence: Counts[i] of those in [Edges[i], Edges[i+1]).
// The first edge is 0 and stands for all that is less than the second.
type Histogram struct {
	Edges  []float64 `json:"edges"`
	Counts []int64   `json:"counts"`
}

// Chunk are the sums of a window of the text.
type Chunk struct {
	Index      int     `json:"i"`
	Tokens     int     `json:"tokens"`
	NLL        float64 `json:"nll"`
	Divergence float64 `json:"kld"`
	Same       int     `json:"same"`
}

// The verdicts of a paired test.
const (
	Worse     = "worse"
	Better    = "better"
	Equal     = "the same"
	NotEnough = "not enough data"
)

// Tasks are questions with known answers, each put to the reference and to the level.
type Tasks struct {
	TaskCount
	Kinds []TaskKind `json:"kinds"`
	// EffectiveContext is the longest context, in tokens, at which what the reference finds in
	// it is still found. Absent: it was not looked for, or the reference finds nothing.
	EffectiveContext *int `json:"effective_context,omitempty"`
}

// TaskKind is a kind of them.
type TaskKind struct {
	Kind string `json:"kind"`
	TaskCount
}

// TaskCount is how they ended.
type TaskCount struct {
	Cases   int      `json:"cases"`
	Right   int      `json:"right"`
	Was     int      `json:"reference_right"`
	Lost    int      `json:"lost"`   // right of the reference, wrong of the level
	Gained  int      `json:"gained"` // the other way round
	P       *float64 `json:"p,omitempty"`
	Verdict string   `json:"verdict,omitempty"`
}

// Ranking is the order of the rows by their divergence, and how certain it is.
type Ranking struct {
	Order []string `json:"order,omitempty"` // from best to worst, by the names of the rows
	// Certain: each pair of neighbours differs, all together at the confidence.
	Certain bool     `json:"certain"`
	Open    []string `json:"open,omitempty"` // pairs that do not, in words
	Why     string   `json:"why,omitempty"`  // measuring ended there
}

// OpenPairs names the pairs that are open, in a clause: a few of them where there are many.
func (r *Ranking) OpenPairs() string {
	const most = 6
	if n := len(r.Open); n > most {
		return fmt.Sprintf("%s; and %d more pairs", strings.Join(r.Open[:most-1], "; "), n-most+1)
	}
	return strings.Join(r.Open, "; ")
}

// Choice is the row that is recommended.
type Choice struct {
	Level    string   `json:"level,omitempty"` // absent: none is
	KV       string   `json:"kv_type,omitempty"`
	Sentence string   `json:"sentence"`
	Reasons  []string `json:"reasons,omitempty"`
	Caveats  []string `json:"caveats,omitempty"`
	Explains []string `json:"explains,omitempty"` // orders that contradict the names of levels
}

// Find is the row of a level and a KV type; nil: there is none.
func (r *Record) Find(level, kv string) *Row {
	for i := range r.Rows {
		if r.Rows[i].Level == level && r.Rows[i].KV == kv {
			return &r.Rows[i]
		}
	}
	return nil
}

// Several tells whether the rows differ in their KV types.
func (r *Record) Several() bool {
	for i := range r.Rows {
		if r.Rows[i].KV != r.Rows[0].KV {
			return true
		}
	}
	return false
}
