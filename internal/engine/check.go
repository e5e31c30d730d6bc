package engine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
)

// CheckModel refuses a file that the engine would refuse in words that do not help, or
// would not survive. Weights must be there, or a vocabulary is enough. What is wrong
// with the chat template stands in the way of chats only, and comes back by itself. use
// gets a header that is good; nil: nobody does.
func CheckModel(path string, weights bool, use func(*gguf.File)) (badTemplate, err error) {
	if err := checkFile(path); err != nil {
		return nil, fmt.Errorf("open model %w", err)
	}
	if err = openHeader(path, func(f *gguf.File) error {
		if badTemplate, err = checkHeader(f, weights); err == nil && use != nil {
			use(f)
		}
		return err
	}); err != nil {
		return nil, fmt.Errorf("open model %s: %w", path, err)
	}
	return badTemplate, nil
}

// checkAdapter is CheckModel for what goes with a model.
func checkAdapter(kind, path string) error {
	if err := checkFile(path); err != nil {
		return fmt.Errorf("%s %w", kind, err)
	}
	if err := openHeader(path, (*gguf.File).Check); err != nil {
		return fmt.Errorf("%s %s: %w", kind, path, err)
	}
	return nil
}

// openHeader uses a header. Its errors do not name the file, which the caller does.
func openHeader(path string, use func(*gguf.File) error) error {
	f, err := gguf.Open(path)
	if err == nil {
		defer f.Close()
		return use(f)
	}
	var damaged *gguf.SyntaxError
	switch {
	case errors.As(err, &damaged):
		return fmt.Errorf("%w; fetch the file again", damaged)
	case errors.Is(err, gguf.ErrNotGGUF), errors.Is(err, gguf.ErrVersion):
		return errors.Unwrap(err)
	}
	return err
}

func checkHeader(f *gguf.File, weights bool) (badTemplate, err error) {
	if what := otherThanModel(f, weights); what != "" {
		return nil, fmt.Errorf("%s (%w)", what, ErrNotModel)
	}
	if arch := f.Architecture(); !slices.Contains(gguf.Architectures(), arch) {
		return nil, fmt.Errorf("the model architecture %s is %w by this engine; use another model, or a newer version", gguf.Quote(arch), chat.ErrUnsupported)
	}
	validate := f.Validate
	if !weights {
		validate = f.ValidateVocabulary
	}
	problems, err := validate()
	if err != nil {
		return nil, err
	}
	var model, template []gguf.Problem
	for _, p := range problems {
		switch {
		case p.Level == gguf.Warning:
			warn(p)
		case p.AboutTemplate():
			template = append(template, p)
		default:
			model = append(model, p)
		}
	}
	return gguf.Invalid(template), gguf.Invalid(model)
}

// warn goes where the engine's own warnings go.
func warn(p gguf.Problem) {
	if l := llama.Logger(); l != nil {
		l.Warn(p.String())
	}
}

// otherThanModel says what a GGUF file is that is no model; empty when it may be one.
func otherThanModel(f *gguf.File, weights bool) string {
	kind, arch := f.Text("general.type"), f.Architecture()
	switch {
	case kind == "adapter":
		return "this is a LoRA adapter; give the model it was made for, and this file with --lora"
	case arch == "controlvector":
		return "this is a control vector; give the model it was made for, and this file with --control-vector"
	case kind == "mmproj" || arch == "clip":
		return "this is the projector of a multimodal model; give the file of the language model itself"
	case kind == "imatrix":
		return "this is an importance matrix, which quantizing a model takes; give the model itself"
	case arch == "":
		return "the file names no architecture"
	case weights && len(f.Tensors) == 0:
		return "the file has no tensors: it is a vocabulary or a header; give the whole model"
	}
	return ""
}
