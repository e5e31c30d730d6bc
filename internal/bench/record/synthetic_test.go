package record_test

import (
	"fmt"
	"math"
	"time"

	"github.com/seed-f87006eb/llm/internal/bench/record"
)

// made is the levels of a model that does not exist, with figures that nobody measured: what is
// laid out and compared in tests.
var made = []struct {
	level          string
	bits, kld, tps float64
	fell           int
	unmade         string
}{
	{"F16", 16, 0, 31, 0, ""},
	{"Q8_0", 8.5, 0.0009, 55, 0, ""},
	{"Q6_K", 6.57, 0.0041, 66, 3, ""},
	{"Q5_K_M", 5.69, 0.0102, 72, 3, ""},
	{"Q4_K_M", 4.89, 0.0271, 83, 3, ""},
	{"Q4_0", 4.66, 0.0598, 90, 0, ""},
	{"IQ4_XS", 4.34, 0.0335, 71, 0, ""},
	{"Q3_K_M", 4.0, 0.0874, 79, 12, ""},
	{"Q2_K", 3.0, 0.4120, 95, 12, ""},
	{"MXFP4_MOE", 0, 0, 0, 0, "it is for mixtures of experts, and this model is none"},
}

const parameters = 3_000_000_000

// synthetic is a record of them at these KV types.
func synthetic(kvTypes ...string) *record.Record {
	r := &record.Record{
		Kind: record.Kind, Schema: record.Schema, Made: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC),
		Program:   record.Program{Version: "0.1.0", Commit: "0123456789ab", Go: "go1.26.0"},
		Engine:    record.Engine{Name: "llama.cpp", Version: "v0.5.0", Tree: "fd570ef54b10", Backend: "cpu", System: "AVX2 = 1 | FMA = 1"},
		Machine:   record.Machine{OS: "linux", Kernel: "6.1", CPU: "A processor", Cores: 8, Memory: 32 << 30},
		Arguments: []string{"llm", "bench", "levels", "synthetic-3b.F16.gguf", "--vram", "6GiB", "--ctx", "32768"},
		Settings: record.Settings{
			Context: 32768, KVTypes: kvTypes, GPULayers: -1, Threads: 8, Batch: 2048, Ubatch: 512, FlashAttn: "auto",
			Window: 512, Confidence: 0.95, Seed: 42, Rounds: 9, Prompt: 512, Generate: 64,
		},
		Model: record.Model{
			File: "synthetic-3b.F16.gguf", Name: "Synthetic 3B", Architecture: "llama", Parameters: parameters,
			Bytes: parameters * 2, Type: "F16", Tensors: "sha256:00", Vocabulary: "sha256:11", Trained: 131072,
		},
		Text:    &record.Text{Kind: "file", Name: "notes.txt", SHA256: "22", Bytes: 100_000, Tokens: 24_576, Chunks: 48},
		Card:    &record.Card{Name: "6GiB", Devices: []record.Device{{Name: "6 GiB", Memory: 6 << 30}}, Headroom: 1 << 30},
		Ranking: record.Ranking{Order: []string{"Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_XS", "Q4_0", "Q3_K_M", "Q2_K"}, Certain: true, Why: "the order is certain"},
		Choice: record.Choice{
			Level: "Q5_K_M", KV: kvTypes[0],
			Sentence: "Q5_K_M is recommended: of the levels that fit 6GiB at 32768 tokens it is the closest to the reference.",
			Reasons:  []string{"the most probable token is the reference's at 95.1 % of positions", "Q6_K would be closer, and does not fit"},
		},
		Seconds: 1234,
	}
	for _, kv := range kvTypes {
		for i := range made {
			r.Rows = append(r.Rows, row(i, kv, kv == kvTypes[0]))
		}
	}
	return r
}

