package speed

import (
	"time"

	"github.com/seed-f87006eb/llm/internal/stat"
)

// Schema is the version of the JSON of a Result.
const Schema = 1

// Result is what was measured. What is not known is absent.
type Result struct {
	Schema     int       `json:"schema"`
	Date       time.Time `json:"date"` // when it began
	Build      Build     `json:"build"`
	System     System    `json:"system"`
	Confidence float64   `json:"confidence"`
	Precision  float64   `json:"precision,omitempty"` // that was asked for, as a share
	Seed       uint64    `json:"seed"`
	Rounds     int       `json:"rounds"` // that were finished
	RoundsMost int       `json:"rounds_asked"`
	Rows       []Row     `json:"rows"`
	PeakRSS    uint64    `json:"peak_rss_bytes,omitempty"` // of the whole process, mapped files included
	Notes      []string  `json:"notes,omitempty"`          // what disturbed the measurement, and what is not known
}

// Build is what was measured with.
type Build struct {
	LLM     string `json:"llm"`
	Engine  string `json:"engine"`
	Tree    string `json:"tree"`
	Backend string `json:"backend"`
	System  string `json:"features"`
}

// System is what was measured on.
type System struct {
	CPU     string   `json:"cpu,omitempty"`
	CPUs    int      `json:"cpus"` // logical
	Devices []string `json:"devices,omitempty"`
}

// Row is a test. The names that llama-bench's JSON has too mean the same.
type Row struct {
	Model          string  `json:"model_filename"`
	ModelType      string  `json:"model_type,omitempty"`
	ModelSize      uint64  `json:"model_size,omitempty"`
	ModelParams    uint64  `json:"model_n_params,omitempty"`
	Batch          int     `json:"n_batch"`
	Ubatch         int     `json:"n_ubatch"`
	Threads        int     `json:"n_threads"`
	KeyType        string  `json:"type_k"`
	ValueType      string  `json:"type_v"`
	GPULayers      int     `json:"n_gpu_layers"`
	CPUMoE         int     `json:"n_cpu_moe"`
	SplitMode      string  `json:"split_mode"`
	NoKVOffload    bool    `json:"no_kv_offload"`
	FlashAttention int     `json:"flash_attn"` // -1: auto
	Test           string  `json:"test"`
	Prompt         int     `json:"n_prompt"`
	Generation     int     `json:"n_gen"`
	Depth          int     `json:"n_depth"`
	Error          string  `json:"error,omitempty"` // why it was not measured, or no more
	*Speed                 // nil: nothing was measured
	LoadTimes      []int64 `json:"load_ns,omitempty"` // of each load of the model, in the order of the rounds
	// Memory is what the engine allocated for the test in each memory, which is its peak there.
	Memory  []Memory `json:"memory,omitempty"`
	Notes   []string `json:"notes,omitempty"`
	Samples []Sample `json:"samples,omitempty"`
}

// Speed is the figures of a test, in tokens a second.
type Speed struct {
	Date   string  `json:"test_time"`
	Median float64 `json:"median_ts"`
	Low    float64 `json:"low_ts"` // of the interval of the median
	High   float64 `json:"high_ts"`
	// Coverage is how sure the interval is; with few rounds less than what was asked for.
	Coverage float64 `json:"coverage"`

	Mean          float64   `json:"avg_ts"`
	Deviation     float64   `json:"stddev_ts"`
	MeanTime      int64     `json:"avg_ns"`
	DeviationTime int64     `json:"stddev_ns"`
	Times         []int64   `json:"samples_ns"`
	Speeds        []float64 `json:"samples_ts"`

	Outliers       []int    `json:"outliers,omitempty"` // rounds
	TokensPerJoule *float64 `json:"tokens_per_joule,omitempty"`
	Watts          *float64 `json:"watts,omitempty"`
	Energy         string   `json:"energy_of,omitempty"` // what the energy is of
}

// Half is half the interval relative to the median.
func (s *Speed) Half() float64 { return stat.Bounds{Low: s.Low, High: s.High}.Half(s.Median) }

// Sample is one measurement.
type Sample struct {
	Round       int   `json:"round"`
	Place       int   `json:"place"` // in the order of all measurements
	Nanoseconds int64 `json:"ns"`
	Conditions
}

