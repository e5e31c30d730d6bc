package quantize

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
)

// plain are the engine's words without the names of its functions.
func plain(err error) error {
	var e *llama.Error
	if errors.As(err, &e) {
		return fmt.Errorf("%w: %s", e.Kind, strings.TrimPrefix(llama.Plain(e.Message), "failed to quantize: "))
	}
	return err
}

// inWords adds a remedy to what the engine says.
func inWords(err error) error {
	err = plain(err)
	var crash *chat.ErrEngineCrash
	switch text := err.Error(); {
	case errors.As(err, &crash) && crash.Reason == chat.CrashAssertion:
		told := *crash
		told.Message = llama.Plain(crash.Message) + "; weights that are much too large do this: choose another type, or look at the source"
		return &told
	case strings.Contains(text, "quantized data validation failed"):
		return fmt.Errorf("%w: some weights are too large for this type; choose another, or look at the source", err)
	case strings.Contains(text, "has invalid data"):
		return fmt.Errorf("%w: some of its numbers are none, or infinite; the source is damaged: fetch or convert it again", err)
	}
	return err
}
