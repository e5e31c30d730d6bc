package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
)

// explainLoad says why a file cannot be loaded, in words that help.
func explainLoad(err error) error {
	var le *llama.Error
	if !errors.As(err, &le) {
		return err
	}
	text := strings.TrimSuffix(llama.Plain(le.Message), "; failed to load model")
	text = strings.TrimPrefix(text, "error loading model: ")
	if strings.Contains(text, "unknown model architecture") {
		return fmt.Errorf("%s is %w by this engine; use another model, or a newer version", text, chat.ErrUnsupported)
	}
	if outOfMemory(text) {
		return fmt.Errorf("%w (%s)", &chat.ErrOutOfMemory{What: "the model"}, text)
	}
	if errors.Is(err, llama.ErrInvalid) {
		return fmt.Errorf("%s (%w)", text, le.Kind)
	}
	for _, words := range []string{"main_gpu", "split buffers", "SPLIT_MODE"} {
		if strings.Contains(text, words) {
			return fmt.Errorf("%s; choose other devices, or another split mode (%w)", text, le.Kind)
		}
	}
	hint := "the file is damaged, or of a kind that this engine does not know"
	if strings.Contains(text, "file bounds") || strings.Contains(text, "corrupted or incomplete") || strings.Contains(text, "truncated") {
		hint = "the file is incomplete: fetch it again"
	}
	return fmt.Errorf("%s; %s (%w)", text, hint, le.Kind)
}

// outOfMemory tells the engine's, C++'s and the guard's words for it.
func outOfMemory(text string) bool {
	for _, words := range []string{"failed to allocate", "out of memory", "bad_alloc", "unable to allocate"} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

func explainContext(err error, size int, mi llama.ModelInfo) error {
	var le *llama.Error
	if !errors.As(err, &le) {
		return err
	}
	text := llama.Plain(le.Message)
	if outOfMemory(text) {
		return fmt.Errorf("%w (%s)", &chat.ErrOutOfMemory{What: fmt.Sprintf("a context of %d tokens", size)}, text)
	}
	return fmt.Errorf("a context of %d tokens could not be made: %s; ask for a smaller one (the model was trained on %d tokens) (%w)",
		size, text, mi.ContextTrain, le.Kind)
}