func row(i int, kv string, first bool) record.Row {
	m := made[i]
	w := record.Row{Level: m.level, KV: kv, Source: "F16", Reference: i == 0 && first, State: record.Measured}
	if m.unmade != "" {
		w.State, w.Why = record.Unmade, m.unmade
		return w
	}
	bytes := int64(m.bits * parameters / 8)
	w.File = &record.File{Bytes: bytes, Bits: m.bits, Tensors: 291, FellBack: m.fell, Types: map[string]int{m.level: 226, "F32": 65}}
	perToken := map[string]float64{"f16": 65536, "q8_0": 34816}[kv]
	card := record.Use{Weights: uint64(bytes), KV: uint64(perToken * 32768), Compute: 300 << 20}
	fits := card.Total() <= 5<<30
	w.Memory = &record.Memory{Context: 32768, Card: []record.Use{card}, Host: &record.Use{Compute: 20 << 20}, Fits: &fits}
	planned, real := card.Total()+20<<20, card.Total()+20<<20
	w.Memory.Planned, w.Memory.Real = &planned, &real
	for c := 1024; c <= 131072; c *= 2 {
		w.Memory.Curve = append(w.Memory.Curve, record.Point{Context: c, Bytes: uint64(float64(bytes) + perToken*float64(c) + 300<<20)})
	}
	w.Load = record.Between(0.4+m.bits/20, 0.38+m.bits/20, 0.45+m.bits/20, 5)
	w.Prompt = speed(512, 14*m.tps, i)
	w.Generation = speed(64, m.tps, i+1)
	w.Quality = quality(m.kld + map[string]float64{"q8_0": 0.0004}[kv])
	if w.Reference {
		w.Quality.Divergence, w.Quality.P99, w.Quality.Max, w.Quality.Same, w.Quality.Histogram = nil, nil, nil, nil, nil
	}
	lost := int(40 * m.kld)
	verdict := record.Equal
	if lost > 8 {
		verdict = record.Worse
	}
	effective := 8192 >> min(lost/4, 3)
	all := record.TaskCount{Cases: 120, Right: 80 - lost + 1, Was: 80, Lost: lost, Gained: 1, Verdict: verdict}
	w.Tasks = &record.Tasks{TaskCount: all, EffectiveContext: &effective, Kinds: []record.TaskKind{{Kind: "arithmetic", TaskCount: all}}}
	w.Pareto = m.level != "IQ4_XS" && m.level != "Q3_K_M"
	if !w.Pareto {
		w.DominatedBy = "Q4_K_M"
	}
	return w
}

func speed(tokens int, perSecond float64, seed int) *record.Speed {
	s := &record.Speed{Tokens: tokens}
	for i := range 9 {
		s.Samples = append(s.Samples, math.Round(100*perSecond*(1+0.004*math.Sin(float64(7*i+seed))))/100)
	}
	s.PerSecond = *record.Between(perSecond, perSecond*0.997, perSecond*1.003, 9)
	return s
}

func quality(kld float64) *record.Quality {
	p := func(x float64) *float64 { return &x }
	q := &record.Quality{
		Chunks: 48, Tokens: 48 * 256, BytesPerPosition: 600_000,
		Perplexity: *record.Between(9.41*math.Exp(kld), 9.2*math.Exp(kld), 9.63*math.Exp(kld), 48*256),
		Divergence: record.Between(kld, kld*0.97, kld*1.03, 48), P99: p(kld * 12), Max: p(kld*150 + 0.01),
		Same: record.Between(1-math.Sqrt(kld)/2.1, 1-math.Sqrt(kld)/2.1-0.004, 1-math.Sqrt(kld)/2.1+0.004, 48*256),
	}
	h := &record.Histogram{Edges: []float64{0}}
	left := int64(q.Tokens)
	for e := -6.0; e <= 1.5; e += 0.5 {
		h.Edges = append(h.Edges, math.Pow(10, e))
		share := 0.0
		if kld > 0 {
			share = 1 / (1 + math.Exp(2.2*(math.Log10(kld)-e)))
		}
		n := min(left, int64(float64(q.Tokens)*share)-(int64(q.Tokens)-left))
		h.Counts = append(h.Counts, max(n, 0))
		left -= max(n, 0)
	}
	q.Histogram = h
	for i := range q.Chunks {
		wave := 1 + 0.2*math.Sin(float64(i))
		q.PerChunk = append(q.PerChunk, record.Chunk{Index: i, Tokens: 256, NLL: 256 * (2.24*wave + kld), Divergence: 256 * kld * wave, Same: int(256 * (1 - math.Sqrt(kld)/2.1))})
	}
	return q
}

// fromQuantized is a record whose source had lost something before.
func fromQuantized() *record.Record {
	r := synthetic("f16")
	r.Model.File, r.Model.Type, r.Model.Quantized = "synthetic-3b.Q4_1.gguf", "Q4_1", true
	for i := range r.Rows {
		r.Rows[i].Source = "Q4_1"
		if !r.Rows[i].Reference {
			r.Rows[i].From = "from Q4_1"
		}
	}
	r.Rows[0].Level = "Q4_1"
	r.Choice.Caveats = []string{"every level was made from Q4_1, which had lost something before: a level of the same name that is made of the original is better"}
	r.Notes = []string{fmt.Sprintf("the run was resumed %d time", 1)}
	return r
}
