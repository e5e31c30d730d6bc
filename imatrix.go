package llm

import (
	"context"

	"github.com/seed-f87006eb/llm/internal/imatrix"
	"github.com/seed-f87006eb/llm/internal/imatrix/pass"
)

// What collecting an importance matrix is made of.
type (
	ImatrixOptions  = pass.Options
	ImatrixProgress = pass.Progress
	ImatrixResult   = pass.Result
	Imatrix         = imatrix.Matrix
)

// ErrText is for a text that no importance matrix can be collected on.
var ErrText = pass.ErrText

// GeneratedChunks is how many chunks a model generates where it has no text to read.
const GeneratedChunks = pass.GeneratedChunks

// PartialImatrix is what the names of partial results end in.
const PartialImatrix = pass.PartialEnd

// CollectImatrix collects the importance matrix of the GGUF file at path, in this process, and
// writes it: how much each column of its matrices matters on a text, which the quantizer takes
// into account (docs/imatrix.md). Of the options BatchSize counts, and those of the load;
// ContextSize and Isolated do not. Cancelling ctx stops it; what was saved by then can be
// resumed.
//
//	result, err := llm.CollectImatrix(ctx, "model.gguf", llm.ImatrixOptions{Output: "imatrix.gguf", Text: text, Dataset: "text.txt"})
func CollectImatrix(ctx context.Context, path string, o ImatrixOptions, options ...Option) (*ImatrixResult, error) {
	var open openOptions
	for _, option := range options {
		option(&open)
	}
	return pass.Run(ctx, path, open.engine, o)
}
