package record_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/internal/bench/record"
)

// fixtures are what the tests of other packages lay out.
var fixtures = map[string]func() *record.Record{
	"synthetic.json":      func() *record.Record { return synthetic("f16") },
	"synthetic-kv.json":   func() *record.Record { return synthetic("f16", "q8_0") },
	"from-quantized.json": fromQuantized,
}

func TestFixtures(t *testing.T) {
	for name, make := range fixtures {
		path := filepath.Join("testdata", name)
		r := make()
		if golden.Update() {
			if err := r.Write(path); err != nil {
				t.Fatal(err)
			}
		}
		got, err := record.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, r) {
			t.Errorf("%s is stale: go test ./internal/bench/record -update", path)
		}
	}
}

// TestRoundTrip: what is written is what is read, also from a folder.
func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	r := synthetic("f16", "q8_0")
	if err := r.Write(filepath.Join(dir, "record.json")); err != nil {
		t.Fatal(err)
	}
	got, err := record.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, r) {
		t.Error("another record came back")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("%d files in the folder, %v", len(left), err)
	}
}

// TestNotFinite: no figure that is none gets into a file, wherever it stands.
func TestNotFinite(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for where, set := range map[string]func(r *record.Record){
			"Rows[1].Quality.Perplexity.Value":       func(r *record.Record) { r.Rows[1].Quality.Perplexity.Value = bad },
			"Rows[2].Generation.Samples[3]":          func(r *record.Record) { r.Rows[2].Generation.Samples[3] = bad },
			"Rows[1].Quality.P99":                    func(r *record.Record) { r.Rows[1].Quality.P99 = &bad },
			"Rows[1].Quality.PerChunk[7].Divergence": func(r *record.Record) { r.Rows[1].Quality.PerChunk[7].Divergence = bad },
			"Seconds":                                func(r *record.Record) { r.Seconds = bad },
		} {
			r := synthetic("f16")
			set(r)
			path := filepath.Join(t.TempDir(), "record.json")
			err := r.Write(path)
			if !errors.Is(err, record.ErrRecord) || !strings.Contains(err.Error(), where) {
				t.Errorf("%g at %s: %v", bad, where, err)
			}
			if _, err := os.Stat(path); err == nil {
				t.Errorf("%g at %s was written", bad, where)
			}
		}
	}
}

// spoiled are texts that are no record, with what the error says of them.
func spoiled(t testing.TB) []struct{ name, text, says string } {
	good, err := synthetic("f16").JSON()
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) string {
		if !strings.Contains(string(good), old) {
			t.Fatalf("no %q in a record", old)
		}
		return strings.Replace(string(good), old, new, 1)
	}
	return []struct{ name, text, says string }{
		{"empty", "", "end of JSON"},
		{"not JSON", "perplexity 12\n", "line 1"},
		{"other JSON", `{"a":1}`, `its kind is ""`},
		{"an array", `[1]`, "cannot unmarshal array"},
		{"cut", string(good[:len(good)/2]), "line"},
		{"two", string(good) + string(good), "after top-level value"},
		{"newer", replace(`"schema": 1`, `"schema": 7`), "a newer llm wrote it (schema 7"},
		{"older", replace(`"schema": 1`, `"schema": 0`), "schema 0"},
		{"unknown field", replace(`"seconds":`, `"secondes":`), `unknown field "secondes"`},
		{"text for a number", replace(`"confidence": 0.95`, `"confidence": "high"`), "line"},
		{"confidence", replace(`"confidence": 0.95`, `"confidence": 95`), "confidence is 95"},
		{"state", replace(`"state": "measured"`, `"state": "guessed"`), `state is "guessed"`},
		{"same level twice", replace(`"level": "Q8_0"`, `"level": "Q6_K"`), "two rows are Q6_K"},
		{"recommends nothing that is there", replace(`"level": "Q5_K_M",`+"\n    \"kv_type\"", `"level": "Q9",`+"\n    \"kv_type\""), "Q9 with KV f16 is recommended"},
		{"negative bits", replace(`"bits_per_weight": 16`, `"bits_per_weight": -16`), "-16 bits a weight"},
		{"made never", replace(`"made": "2026-11-28T12:00:00Z"`, `"made": "0001-01-01T00:00:00Z"`), "when it was made"},
		{"interval", replace(`"low": 30.9`, `"low": 99.9`), "interval"},
		{"tasks", replace(`"reference_right": 80`, `"reference_right": 81`), "tasks"},
		{"contexts", replace(`"context": 2048`, `"context": 512`), "do not grow"},
		{"too many digits", replace(`"seconds": 1234`, `"seconds": 1e999`), "line"},
	}
}

func TestStrict(t *testing.T) {
	for _, s := range spoiled(t) {
		_, err := record.Read(strings.NewReader(s.text))
		if !errors.Is(err, record.ErrRecord) || !strings.Contains(err.Error(), s.says) {
			t.Errorf("%s: %v; want %q", s.name, err, s.says)
		}
	}
}

func TestTooLarge(t *testing.T) {
	_, err := record.Read(bytes.NewReader(make([]byte, 64<<20+1)))
	if !errors.Is(err, record.ErrRecord) || !strings.Contains(err.Error(), "64 MiB") {
		t.Error(err)
	}
}

// FuzzRead: whatever is read is an error, or a record that is written and read again as it is.
func FuzzRead(f *testing.F) {
	for _, s := range spoiled(f) {
		f.Add([]byte(s.text))
	}
	good, err := synthetic("f16", "q8_0").JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := record.Read(bytes.NewReader(text))
		if err != nil {
			if !errors.Is(err, record.ErrRecord) {
				t.Fatal(err)
			}
			return
		}
		again, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		back, err := record.Read(bytes.NewReader(again))
		if err != nil {
			t.Fatalf("%v, of what was written", err)
		}
		if third, err := back.JSON(); err != nil || !bytes.Equal(again, third) {
			t.Fatalf("written again it is another: %v", err)
		}
	})
}
