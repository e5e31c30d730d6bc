package engine

import (
	"context"

	"github.com/seed-f87006eb/llm/internal/chat"
)

// SaveState writes what memory holds to a file.
func (e *Engine) SaveState(ctx context.Context, path string, note []byte) error {
	return chat.ErrUnsupported
}

// LoadState brings back what SaveState wrote.
func (e *Engine) LoadState(ctx context.Context, path string) (note []byte, err error) {
	return nil, chat.ErrUnsupported
}
