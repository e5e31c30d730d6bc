package quant

import (
	"bytes"
	"errors"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
)

// made is a small model as a file, with keys besides those that it needs.
func made(t *testing.T, bigEndian bool, keys map[string]any) *gguf.File {
	t.Helper()
	w := gguf.NewWriter()
	w.BigEndian = bigEndian
	all := map[string]any{
		"general.architecture": "llama", "general.file_type": uint32(1), "general.quantization_version": uint32(2),
		"llama.context_length": uint32(64), "llama.embedding_length": uint32(256), "llama.block_count": uint32(1),
		"llama.feed_forward_length": uint32(256), "llama.attention.head_count": uint32(4), "llama.rope.dimension_count": uint32(64),
		"llama.attention.layer_norm_rms_epsilon": float32(1e-5), "llama.vocab_size": uint32(8),
	}
	for name, value := range keys {
		all[name] = value
	}
	for name, value := range all {
		v, err := gguf.NewValue(value)
		if err == nil {
			err = w.Set(name, v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []gguf.Tensor{tensor("token_embd.weight", gguf.F16, 256, 8), tensor("output_norm.weight", gguf.F32, 256), tensor("blk.0.attn_q.weight", gguf.F16, 256, 256)} {
		size, _ := x.Size()
		if err := w.Add(x, bytes.NewReader(make([]byte, size))); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestReadCopies: a copy is as large as its file, which has both keys that the quantizer
// sets; what it removes or cuts is missing.
func TestReadCopies(t *testing.T) {
	for what, c := range map[string]struct {
		keys    map[string]any
		matrix  *Imatrix
		changes int64 // of the keys, in bytes
	}{
		"nothing more":        {nil, nil, 0},
		"texts":               {map[string]any{"a": "text", "b": []string{"one", "", "three"}, "c": []uint16{1, 2, 3}}, nil, 0},
		"zero bytes":          {map[string]any{"a": "te\x00xt", "b": []string{"o\x00ne", "", "\x00"}}, nil, -3 - 3 - 1},
		"a part":              {map[string]any{"split.no": uint16(0), "split.count": uint16(1)}, nil, -(8 + 8 + 4 + 2) - (8 + 11 + 4 + 2)},
		"a matrix":            {nil, &Imatrix{File: "m.gguf", Entries: 1}, (8 + 21 + 4 + 8 + 6) + (8 + 30 + 4 + 4)},
		"another matrix":      {map[string]any{"quantize.imatrix.file": "old.gguf"}, &Imatrix{File: "m.gguf", Dataset: "d", Chunks: 3}, -2 + (8 + 24 + 4 + 8 + 1) + (8 + 30 + 4 + 4) + (8 + 29 + 4 + 4)},
		"a matrix of no file": {nil, &Imatrix{}, 0},
	} {
		f := made(t, false, c.keys)
		s, err := Read(f)
		if err != nil {
			t.Fatal(what, err)
		}
		r, err := s.Recipe(Options{FileType: F16, Copy: true, Imatrix: c.matrix})
		if err != nil {
			t.Fatal(what, err)
		}
		header := align(f.Parts[0].HeaderSize + c.changes)
		if r.Header != header || r.Size != f.Size()-f.Parts[0].DataOffset+header {
			t.Errorf("%s: %d bytes, header %d; want header %d of the file's %d", what, r.Size, r.Header, header, f.Size())
		}
	}
}

func TestReadRefuses(t *testing.T) {
	if _, err := Read(made(t, true, nil)); !errors.Is(err, ErrSource) {
		t.Errorf("big-endian: %v", err)
	}
	if _, err := Read(made(t, false, map[string]any{"general.architecture": "unheard-of"})); !errors.Is(err, gguf.ErrArchitecture) {
		t.Errorf("an architecture that is unknown: %v", err)
	}
	if _, err := Read(made(t, false, map[string]any{"general.file_type": int32(1)})); !errors.Is(err, ErrSource) {
		t.Errorf("a file type of another kind: %v", err)
	}
}