// Conditions are what a Sensor saw while a sample was measured. What the machine does not
// tell is nil.
type Conditions struct {
	Others    *float64 `json:"others_cpus,omitempty"`  // CPUs that other processes kept busy
	Stolen    *float64 `json:"stolen_cpus,omitempty"`  // CPUs that a hypervisor gave to others
	Held      *float64 `json:"held_seconds,omitempty"` // that a limit on the process's CPU time held it back
	MHz       *float64 `json:"mhz,omitempty"`          // of the CPUs, the mean at the end
	Celsius   *float64 `json:"celsius,omitempty"`      // of the warmest sensor of the CPU at the end
	Throttles *uint64  `json:"throttles,omitempty"`    // how often a CPU slowed itself down
	Energy    []Energy `json:"energy,omitempty"`
}

// Energy is what one meter counted.
type Energy struct {
	Of     string  `json:"of"`
	Joules float64 `json:"joules"`
}

// result makes figures of the samples.
func (r *run) result(rounds int, err error) *Result {
	result := &Result{Schema: Schema, Date: r.begun, Confidence: r.Confidence, Precision: r.Precision, Seed: r.Seed,
		Rounds: rounds, RoundsMost: r.Rounds, Rows: []Row{}}
	for _, w := range r.rows {
		result.Rows = append(result.Rows, w.row(r.Confidence))
	}
	for i, w := range r.rows {
		w.noteOn(&result.Rows[i])
	}
	result.Notes = notes(r.rows, result, err)
	return result
}

// row are the figures of a test.
func (w *row) row(confidence float64) Row {
	t, f := w.test, w.facts
	out := Row{
		Model: t.Load.Model, ModelType: f.ModelType, ModelSize: f.ModelSize, ModelParams: f.ModelParams,
		Batch: t.Setup.Batch, Ubatch: t.Setup.Ubatch, Threads: t.Setup.Threads, KeyType: t.Setup.KeyType, ValueType: t.Setup.ValueType,
		GPULayers: t.Load.GPULayers, CPUMoE: t.Load.CPUMoE, SplitMode: t.Load.SplitMode, NoKVOffload: t.Setup.NoKVOffload,
		FlashAttention: flashAttention(t.Setup.FlashAttention),
		Test:           t.Name(), Prompt: t.Prompt, Generation: t.Generation, Depth: t.Depth,
		Memory: f.Memory, Samples: w.samples,
	}
	for _, took := range f.LoadTimes {
		out.LoadTimes = append(out.LoadTimes, took.Nanoseconds())
	}
	if w.err != nil {
		out.Error = w.err.Error()
	}
	if len(w.samples) > 0 {
		out.Speed = w.speed(confidence)
	}
	return out
}

func flashAttention(name string) int {
	switch name {
	case "on":
		return 1
	case "off":
		return 0
	}
	return -1
}

func (w *row) speed(confidence float64) *Speed {
	speeds := w.speeds()
	bounds := stat.MedianBounds(speeds, confidence)
	s := &Speed{Date: w.date.Format(time.RFC3339), Median: stat.Median(speeds), Low: bounds.Low, High: bounds.High, Coverage: bounds.Coverage, Speeds: speeds}
	s.Mean, s.Deviation = stat.MeanDeviation(speeds)
	times := make([]float64, len(w.samples))
	for i, sample := range w.samples {
		times[i] = float64(sample.Nanoseconds)
		s.Times = append(s.Times, sample.Nanoseconds)
	}
	mean, deviation := stat.MeanDeviation(times)
	s.MeanTime, s.DeviationTime = int64(mean), int64(deviation)
	for _, i := range stat.Outliers(speeds, leastOutlier) {
		s.Outliers = append(s.Outliers, w.samples[i].Round)
	}
	w.energy(s)
	return s
}

// energy is over all samples that a meter was read for.
func (w *row) energy(s *Speed) {
	var joules, seconds float64
	tokens := 0
	for _, sample := range w.samples {
		if len(sample.Energy) == 0 {
			continue
		}
		of := ""
		for i, e := range sample.Energy {
			if joules += e.Joules; i > 0 {
				of += " and "
			}
			of += e.Of
		}
		s.Energy = of
		seconds += float64(sample.Nanoseconds) / 1e9
		tokens += w.test.Tokens()
	}
	if joules > 0 && seconds > 0 {
		perJoule, watts := float64(tokens)/joules, joules/seconds
		s.TokensPerJoule, s.Watts = &perJoule, &watts
	} else {
		s.Energy = ""
	}
}
