package reference_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// The hyper-parameters that package gguf reads are those that the engine reads, of every
// architecture: of small headers made here, of which the engine itself says what it
// misses. It compares all of llama_hparams that gguf has, and the size of the memory.

func TestArchitecturesAreTheEngines(t *testing.T) {
	engine := reference.Architectures()
	slices.Sort(engine)
	if ours := gguf.Architectures(); !slices.Equal(ours, engine) {
		t.Errorf("ours: %v\nthe engine's: %v", ours, engine)
	}
}

// comparison reads headers with both.
type comparison struct {
	t       *testing.T
	path    string
	context int // for the size of memory; 0: it is not compared
	loads   int
	memory  int // how many sizes of memory were compared
}

func newComparison(t *testing.T) *comparison {
	return &comparison{t: t, path: filepath.Join(t.TempDir(), "header.gguf"), context: contextTokens}
}

// model is what gguf makes of a header.
type model struct {
	*gguf.File
	*gguf.Hyper
}

// contextTokens is no multiple of 256, and larger than a batch and than windows.
const contextTokens = 1500

// read is what the engine makes of a header, and what gguf does.
func (c *comparison) read(header *testgguf.File) (engine map[string]string, ours model, engineErr, oursErr error) {
	c.t.Helper()
	c.loads++
	data := header.Bytes()
	if err := os.WriteFile(c.path, data, 0o644); err != nil {
		c.t.Fatal(err)
	}
	text, engineErr := reference.Hparams(c.path, c.context, int(gguf.F16), int(gguf.Q8_0))
	if engineErr == nil {
		engine = parseLines(text)
	}
	f, err := gguf.Read(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		c.t.Fatal(err)
	}
	ours.File = f
	ours.Hyper, oursErr = f.Hyper()
	return engine, ours, engineErr, oursErr
}

// same holds the two to each other: both refuse a header, or both read the same. It
// returns what the engine read; nil when it refused.
func (c *comparison) same(name string, header *testgguf.File) map[string]string {
	c.t.Helper()
	engine, ours, engineErr, oursErr := c.read(header)
	switch {
	case (engineErr == nil) != (oursErr == nil):
		c.t.Errorf("%s: the engine says %v, gguf says %v", name, engineErr, oursErr)
		return nil
	case oursErr != nil && !errors.Is(oursErr, gguf.ErrHyper):
		c.t.Errorf("%s: an error of another kind: %v", name, oursErr)
		return nil
	case oursErr != nil:
		return nil
	}
	if c.without(engine, ours.Hyper); engine["memory"] != "" {
		c.memory++
	}
	c.compare(name, engine, describe(ours, contextTokens, gguf.F16, gguf.Q8_0))
	return engine
}

// compare goes over all that the engine says.
func (c *comparison) compare(name string, engine, ours map[string]string) {
	c.t.Helper()
	for _, field := range slices.Sorted(maps.Keys(engine)) {
		if !equal(engine[field], ours[field]) {
			c.t.Errorf("%s: %s is %s in the engine, %s in gguf", name, field, engine[field], ours[field])
		}
	}
}

// without removes what gguf need not have.
func (c *comparison) without(engine map[string]string, h *gguf.Hyper) {
	if strings.HasPrefix(engine["memory"], "-") {
		delete(engine, "memory") // the engine asserts
	}
	switch h.Architecture {
	case "gemma4-assistant":
		delete(engine, "memory") // it takes that of another model, which is not here
	case "deepseek32", "deepseek4", "minimax-m3":
		delete(engine, "indexer") // the engine does not use its flag
	}
}

func parseLines(text string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		fields[name] = value
	}
	return fields
}

func equal(engine, ours string) bool {
	if engine == ours {
		return true
	}
	a, aErr := strconv.ParseFloat(engine, 32)
	b, bErr := strconv.ParseFloat(ours, 32)
	return aErr == nil && bErr == nil && float32(a) == float32(b)
}

