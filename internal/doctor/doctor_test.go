package doctor_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/doctor"
)

// facts are made up, in testdata.
func facts(t *testing.T, path string) *doctor.Facts {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var f doctor.Facts
	if err := d.Decode(&f); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return &f
}

// TestFindings holds the findings of made-up facts to their record. -update writes it anew.
func TestFindings(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil || len(paths) < 6 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		r := doctor.NewReport(facts(t, path))
		var b strings.Builder
		fmt.Fprintf(&b, "passed %v\n", r.Passed)
		for _, x := range r.Findings {
			fmt.Fprintf(&b, "\n%s %s\nexpected   %s\nobserved   %s\nevidence   %s\nsuggestion %s\n", x.Level, x.About, x.Expected, x.Observed, x.Evidence, x.Suggestion)
			if x.About == "" || x.Expected == "" || x.Observed == "" || x.Evidence == "" || x.Suggestion == "" {
				t.Errorf("%s: a finding with a part missing: %+v", path, x)
			}
		}
		record := strings.TrimSuffix(path, "json") + "txt"
		if golden.Update() {
			if err := os.WriteFile(record, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(record); err != nil || b.String() != string(want) {
			t.Errorf("%s: %v: got\n%s\nwant\n%s", record, err, b.String(), want)
		}
	}
}

func TestCompare(t *testing.T) {
	reference := []float32{1, 2, 3, 0, 0, 4}
	same := doctor.Compare(reference, reference, 3)
	if same.NMSE != 0 || same.Tokens != 2 || same.Top1 != 2 || same.MaxDiff != 0 || same.NotFinite != 0 {
		t.Errorf("%+v", same)
	}
	c := doctor.Compare(reference, []float32{1, 2, 3, 0, 5, 4}, 3)
	if c.NMSE != 25.0/30 || c.WorstNMSE != 25.0/16 || c.WorstAt != 1 || c.Top1 != 1 || c.MaxDiff != 5 {
		t.Errorf("%+v", c)
	}
	c = doctor.Compare(reference, []float32{1, 2, float32(math.NaN()), 0, 0, 4}, 3)
	c.Limit = 1
	if !math.IsNaN(float64(c.NMSE)) || c.NotFinite != 1 || c.Passed() {
		t.Errorf("%+v", c)
	}
	text, err := json.Marshal(c)
	var back doctor.Check
	if err != nil || !strings.Contains(string(text), `"nmse":"NaN"`) || json.Unmarshal(text, &back) != nil || !math.IsNaN(float64(back.NMSE)) {
		t.Errorf("%s, %v, %+v", text, err, back)
	}
}

// TestWriteModel: the model is sound, has all its types, and is always the same.
func TestWriteModel(t *testing.T) {
	var one, two bytes.Buffer
	if err := doctor.WriteModel(&one); err != nil {
		t.Fatal(err)
	}
	if err := doctor.WriteModel(&two); err != nil || !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Errorf("%v, %d and %d bytes", err, one.Len(), two.Len())
	}
	f, err := gguf.Read(bytes.NewReader(one.Bytes()), int64(one.Len()))
	if err != nil {
		t.Fatal(err)
	}
	problems, err := f.Validate()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	h, err := f.Hyper()
	if err != nil || h.Kind != gguf.KindDecoder || len(h.Layers) != len(doctor.SyntheticTypes) {
		t.Errorf("%+v, %v", h, err)
	}
	for i, kind := range doctor.SyntheticTypes {
		found := 0
		for _, x := range f.Tensors {
			if strings.HasPrefix(x.Name, fmt.Sprintf("blk.%d.", i)) && x.Type == kind {
				found++
			}
		}
		if found != 7 {
			t.Errorf("layer %d has %d matrices of type %v", i, found, kind)
		}
	}
}
