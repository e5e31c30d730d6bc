package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// jsonFloat is a float that JSON has no word for when it is NaN or infinite: then it is a
// text.
type jsonFloat float32

func (n jsonFloat) MarshalJSON() ([]byte, error) {
	if f := float64(n); math.IsNaN(f) || math.IsInf(f, 0) {
		return json.Marshal(fmt.Sprint(f))
	}
	return json.Marshal(float32(n))
}

func formatOf(f *gguf.File) inspectedFormat {
	r := inspectedFormat{Version: f.Version, BigEndian: f.BigEndian, Alignment: f.Alignment, Bytes: f.Size(), Tensors: len(f.Tensors)}
	for _, p := range f.Parts {
		r.HeaderBytes += p.HeaderSize
		if len(f.Parts) > 1 {
			r.Parts = append(r.Parts, inspectedPart{p.Name, p.Size, p.Tensors})
		}
	}
	return r
}

func weightsOf(f *gguf.File, h *gguf.Hyper) inspectedWeights {
	p, t := f.Parameters(h), f.FileType()
	r := inspectedWeights{
		Parameters: p.Total, Active: p.Active, Bytes: p.Bytes, BitsPerParameter: math.Round(1000*p.BitsPerWeight) / 1000,
		FileType: t.Short(), Guessed: t&gguf.FileTypeGuessed != 0,
		Types: make([]inspectedMix, len(p.Types)),
	}
	for i, m := range p.Types {
		r.Types[i] = inspectedMix{m.Type.String(), m.Tensors, m.Parameters, m.Bytes}
	}
	return r
}

// perLayer is one number where all layers have the same.
func perLayer(h *gguf.Hyper, of func(gguf.Layer) int) []int {
	all := make([]int, len(h.Layers))
	for i, l := range h.Layers {
		all[i] = of(l)
	}
	if one := slices.Compact(slices.Clone(all)); len(one) == 1 {
		return one
	}
	return all
}

func countLayers(h *gguf.Hyper, has func(gguf.Layer) bool) (n int) {
	for _, l := range h.Layers {
		if has(l) {
			n++
		}
	}
	return n
}

func shapeOf(h *gguf.Hyper) *inspectedShape {
	s := &inspectedShape{
		Context: h.Context, Embedding: h.Embedding, Layers: h.Main(), NextN: h.NextN,
		Heads:           perLayer(h, func(l gguf.Layer) int { return l.Heads }),
		KVHeads:         perLayer(h, func(l gguf.Layer) int { return l.KVHeads }),
		KeyLength:       perLayer(h, func(l gguf.Layer) int { return l.KeyLength }),
		ValueLength:     perLayer(h, func(l gguf.Layer) int { return l.ValueLength }),
		FeedForward:     perLayer(h, func(l gguf.Layer) int { return l.FeedForward }),
		Experts:         h.Experts.Count,
		ExpertsShared:   h.Experts.Shared,
		WindowLayers:    countLayers(h, func(l gguf.Layer) bool { return l.Window }),
		RecurrentLayers: countLayers(h, func(l gguf.Layer) bool { return l.Recurrent }),
		MLAQueryRank:    h.MLA.QRank, MLAKVRank: h.MLA.KVRank,
		RoPE: h.RoPE.Kind.String(), RoPEDimensions: h.RoPE.Dimensions, RoPEBase: jsonFloat(h.RoPE.Base), Causal: h.Causal,
	}
	if h.Experts.Count > 0 {
		s.ExpertsUsed = perLayer(h, func(l gguf.Layer) int { return l.ExpertsUsed })
		s.ExpertFeedForward = perLayer(h, func(l gguf.Layer) int { return l.ExpertFeedForward })
	}
	if s.WindowLayers > 0 {
		s.Window = h.Window.Size
	}
	if s.RecurrentLayers > 0 {
		s.StateBytes = 4 * int64(h.Recurrent.Rolling+h.Recurrent.State)
	}
	if h.RoPE.Scale != 1 && h.RoPE.Scale != 0 {
		s.RoPEScaling, s.RoPEFactor, s.RoPEContext = h.RoPE.Scaling, jsonFloat(1/h.RoPE.Scale), h.RoPE.OrigContext
	}
	if h.Pooling != gguf.PoolingUnspecified {
		s.Pooling = h.Pooling.String()
	}
	return s
}

func kvOf(h *gguf.Hyper) *inspectedKV {
	bytes, ok := h.KVBytes(0, gguf.F16, gguf.F16)
	if !ok || bytes == 0 {
		return nil
	}
	return &inspectedKV{h.Context, gguf.F16.String(), bytes}
}

func tokensOf(t *gguf.Tokenizer) *inspectedTokens {
	if t.Model == "" && t.Tokens == 0 {
		return nil
	}
	r := &inspectedTokens{Model: t.Model, Pre: t.Pre, Tokens: t.Tokens, Merges: t.Merges,
		AddBOS: t.AddBOS, AddEOS: t.AddEOS, AddSEP: t.AddSEP, AddSpacePrefix: t.AddSpacePrefix, Special: map[string]int64{}}
	for _, s := range []struct {
		name string
		id   int64
	}{
		{"bos", t.BOS}, {"eos", t.EOS}, {"eot", t.EOT}, {"eom", t.EOM}, {"unknown", t.UNK}, {"separator", t.SEP},
		{"padding", t.PAD}, {"mask", t.MASK}, {"fim_prefix", t.FIMPrefix}, {"fim_suffix", t.FIMSuffix}, {"fim_middle", t.FIMMiddle},
		{"fim_pad", t.FIMPad}, {"fim_repository", t.FIMRepo}, {"fim_separator", t.FIMSep},
	} {
		if s.id != gguf.NoToken {
			r.Special[s.name] = s.id
		}
	}
	return r
}

func originOf(m *gguf.Metadata) inspectedOrigin {
	return inspectedOrigin{
		Author: m.Author, Organization: m.Organization, Version: m.Version, Basename: m.Basename, Finetune: m.Finetune,
		SizeLabel: m.SizeLabel, Description: m.Description, QuantizedBy: m.QuantizedBy,
		License: m.License, LicenseName: m.LicenseName, LicenseLink: m.LicenseLink,
		URL:  cmp.Or(m.URL, m.RepoURL, m.Origin.URL, m.Origin.RepoURL),
		Tags: m.Tags, Languages: m.Languages, BaseModels: sourceNames(m.BaseModels), Datasets: sourceNames(m.Datasets), IMatrix: m.IMatrix.File,
	}
}

func sourceNames(all []gguf.Source) (names []string) {
	for _, s := range all {
		name := strings.TrimPrefix(s.Organization+"/"+s.Name, "/")
		if s.Name == "" {
			name = cmp.Or(s.RepoURL, s.URL)
		}
		names = append(names, name)
	}
	return names
}

func keysOf(f *gguf.File) []inspectedKey {
	keys := make([]inspectedKey, len(f.Keys))
	for i, k := range f.Keys {
		keys[i] = inspectedKey{Name: k.Name, Type: k.Type.String(), Length: k.Len()}
		if k.Type == gguf.Array {
			keys[i].Type += "[" + k.Elem.String() + "]"
		} else {
			keys[i].Value = plainValue(k.Value)
		}
	}
	return keys
}

func rowsOf(f *gguf.File) []inspectedRow {
	rows := make([]inspectedRow, len(f.Tensors))
	for i, t := range f.Tensors {
		bytes, _ := t.Size()
		rows[i] = inspectedRow{t.Name, t.Type.String(), t.Dims, bytes, t.Offset, t.Part}
	}
	return rows
}
