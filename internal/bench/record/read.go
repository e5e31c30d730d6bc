package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/seed-f87006eb/llm/internal/wholefile"
)

// ErrRecord is for what is no record that this program reads; the text says why.
var ErrRecord = errors.New("not a record of llm bench levels")

// maxBytes bounds what is read: a record of a hundred rows with a thousand chunks has 10 MB.
const maxBytes = 64 << 20

// Open reads the record of a file, or of the file record.json of a folder. Errors: ErrRecord,
// and those of reading.
func Open(path string) (*Record, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "record.json")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return r, nil
}

// Read reads a record strictly: no field that is unknown, no figure that cannot be. Errors:
// ErrRecord, and those of reading.
func Read(from io.Reader) (*Record, error) {
	text, err := io.ReadAll(io.LimitReader(from, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxBytes {
		return nil, fmt.Errorf("%w: it is larger than %d MiB", ErrRecord, maxBytes>>20)
	}
	var head struct {
		Kind   string `json:"kind"`
		Schema int    `json:"schema"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrRecord, place(text, err))
	}
	switch {
	case head.Kind != Kind:
		return nil, fmt.Errorf("%w: its kind is %q, not %q", ErrRecord, head.Kind, Kind)
	case head.Schema > Schema:
		return nil, fmt.Errorf("%w: a newer llm wrote it (schema %d; this one reads %d)", ErrRecord, head.Schema, Schema)
	case head.Schema != Schema:
		return nil, fmt.Errorf("%w: schema %d, and this program reads %d", ErrRecord, head.Schema, Schema)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var r Record
	if err := d.Decode(&r); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrRecord, place(text, err))
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	return &r, nil
}

// place is an error of the decoder with its line.
func place(text []byte, err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	offset := int64(-1)
	if errors.As(err, &syntax) {
		offset = syntax.Offset
	} else if errors.As(err, &kind) {
		offset = kind.Offset
	}
	if offset < 0 || offset > int64(len(text)) {
		return err.Error()
	}
	return fmt.Sprintf("line %d: %s", 1+bytes.Count(text[:offset], []byte("\n")), err)
}

// Write writes a record as JSON, after checking it. It takes the place of a file only when it
// is complete.
func (r *Record) Write(path string) error {
	if err := r.Check(); err != nil {
		return err
	}
	text, err := r.JSON()
	if err != nil {
		return err
	}
	err = wholefile.Write(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// JSON is the text of the file.
func (r *Record) JSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	return b.Bytes(), nil
}
