package eval

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Entry is a line of a journal: what one model's window gave, and what it was measured
// under, so that nothing else is taken for it.
type Entry struct {
	// Under is whatever decides a result: text, model, settings. Hashes of them will do.
	Under string      `json:"under"`
	Level string      `json:"level"`
	Chunk ChunkResult `json:"result"`
}

// Append writes an entry as one line. A program that was killed leaves a torn last line at
// most.
func Append(w io.Writer, e Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// ReadJournal gives the entries of a journal that were measured under the same, by level,
// and the number of bytes that whole lines take: what follows them is torn, and is to be
// cut off before more is appended. A whole line that is no entry is an error.
func ReadJournal(r io.Reader, under string) (levels map[string][]ChunkResult, whole int64, err error) {
	levels = map[string][]ChunkResult{}
	lines := bufio.NewReaderSize(r, 1<<16)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return levels, whole, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("journal: %w", err)
		}
		whole += int64(len(line))
		var e Entry
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&e); err != nil {
			return nil, 0, fmt.Errorf("journal, line %d: %w; begin a new one", n, err)
		}
		if err := e.Chunk.Check(); err != nil {
			return nil, 0, fmt.Errorf("journal, line %d: %w; begin a new one", n, err)
		}
		if e.Under == under {
			levels[e.Level] = append(levels[e.Level], e.Chunk)
		}
	}
}
