package main

import (
	"cmp"
	"errors"

	"github.com/seed-f87006eb/llm/gguf"
)

// inspection is what llm inspect knows of a file: docs/inspect.md describes its JSON,
// and a test holds that page to it. What is not known is absent.
type inspection struct {
	File         string           `json:"file"`
	Format       inspectedFormat  `json:"format"`
	Architecture string           `json:"architecture,omitempty"`
	Kind         string           `json:"kind,omitempty"`
	Name         string           `json:"name,omitempty"`
	Type         string           `json:"type,omitempty"`
	Weights      inspectedWeights `json:"weights"`
	Shape        *inspectedShape  `json:"shape,omitempty"`
	KVCache      *inspectedKV     `json:"kv_cache,omitempty"`
	Tokenizer    *inspectedTokens `json:"tokenizer,omitempty"`
	Templates    []inspectedText  `json:"chat_templates,omitempty"`
	Origin       inspectedOrigin  `json:"origin"`
	Terms        inspectedTerms   `json:"terms"`
	Problems     []inspectedFault `json:"problems"`
	Keys         []inspectedKey   `json:"keys"`
	Tensors      []inspectedRow   `json:"tensors,omitempty"`
}

type inspectedFormat struct {
	Version     uint32          `json:"version"`
	BigEndian   bool            `json:"big_endian,omitempty"`
	Alignment   int64           `json:"alignment"`
	Bytes       int64           `json:"bytes"`
	HeaderBytes int64           `json:"header_bytes"`
	Tensors     int             `json:"tensors"`
	Parts       []inspectedPart `json:"parts,omitempty"`
}

type inspectedPart struct {
	Name    string `json:"name"`
	Bytes   int64  `json:"bytes"`
	Tensors int    `json:"tensors"`
}

type inspectedWeights struct {
	Parameters       int64          `json:"parameters"`
	Active           int64          `json:"active_parameters"`
	Bytes            int64          `json:"bytes"`
	BitsPerParameter float64        `json:"bits_per_parameter"`
	FileType         string         `json:"file_type,omitempty"`
	Guessed          bool           `json:"file_type_guessed,omitempty"`
	Types            []inspectedMix `json:"types"`
}

type inspectedMix struct {
	Type       string `json:"type"`
	Tensors    int    `json:"tensors"`
	Parameters int64  `json:"parameters"`
	Bytes      int64  `json:"bytes"`
}

// inspectedShape has a list where layers differ, else one element.
type inspectedShape struct {
	Context     int   `json:"context"`
	Embedding   int   `json:"embedding"`
	Layers      int   `json:"layers"`
	NextN       int   `json:"next_token_layers,omitempty"`
	Heads       []int `json:"heads"`
	KVHeads     []int `json:"kv_heads"`
	KeyLength   []int `json:"key_length"`
	ValueLength []int `json:"value_length"`
	FeedForward []int `json:"feed_forward"`

	Experts           int   `json:"experts,omitempty"`
	ExpertsUsed       []int `json:"experts_used,omitempty"`
	ExpertsShared     int   `json:"experts_shared,omitempty"`
	ExpertFeedForward []int `json:"expert_feed_forward,omitempty"`

	Window          int       `json:"window,omitempty"`
	WindowLayers    int       `json:"window_layers,omitempty"`
	RecurrentLayers int       `json:"recurrent_layers,omitempty"`
	StateBytes      int64     `json:"state_bytes_per_layer,omitempty"`
	MLAQueryRank    int       `json:"mla_query_rank,omitempty"`
	MLAKVRank       int       `json:"mla_kv_rank,omitempty"`
	RoPE            string    `json:"rope"`
	RoPEDimensions  int       `json:"rope_dimensions,omitempty"`
	RoPEBase        jsonFloat `json:"rope_base,omitempty"`
	RoPEScaling     string    `json:"rope_scaling,omitempty"`
	RoPEFactor      jsonFloat `json:"rope_scaling_factor,omitempty"`
	RoPEContext     int       `json:"rope_original_context,omitempty"`
	Pooling         string    `json:"pooling,omitempty"`
	Causal          bool      `json:"causal"`
}

type inspectedKV struct {
	Context int    `json:"context"`
	Type    string `json:"type"`
	Bytes   int64  `json:"bytes"`
}

