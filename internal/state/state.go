// Package state is the file that a conversation is saved to: its tokens, what the
// engine's memory holds of them, and a note of the caller. The engine's own format
// aborts the process on a truncated file; this one is checked before a byte of it
// reaches the engine.
//
// It must not know the engine.
package state

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/seed-f87006eb/llm/internal/chat"
)

// Origin says what a state was made by. Only the same can take it back.
type Origin struct {
	Engine    string   `json:"engine"`     // git tree id of the engine's source
	Model     string   `json:"model"`      // fingerprint of the file
	KeyType   string   `json:"key_type"`   // of the KV cache
	ValueType string   `json:"value_type"` // of the KV cache
	Adapters  []string `json:"adapters"`   // that acted, with their scales
}

// State is a conversation at rest.
type State struct {
	Origin Origin
	Note   []byte  // the caller's own
	Tokens []int32 // position by position
	Memory []byte  // what the engine holds of them
}

// The file: magic, version (uint32), the lengths of the parts (3 × uint64: head, note,
// tokens), the parts, the memory as one zstd stream, and the SHA-256 of all before it.
// Numbers are little-endian. The head is JSON.
const (
	magic   = "LLMSTATE"
	version = 1

	maxHead   = 1 << 20
	maxNote   = 1 << 30
	maxTokens = 1 << 28
	maxMemory = 1 << 38
)

type head struct {
	Origin
	MemoryBytes uint64 `json:"memory_bytes"`
}

// prefix is the beginning of a file.
type prefix struct {
	Magic              [8]byte
	Version            uint32
	Head, Note, Tokens uint64 // bytes, bytes, number of tokens
}

// damaged is an ErrState.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %w", chat.ErrState, fmt.Errorf(format, args...))
}

// readParts reads all that stands before the memory. The note comes back, where it
// could be read, also with an error.
func readParts(r io.Reader) (h head, note []byte, tokens []int32, err error) {
	var p prefix
	if err := binary.Read(r, binary.LittleEndian, &p); err != nil || string(p.Magic[:]) != magic {
		return h, nil, nil, damaged("the file is not a saved state")
	}
	switch {
	case p.Version != version:
		return h, nil, nil, damaged("its version is %d, this program reads %d", p.Version, version)
	case p.Head > maxHead || p.Note > maxNote || p.Tokens > maxTokens:
		return h, nil, nil, damaged("it claims absurd sizes")
	}
	raw, err := readSome(r, p.Head)
	if err != nil {
		return h, nil, nil, err
	}
	if note, err = readSome(r, p.Note); err != nil {
		return h, nil, nil, err
	}
	if err := json.Unmarshal(raw, &h); err != nil {
		return h, note, nil, damaged("its head cannot be read: %w", err)
	}
	if h.MemoryBytes > maxMemory {
		return h, note, nil, damaged("it claims absurd sizes")
	}
	packed, err := readSome(r, 4*p.Tokens)
	if err != nil {
		return h, note, nil, err
	}
	tokens = make([]int32, p.Tokens)
	for i := range tokens {
		tokens[i] = int32(binary.LittleEndian.Uint32(packed[4*i:]))
	}
	return h, note, tokens, nil
}

// readSome reads n bytes, and takes no more memory than there are.
func readSome(r io.Reader, n uint64) ([]byte, error) {
	var b bytes.Buffer
	switch got, err := io.CopyN(&b, r, int64(n)); {
	case errors.Is(err, io.EOF):
		return nil, damaged("the file ends too early (%d of %d bytes)", got, n)
	case err != nil:
		return nil, err
	}
	return b.Bytes(), nil
}
