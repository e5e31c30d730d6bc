package oracle

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/plan"
)

// TestMalformed: of each file there is a plan, or words why not, and the engine's own
// assertions are not what finds it.
func TestMalformed(t *testing.T) {
	outcomes := map[string]int{}
	for _, c := range testgguf.Malformed() {
		outcome, err := planFor(c.Bytes())
		outcomes[outcome]++
		if err != nil && (strings.Contains(err.Error(), "the engine requires") || strings.Contains(err.Error(), "failed while it planned")) {
			t.Errorf("%s: %s: %.300v", c.Name, outcome, err)
		}
	}
	t.Logf("%v", outcomes)
	if outcomes["rejected"] < 1000 || outcomes["planned"] < 300 {
		t.Errorf("the files are not what they were: %v", outcomes)
	}
}

// planFor plans for a file on the CPU and on a card.
func planFor(file []byte) (outcome string, err error) {
	f, err := gguf.Read(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return "rejected", err
	}
	o, err := Open(f)
	if err != nil {
		return "rejected", err
	}
	r := request(64, gguf.F16, plan.FlashAttentionAuto)
	_, err = o.Measure(context.Background(), nil, r)
	if err == nil {
		_, err = o.Measure(context.Background(), []plan.Device{card("24 GiB", 24*gib)}, r)
	}
	if err = errors.Join(err, o.Close()); err != nil {
		return "refused", err
	}
	return "planned", nil
}

// weightless is a header with zeros behind it.
type weightless []byte

func (w weightless) ReadAt(p []byte, at int64) (int, error) {
	n := 0
	if at < int64(len(w)) {
		n = copy(p, w[at:])
	}
	clear(p[n:])
	return len(p), nil
}

// FuzzStrip: what is left of a good header is one, with the same tensors.
func FuzzStrip(f *testing.F) {
	for i, c := range testgguf.Malformed() {
		b := c.Bytes()
		if whole, err := gguf.Read(bytes.NewReader(b), int64(len(b))); i%24 == 0 && err == nil && whole.Parts[0].HeaderSize < 50_000 {
			f.Add(b[:whole.Parts[0].HeaderSize])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := gguf.Read(weightless(b), int64(len(b))+1<<20)
		if err != nil {
			return
		}
		h, err := Strip(file, nil)
		if err != nil {
			return
		}
		stripped, err := gguf.Read(weightless(h.Bytes), h.Size)
		if err != nil {
			t.Fatal(err)
		}
		if err := stripped.Check(); err != nil {
			t.Error(err)
		}
		if stripped.Parts[0].DataOffset != int64(len(h.Bytes)) {
			t.Errorf("a header of %d bytes for %d", len(h.Bytes), stripped.Parts[0].DataOffset)
		}
		for i, x := range stripped.Tensors {
			y := file.Tensors[i]
			if x.Name != y.Name || x.Type != y.Type || !reflect.DeepEqual(x.Dims, y.Dims) {
				t.Errorf("%+v became %+v", y, x)
			}
			if _, err := stripped.Data(x); err != nil {
				t.Error(err)
			}
		}
	})
}
