package engine

import (
	"context"

	"github.com/seed-f87006eb/llm/internal/chat"
)

// Embed turns texts into vectors.
func (e *Engine) Embed(ctx context.Context, r chat.EmbedRequest) (*chat.Embeddings, error) {
	return nil, chat.ErrUnsupported
}
