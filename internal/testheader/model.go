package testheader

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/seed-f87006eb/llm/gguf"
)

//go:embed testdata/models.json
var modelsFile []byte

// model is a row of testdata/models.json.
type model struct {
	Architecture  string         `json:"architecture"`
	VocabSize     uint32         `json:"vocab_size"`
	Keys          map[string]any `json:"keys"`           // without the architecture's prefix
	AbsentTensors []string       `json:"absent_tensors"` // regular expressions
}

var models = sync.OnceValues(func() (map[string]model, error) { return readModels(modelsFile) })

func readModels(text []byte) (map[string]model, error) {
	var file struct {
		Models map[string]model `json:"models"`
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // 1.0 is a float, 1 is not
	err := d.Decode(&file)
	return file.Models, err
}

// Names are the models that there are, sorted.
func Names() []string {
	all, err := models()
	if err != nil {
		panic(err) // our own file
	}
	return slices.Sorted(maps.Keys(all))
}

func find(name string) (model, error) {
	all, err := models()
	if err != nil {
		return model{}, err
	}
	m, ok := all[name]
	if !ok {
		return model{}, fmt.Errorf("there is no model %q: the models are %s", name, strings.Join(Names(), ", "))
	}
	return m, nil
}

// writer has the keys of the model and no tensors.
func (m model) writer(name string) (*gguf.Writer, error) {
	w := gguf.NewWriter()
	set := func(key string, value any) error {
		v, err := gguf.NewValue(value)
		if err == nil {
			err = w.Set(key, v)
		}
		return err
	}
	keys := map[string]any{
		"general.name":                 name,
		"general.type":                 "model",
		"tokenizer.ggml.model":         "no_vocab",
		m.Architecture + ".vocab_size": m.VocabSize,
	}
	if m.Architecture == "bert" {
		keys["tokenizer.ggml.token_type_count"] = uint32(2) // as its converter writes, beside the vocabulary
	}
	for key, value := range m.Keys {
		v, err := typed(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, key, err)
		}
		keys[m.Architecture+"."+key] = v
	}
	if err := set(gguf.KeyArchitecture, m.Architecture); err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if err := set(key, keys[key]); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// typed is a value of JSON as converters write it: counts are uint32, other numbers
// float32.
func typed(value any) (any, error) {
	switch v := value.(type) {
	case bool, string:
		return v, nil
	case json.Number:
		return number(v)
	case []any:
		if len(v) > 0 {
			return typedArray(v)
		}
	}
	return nil, fmt.Errorf("a value that no key has: %v", value)
}

func typedArray(values []any) (any, error) {
	var bools []bool
	var counts []uint32
	var floats []float32
	for _, value := range values {
		one, err := typed(value)
		if err != nil {
			return nil, err
		}
		switch v := one.(type) {
		case bool:
			bools = append(bools, v)
		case uint32:
			counts = append(counts, v)
		case float32:
			floats = append(floats, v)
		}
	}
	switch len(values) {
	case len(bools):
		return bools, nil
	case len(counts):
		return counts, nil
	case len(floats):
		return floats, nil
	}
	return nil, fmt.Errorf("an array of several types: %v", values)
}

func number(n json.Number) (any, error) {
	if strings.ContainsAny(n.String(), ".eE") {
		f, err := strconv.ParseFloat(n.String(), 32)
		return float32(f), err
	}
	u, err := strconv.ParseUint(n.String(), 10, 32)
	return uint32(u), err
}

// lacks says which tensors the model does not have, of those that the engine would take.
func (m model) lacks() (func(tensor string) bool, error) {
	var absent []*regexp.Regexp
	for _, pattern := range m.AbsentTensors {
		r, err := regexp.Compile(pattern)
		if err != nil {
			return nil, err
		}
		absent = append(absent, r)
	}
	return func(tensor string) bool {
		return slices.ContainsFunc(absent, func(r *regexp.Regexp) bool { return r.MatchString(tensor) })
	}, nil
}
