package quant

import (
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// alignment of tensors in the file that the engine's quantizer writes, whatever
// general.alignment says.
const alignment = gguf.DefaultAlignment

func align(n int64) int64 { return (n + alignment - 1) / alignment * alignment }

// Read is the model of a file, of all its parts where it is split: the quantizer makes one
// file of them. Arrays of strings are read, because a text of the result ends where the
// engine's does. Errors: [ErrSource], those of [gguf.File.Hyper] and of reading.
func Read(f *gguf.File) (*Source, error) {
	if f.BigEndian {
		return nil, fmt.Errorf("%w: it is big-endian: convert it on a machine that reads it", ErrSource)
	}
	if v, ok := f.Lookup(keyFileType); ok && v.Type != gguf.Uint32 {
		return nil, fmt.Errorf("%w: key %s is of type %v, not %v: set it to a number", ErrSource, keyFileType, v.Type, gguf.Uint32)
	}
	h, err := f.Hyper()
	if err != nil {
		return nil, err
	}
	s, err := NewSource(ShapeOf(h), f.Tensors)
	if err != nil {
		return nil, err
	}
	sizes, err := keySizes(f)
	if err != nil {
		return nil, err
	}
	for _, size := range sizes {
		s.keys += size
	}
	for i, name := range imatrixKeys {
		s.imatrix[i] = sizes[name]
	}
	s.header = true
	if f.Alignment != alignment {
		s.notes = append(s.notes, fmt.Sprintf("the file says that tensors are aligned to %d bytes: the quantizer keeps that key and aligns them to %d, so that what it writes is damaged; set %s to %d first",
			f.Alignment, alignment, gguf.KeyAlignment, alignment))
	}
	return s, nil
}

// Keys that the quantizer writes itself.
const (
	keyVersion  = "general.quantization_version"
	keyFileType = "general.file_type"
)

// keySizes are how many bytes each key takes in the result: gguf_set_kv of
// ggml/src/gguf.cpp@v0.5.0 copies them, then llama_model_quantize_impl sets and removes
// some. Texts and names pass through C strings, and end at their first zero byte.
func keySizes(f *gguf.File) (map[string]int64, error) {
	sizes := make(map[string]int64, len(f.Keys)+2)
	for _, k := range f.Keys {
		name := k.Name[:untilZero(k.Name)]
		size, err := valueSize(k.Value)
		if err != nil {
			return nil, fmt.Errorf("read key %s: %w", gguf.Quote(k.Name), err)
		}
		sizes[name] = keySize(name, size)
	}
	sizes[keyVersion] = keySize(keyVersion, 4)
	sizes[keyFileType] = keySize(keyFileType, 4)
	for _, name := range []string{gguf.KeySplitNo, gguf.KeySplitCount, gguf.KeySplitTensors} {
		delete(sizes, name)
	}
	return sizes, nil
}

func keySize(name string, value int64) int64 { return 8 + int64(len(name)) + 4 + value }

func valueSize(v gguf.Value) (int64, error) {
	switch {
	case v.Type == gguf.String:
		text, _ := v.Text()
		return 8 + int64(untilZero(text)), nil
	case v.Type != gguf.Array:
		return v.Size, nil
	case v.Elem == gguf.Array:
		return 0, fmt.Errorf("%w: it is an array of arrays", ErrSource)
	case v.Elem != gguf.String:
		return 4 + 8 + v.Size, nil
	}
	texts, err := v.Strings()
	if err != nil {
		return 0, err
	}
	size := 4 + 8 + v.Size
	for _, text := range texts.All() {
		size -= int64(len(text) - untilZero(text))
	}
	return size, nil
}

func untilZero(text string) int {
	if i := strings.IndexByte(text, 0); i >= 0 {
		return i
	}
	return len(text)
}

// headerSize is of the header with its padding. The fixed part is the magic, the version and
// the two counts.
func (s *Source) headerSize(m *Imatrix) int64 {
	keys := s.keys
	for i, size := range m.keySizes() {
		if size > 0 {
			keys += size - s.imatrix[i]
		}
	}
	return align(4 + 4 + 8 + 8 + keys + s.info)
}

// Imatrix is an importance matrix as llama-quantize notes it in the file. The zero value
// notes nothing.
type Imatrix struct {
	File    string // where it is; noted are at most 127 bytes
	Dataset string // that it was made with; empty: it does not say
	Entries int    // tensors that it has
	Chunks  int    // of text that it was made with; 0: it does not say
}

// imatrixKeys are those that tools/quantize/quantize.cpp@v0.5.0 sets.
var imatrixKeys = [...]string{
	"quantize.imatrix.file", "quantize.imatrix.dataset", "quantize.imatrix.entries_count", "quantize.imatrix.chunks_count",
}

// keySizes are of imatrixKeys; 0: it is not set.
func (m *Imatrix) keySizes() (sizes [len(imatrixKeys)]int64) {
	if m == nil || m.File == "" {
		return sizes
	}
	const longest = 127 // of llama_model_kv_override::val_str
	text := func(s string) int64 { return 8 + int64(min(untilZero(s), longest)) }
	sizes[0] = keySize(imatrixKeys[0], text(m.File))
	sizes[2] = keySize(imatrixKeys[2], 4)
	if m.Dataset != "" {
		sizes[1] = keySize(imatrixKeys[1], text(m.Dataset))
	}
	if m.Chunks > 0 {
		sizes[3] = keySize(imatrixKeys[3], 4)
	}
	return sizes
}
