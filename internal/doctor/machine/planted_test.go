package machine

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/doctor"
	"github.com/seed-f87006eb/llm/llama"
)

// compare examines the CPU with a model, against what another one made.
func compare(t *testing.T, reference, model string) doctor.Device {
	t.Helper()
	task := Task{Device: doctor.Device{Index: llama.CPUAlone, Name: "CPU", Type: "CPU"}, Model: reference, Synthetic: true, Reference: filepath.Join(t.TempDir(), "logits")}
	e := &examination{Task: task, ctx: context.Background(), report: func(update) {}}
	tokens, err := e.tokens()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.reference(tokens, nil); err != nil {
		t.Fatal(err)
	}
	e.Model = model
	e.step("logits", e.logits)
	return e.Device
}

// TestPlanted: a model of which one matrix differs is not taken for the same, whichever of
// the eleven layers has it, and where only a tenth of the matrix does.
func TestPlanted(t *testing.T) {
	var b bytes.Buffer
	if err := doctor.WriteModel(&b); err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(t.TempDir(), "good.gguf")
	if err := os.WriteFile(good, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Open(good)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, c := range []struct {
		tensor string
		part   float64
	}{{"blk.0.attn_q.weight", 1}, {"blk.4.attn_output.weight", 1}, {"blk.10.ffn_down.weight", 1}, {"blk.7.ffn_up.weight", 0.1}, {"output.weight", 0.1}} {
		bad := filepath.Join(t.TempDir(), "bad.gguf")
		if err := os.WriteFile(bad, zeroed(t, f, b.Bytes(), c.tensor, c.part), 0o600); err != nil {
			t.Fatal(err)
		}
		d := compare(t, good, bad)
		r := doctor.NewReport(&doctor.Facts{Devices: []doctor.Device{d}})
		if d.Logits == nil || d.Logits.NMSE <= d.Logits.Limit || r.Passed || len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Expected, "logits") {
			t.Errorf("%s: %+v, %+v, %+v", c.tensor, d.Logits, d.Failures, r.Findings)
			continue
		}
		t.Logf("%g of %s: NMSE %.1e, same best token at %d", c.part, c.tensor, float64(d.Logits.NMSE), d.Logits.Top1)
	}
}

// zeroed is a file with the first part of a tensor's data set to 0.
func zeroed(t *testing.T, f *gguf.File, file []byte, name string, part float64) []byte {
	t.Helper()
	for _, x := range f.Tensors {
		data, err := f.Data(x)
		if err != nil || x.Name != name {
			continue
		}
		_, offset, n := data.Outer()
		changed := bytes.Clone(file)
		clear(changed[offset : offset+int64(part*float64(n))])
		return changed
	}
	t.Fatalf("no tensor %s", name)
	return nil
}