// describe writes a Hyper in the words of llm_reference_hparams.
func describe(m model, context int, k, v gguf.TensorType) map[string]string {
	all, h := m.Parameters(m.Hyper), m.Hyper
	d := map[string]string{"elements": fmt.Sprint(all.Total), "bytes": fmt.Sprint(all.Bytes), "ftype": m.FileType().String()}
	numbers := func(names string, values ...any) {
		for i, name := range strings.Fields(names) {
			if v, ok := values[i].(bool); ok {
				values[i] = map[bool]int{true: 1}[v]
			}
			d[name] = fmt.Sprint(values[i])
		}
	}
	numbers("context embedding embedding_in embedding_encoder embedding_out embedding_per_layer layers nextn decoder_layers",
		h.Context, h.Embedding, h.EmbeddingIn, h.EmbeddingEncoder, h.EmbeddingOut, h.EmbeddingPerLayer, len(h.Layers), h.NextN, h.DecoderLayers)
	numbers("leading_dense first_with_kv labels pooling causal norm_eps rms_eps group_eps norm_groups",
		h.LeadingDense, h.FirstWithKV, h.Labels, int(h.Pooling), h.Causal, h.NormEpsilon, h.RMSNormEpsilon, h.GroupNormEpsilon, h.NormGroups)
	e := h.Experts
	numbers("experts shared shared_ff chunk_ff per_group groups groups_used latent every",
		e.Count, e.Shared, e.SharedFeedForward, e.ChunkFeedForward, e.PerGroup, e.Groups, e.GroupsUsed, e.Latent, e.Every)
	c, x := h.MLA, h.Indexer
	numbers("window_kind window q_rank kv_rank key_mla value_mla kv_rank_window key_mla_window value_mla_window output_rank output_groups hyper_connections",
		int(h.Window.Kind), h.Window.Size, c.QRank, c.KVRank, c.Key, c.Value, c.KVRankWindow, c.KeyWindow, c.ValueWindow, c.OutputRank, c.OutputGroups, c.HyperConnections)
	numbers("indexer_heads indexer_key indexer_top_k indexer_block indexer_local", x.Heads, x.KeyLength, x.TopK, x.Block, x.LocalBlocks)
	p := h.RoPE
	numbers("rope rope_dimensions rope_base rope_base_window rope_scale rope_scale_window rope_scaling rope_attn_factor rope_context rope_finetuned",
		ropeKinds[p.Kind], p.Dimensions, p.Base, p.BaseWindow, p.Scale, p.ScaleWindow, slices.Index(scalings, p.Scaling), p.AttnFactor, p.OrigContext, p.Finetuned)
	d["rope_sections"] = strings.Trim(strings.ReplaceAll(fmt.Sprint(p.Sections), " ", ","), "[]")
	s, o := h.Recurrent, h.Codec
	numbers("rolling state ssm_conv ssm_inner ssm_state ssm_rank ssm_groups wkv_head token_shift decay_rank learning_rank value_rank gate_rank",
		s.Rolling, s.State, s.SSMConv, s.SSMInner, s.SSMState, s.SSMTimeStepRank, s.SSMGroups, s.WKVHead, s.TokenShift, s.DecayRank, s.LearningRank, s.ValueRank, s.GateRank)
	numbers("mix_rank time_decay_rank short_conv kda_head linear_head ple_conv posnet_embedding posnet_layers convnext_embedding convnext_layers",
		s.MixRank, s.TimeDecayRank, s.ShortConv, s.KDAHead, s.LinearHead, s.PLEConv, o.PosNetEmbedding, o.PosNetLayers, o.ConvNextEmbedding, o.ConvNextLayers)
	describeLayers(h, d)
	if bytes, ok := h.KVBytes(context, k, v); ok {
		d["memory"] = fmt.Sprint(bytes)
	}
	return d
}

func describeLayers(h *gguf.Hyper, d map[string]string) {
	each := func(name string, n int, f func(l gguf.Layer) int) {
		var row []string
		for _, l := range h.Layers[:n] {
			row = append(row, strconv.Itoa(f(l)))
		}
		d[name] = strings.Join(row, ",")
	}
	truth := func(f func(l gguf.Layer) bool) func(l gguf.Layer) int {
		return func(l gguf.Layer) int { return map[bool]int{true: 1}[f(l)] }
	}
	n := len(h.Layers)
	each("heads", n, func(l gguf.Layer) int { return l.Heads })
	each("kv_heads", n, func(l gguf.Layer) int { return l.KVHeads })
	each("key_length", n, func(l gguf.Layer) int { return l.KeyLength })
	each("value_length", n, func(l gguf.Layer) int { return l.ValueLength })
	each("key_width", n, gguf.Layer.KeyWidth)
	each("value_width", n, gguf.Layer.ValueWidth)
	each("ff", n, func(l gguf.Layer) int { return l.FeedForward })
	each("expert_ff", n, func(l gguf.Layer) int { return l.ExpertFeedForward })
	each("experts_used", n, func(l gguf.Layer) int { return l.ExpertsUsed })
	each("rot", n, func(l gguf.Layer) int { return l.RoPE })
	each("compress", n, func(l gguf.Layer) int { return l.Compress })
	each("window_layers", n, truth(func(l gguf.Layer) bool { return l.Window }))
	each("recurrent", n, truth(func(l gguf.Layer) bool { return l.Recurrent }))
	each("kv", n, truth(func(l gguf.Layer) bool { return l.KV }))
	each("indexer", h.Main(), truth(func(l gguf.Layer) bool { return l.Indexer }))
	ple := make([]string, n)
	for i := range ple {
		ple[i] = strconv.Itoa(map[bool]int{true: 1}[i == h.Recurrent.PLELayer])
	}
	d["ple"] = strings.Join(ple, ",")
}

