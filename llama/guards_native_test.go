package llama_test

import (
	"fmt"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// nativeGuards are what Go has no words for.
var nativeGuards = map[string]guardCase{
	"faults in C": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		path := testgguf.Decoder(1).Write(g, "fault.gguf")
		for i := range reference.Faults() {
			code, message := reference.Fault(path, i)
			var err error
			if code != 0 {
				err = fmt.Errorf("%w: %s", llama.KindOf(code), message)
			}
			errs = append(errs, err)
		}
		return errs
	}},
}