type inspectedTokens struct {
	Model          string           `json:"model,omitempty"`
	Pre            string           `json:"pre,omitempty"`
	Tokens         int              `json:"tokens"`
	Merges         int              `json:"merges,omitempty"`
	Special        map[string]int64 `json:"special,omitempty"`
	AddBOS         *bool            `json:"add_bos,omitempty"`
	AddEOS         *bool            `json:"add_eos,omitempty"`
	AddSEP         *bool            `json:"add_sep,omitempty"`
	AddSpacePrefix *bool            `json:"add_space_prefix,omitempty"`
}

type inspectedText struct {
	Name  string `json:"name"`
	Bytes int    `json:"bytes"`
	Text  string `json:"text"`
}

type inspectedOrigin struct {
	Author       string   `json:"author,omitempty"`
	Organization string   `json:"organization,omitempty"`
	Version      string   `json:"version,omitempty"`
	Basename     string   `json:"basename,omitempty"`
	Finetune     string   `json:"finetune,omitempty"`
	SizeLabel    string   `json:"size_label,omitempty"`
	Description  string   `json:"description,omitempty"`
	QuantizedBy  string   `json:"quantized_by,omitempty"`
	License      string   `json:"license,omitempty"`
	LicenseName  string   `json:"license_name,omitempty"`
	LicenseLink  string   `json:"license_link,omitempty"`
	URL          string   `json:"url,omitempty"`
	Tags         []string `json:"tags,omitempty"`
	Languages    []string `json:"languages,omitempty"`
	BaseModels   []string `json:"base_models,omitempty"`
	Datasets     []string `json:"datasets,omitempty"`
	IMatrix      string   `json:"imatrix,omitempty"`
}

// inspectedTerms is what llm license says, in short.
type inspectedTerms struct {
	Licences   []string `json:"licences"`
	Commercial string   `json:"commercial_use"`
	Line       string   `json:"line"`
	Openness   string   `json:"openness"`
	FactsAsOf  string   `json:"facts_as_of"`
}

type inspectedFault struct {
	Level  string `json:"level"`
	Key    string `json:"key,omitempty"`
	Tensor string `json:"tensor,omitempty"`
	Part   string `json:"part,omitempty"`
	Offset int64  `json:"offset"`
	What   string `json:"what"`
	Remedy string `json:"remedy,omitempty"`
	line   string
}

// inspectedKey has the value of what is no array.
type inspectedKey struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Length int    `json:"length,omitempty"`
	Value  any    `json:"value,omitempty"`
}

type inspectedRow struct {
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	Shape  []uint64 `json:"shape"`
	Bytes  int64    `json:"bytes,omitempty"`
	Offset uint64   `json:"offset"`
	Part   int      `json:"part,omitempty"`
}

func newInspection(f *gguf.File, address string, tensors bool) (*inspection, error) {
	problems, err := f.Validate()
	if err != nil {
		return nil, err
	}
	meta, err := f.Metadata()
	if err != nil {
		return nil, err
	}
	hyper, err := f.Hyper()
	if err != nil && !errors.Is(err, gguf.ErrHyper) && !errors.Is(err, gguf.ErrArchitecture) {
		return nil, err // the others are among the problems
	}
	r := &inspection{
		File: address, Format: formatOf(f), Architecture: f.Architecture(), Name: meta.Name, Type: meta.Type,
		Weights: weightsOf(f, hyper), Origin: originOf(meta), Problems: make([]inspectedFault, len(problems)),
	}
	terms, fault := termsOf(f, address)
	if fault != nil {
		return nil, fault
	}
	r.Terms = terms
	for i, p := range problems {
		r.Problems[i] = inspectedFault{p.Level.String(), p.Key, p.Tensor, p.Part, p.Offset, p.What, p.Remedy, p.String()}
	}
	if hyper != nil && err == nil && len(hyper.Layers) > 0 && f.IsModel() {
		r.Kind, r.Shape, r.KVCache = hyper.Kind.String(), shapeOf(hyper), kvOf(hyper)
	}
	tokenizer := f.Tokenizer()
	r.Tokenizer = tokensOf(tokenizer)
	for _, t := range tokenizer.Templates {
		r.Templates = append(r.Templates, inspectedText{cmp.Or(t.Name, defaultTemplate), len(t.Text), t.Text})
	}
	r.Keys = keysOf(f)
	if tensors {
		r.Tensors = rowsOf(f)
	}
	return r, nil
}

// errors is how many of the problems are.
func (r *inspection) errors() (n int) {
	for _, p := range r.Problems {
		if p.Level == gguf.Error.String() {
			n++
		}
	}
	return n
}