// ropeKinds are the numbers of enum llama_rope_type.
var ropeKinds = map[gguf.RoPEKind]int{gguf.RoPENone: -1, gguf.RoPENorm: 0, gguf.RoPENeoX: 2, gguf.RoPEMRoPE: 8, gguf.RoPEIMRoPE: 40}

// scalings are in the order of enum llama_rope_scaling_type.
var scalings = []string{"none", "linear", "yarn", "longrope"}

// shape is what a header is made for.
type shape struct {
	layers, nextn, experts, context int
}

// header is the least that every architecture needs.
func header(arch string, s shape) *testgguf.File {
	f := &testgguf.File{}
	f.Set("general.architecture", arch)
	set := func(key string, v any) { f.Set(arch+"."+key, v) }
	set("context_length", uint32(s.context))
	set("embedding_length", uint32(512))
	set("block_count", uint32(s.layers))
	set("feed_forward_length", uint32(768))
	set("attention.head_count", uint32(8))
	set("attention.head_count_kv", uint32(4))
	set("vocab_size", uint32(1000))
	if s.nextn > 0 {
		set("nextn_predict_layers", uint32(s.nextn))
	}
	if s.experts > 0 {
		set("expert_count", uint32(s.experts))
		set("expert_used_count", uint32(2))
	}
	return f
}

var (
	missingKey = regexp.MustCompile(`key not found in model: (\S+)`)
	wrongType  = regexp.MustCompile(`key (\S+) has wrong type u32 but expected type (\w+)`)
)

// complete adds what the engine says that it misses, until it takes the header. At each
// step gguf must miss something too.
func (c *comparison) complete(arch string, s shape) *testgguf.File {
	c.t.Helper()
	f := header(arch, s)
	for key, v := range quirks(arch, s) {
		f.Set(arch+"."+key, v)
	}
	if err := c.missing(f); err != nil {
		c.t.Fatalf("%s %v: the engine says %v", arch, s, err)
	}
	return f
}

// missing adds the keys that the engine says it misses. At each step gguf must refuse
// the header too. It returns what else the engine says.
func (c *comparison) missing(f *testgguf.File) error {
	c.t.Helper()
	for {
		_, _, err, oursErr := c.read(f)
		if err == nil {
			return nil
		}
		if oursErr == nil {
			c.t.Fatalf("the engine says %v, gguf takes it", err)
		}
		if m := wrongType.FindStringSubmatch(err.Error()); m != nil && f.Value(m[1]) == placeholder {
			f.Set(m[1], map[string]any{"f32": float32(0.5), "i32": int32(8), "bool": true, "str": "yarn"}[m[2]])
		} else if m := missingKey.FindStringSubmatch(err.Error()); m != nil && f.Value(m[1]) == nil {
			f.Set(m[1], placeholder)
			if strings.Contains(err.Error(), "array key") {
				f.Set(m[1], alternating(10))
			}
		} else {
			return err
		}
	}
}

// placeholder is what a missing key is tried with.
const placeholder = uint32(8)

func alternating(n int) []int32 {
	row := make([]int32, n)
	for i := range row {
		row[i] = int32(i % 2)
	}
	return row
}

// quirks are values that an architecture checks, beyond that they are there.
func quirks(arch string, s shape) map[string]any {
	switch arch {
	case "deepseek4":
		ratios := make([]int32, s.layers)
		for i := range ratios {
			ratios[i] = []int32{0, 4, 128}[i%3]
		}
		return map[string]any{"expert_gating_func": uint32(4), "attention.compress_ratios": ratios}
	case "bailingmoe3":
		return map[string]any{"kda.gate_lower_bound": float32(-1)}
	case "hrm_text":
		return map[string]any{"hrm.layers_per_stack": uint32(1), "hrm.h_cycles": uint32((s.layers - s.nextn) / 3), "hrm.l_cycles": uint32(2)}
	case "graniteswitch":
		ids := []int32{5, 6}
		return map[string]any{"adapters.count": uint32(2), "adapters.token_ids_activate": ids, "adapters.token_ids_substitute": ids}
	case "eagle3", "dflash":
		return map[string]any{"target_layers": []int32{1, 2, 3}}
	case "wavtokenizer-dec":
		return map[string]any{"posnet.block_count": uint32(2), "convnext.block_count": uint32(3)}
	case "cohere2moe":
		return map[string]any{"attention.layer_norm_epsilon": float32(1e-5)}
	}
	return nil
}
