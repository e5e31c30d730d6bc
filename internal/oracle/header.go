package oracle

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// Header is what the engine needs of a model's file to plan for it.
type Header struct {
	Bytes []byte // the tables of keys and tensors, up to where the data begins
	Size  int64  // of a file with the data, in bytes
}

const (
	keyTokenizer = "tokenizer.ggml.model"
	keyTokens    = "tokenizer.ggml.tokens"
)

// Strip checks a header as a load does, and is what planning needs of it: without the
// vocabulary, of which the size stays. Tensors are those that the model is to have, with the
// types of another level of quantization for one; nil: its own. Of a split model all parts
// become one. Errors: what the engine would refuse or not survive, and those of reading.
func Strip(f *gguf.File, tensors []gguf.Tensor) (*Header, error) {
	if err := check(f); err != nil {
		return nil, fmt.Errorf("plan for a model: %w", err)
	}
	return StripChecked(f, tensors)
}

// StripChecked is Strip for a header that was checked.
func StripChecked(f *gguf.File, tensors []gguf.Tensor) (*Header, error) {
	h, err := strip(f, tensors)
	if err != nil {
		return nil, fmt.Errorf("plan for a model: %w", err)
	}
	return h, nil
}

func strip(f *gguf.File, tensors []gguf.Tensor) (*Header, error) {
	w := gguf.NewWriter()
	w.BigEndian = f.BigEndian
	for _, k := range f.Keys {
		if !planned(k) {
			continue
		}
		if err := w.Set(k.Name, k.Value); err != nil {
			return nil, err
		}
	}
	if err := dropVocabulary(w, f); err != nil {
		return nil, err
	}
	if tensors == nil {
		tensors = f.Tensors
	}
	for _, t := range tensors {
		if err := w.Add(t, nil); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	if err := w.WriteHeader(&b); err != nil {
		return nil, err
	}
	size, err := w.Size()
	return &Header{b.Bytes(), size}, err
}

// planned tells the keys that matter to memory. Numbers of the tokenizer are few, and one of
// them is the number of token types, which a tensor is as large as.
func planned(k gguf.Key) bool {
	switch k.Name {
	case gguf.KeySplitNo, gguf.KeySplitCount, gguf.KeySplitTensors:
		return false
	case keyTokenizer:
		return true
	}
	return !strings.HasPrefix(k.Name, "tokenizer.") || k.Type != gguf.Array && k.Type != gguf.String
}

// dropVocabulary says how large the vocabulary is that the header no longer has:
// src/llama-vocab.cpp@v0.5.0, llama_vocab::impl::load.
func dropVocabulary(w *gguf.Writer, f *gguf.File) error {
	if model := f.Text(keyTokenizer); model == "no_vocab" || model == "none" {
		return nil
	}
	none, err := gguf.NewValue("no_vocab")
	if err != nil {
		return err
	}
	if err := w.Set(keyTokenizer, none); err != nil {
		return err
	}
	tokens, _ := f.Lookup(keyTokens)
	size, err := gguf.NewValue(uint32(tokens.Len()))
	if err != nil {
		return err
	}
	return w.Set(f.Architecture()+".vocab_size", size)
}

// check refuses a file that is no model, or none that the engine would survive.
func check(f *gguf.File) error {
	arch := f.Architecture()
	switch kind := f.Text("general.type"); {
	case kind != "" && kind != "model", arch == "clip", arch == "controlvector":
		return fmt.Errorf("the file is of type %s (architecture %s), which does not load by itself; give the model that it goes with", gguf.Quote(kind), gguf.Quote(arch))
	case !slices.Contains(gguf.Architectures(), arch):
		return fmt.Errorf("the model architecture %s is not supported by this engine; use another model, or a newer version", gguf.Quote(arch))
	case len(f.Tensors) == 0:
		return fmt.Errorf("the file has no tensors: it is a vocabulary; give the whole model")
	}
	if err := checkParts(f); err != nil {
		return err
	}
	problems, err := f.Validate()
	if err != nil {
		return err
	}
	// A template is not looked at by who plans.
	return gguf.Invalid(slices.DeleteFunc(problems, gguf.Problem.AboutTemplate))
}

// checkParts refuses a part of a split model that stands for itself.
func checkParts(f *gguf.File) error {
	parts, _ := f.Uint(gguf.KeySplitCount)
	if parts <= 1 || parts == uint64(len(f.Parts)) || len(f.Parts) == 0 {
		return nil
	}
	no, _ := f.Uint(gguf.KeySplitNo)
	model, ok := gguf.ModelName(f.Parts[0].Name, int(no), int(parts))
	if !ok {
		return fmt.Errorf("the file is part %d of %d of a model: %w", no+1, parts, gguf.ErrMissingPart)
	}
	var missing []string
	for i := range min(parts, 5) {
		if i != no {
			missing = append(missing, gguf.PartName(model, int(i), int(parts)))
		}
	}
	return fmt.Errorf("the file is part %d of %d of a model: %w: %s", no+1, parts, gguf.ErrMissingPart, strings.Join(missing, ", "))
}
