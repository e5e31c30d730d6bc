package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/internal/doctor"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// TestDoctorGolden holds the screens of made-up machines to their records, at 80 columns.
// -update writes them anew.
func TestDoctorGolden(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(testmodel.Root(), "internal", "doctor", "testdata", "*.json"))
	if err != nil || len(paths) < 6 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var facts doctor.Facts
		if err := json.Unmarshal(b, &facts); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		r := doctor.NewReport(&facts)
		screen := doctorScreenOf(&r, style{})
		golden.Compare(t, "doctor/"+name+".txt", screen)
		for _, line := range strings.Split(screen, "\n") {
			if utf8.RuneCountInString(line) > screenWidth {
				t.Errorf("%s: longer than a screen: %q", name, line)
			}
		}
		if last := "\nAll checks passed.\n"; strings.HasSuffix(screen, last) != r.Passed {
			t.Errorf("%s: passed is %v, and it ends in %q", name, r.Passed, screen[len(screen)-len(last):])
		}
		for _, asJSON := range []bool{false, true} {
			out, err := os.Create(filepath.Join(t.TempDir(), "out"))
			if err != nil {
				t.Fatal(err)
			}
			if err := (&app{out: out}).printReport(r, asJSON); (err == nil) != r.Passed {
				t.Errorf("%s: passed is %v, and the error %v", name, r.Passed, err)
			}
			out.Close()
		}
	}
}

// TestDoctor runs the program on this machine's devices, whichever they are.
func TestDoctor(t *testing.T) {
	r := runLLM(t, "", "doctor", "--json", "--time", "0s")
	d := json.NewDecoder(strings.NewReader(r.stdout))
	d.DisallowUnknownFields()
	var report doctor.Report
	if err := d.Decode(&report); err != nil || r.code != 0 || r.stderr != "" || !report.Passed {
		t.Fatalf("%v, %d, %s%s", err, r.code, r.stderr, r.stdout)
	}
	if report.Build.Tree == "" || report.System.Cores < 1 || !report.Model.Synthetic || len(report.Devices) == 0 {
		t.Errorf("%s", r.stdout)
	}
	for _, d := range report.Devices {
		if c := d.Logits; c == nil || c.Tokens != 64 || c.NMSE > c.Limit || d.Copy == nil || len(d.Products) != 4 || len(d.Accuracy) == 0 || d.Bound != 0 {
			t.Errorf("%+v", d)
		}
	}
	r = runLLM(t, "", "doctor", testmodel.SmolLM2(t), "--time", "0s", "-t", "1")
	for _, want := range []string{"\n  threads        1\n", "\n  compared with  SmolLM2-135M-Instruct.Q4_1.gguf, 9", "\nCPU · ", "\n  logits         NMSE ", "\n  generation     about "} {
		if !strings.Contains(r.stdout, want) || r.code != 0 || r.stderr != "" {
			t.Errorf("%d, no %q in %s%s", r.code, want, r.stdout, r.stderr)
		}
	}
}

// TestDoctorFails: a failed check is a finding, and exit code 1.
func TestDoctorFails(t *testing.T) {
	bad := testgguf.Decoder(1)
	nan := make([]float32, testgguf.Embedding)
	for i := range nan {
		nan[i] = float32(math.NaN())
	}
	bad.RemoveTensor("output_norm.weight").Add("output_norm.weight", nan, testgguf.Embedding)
	path := bad.Write(t, "nan.gguf")
	r := runLLM(t, "", "doctor", path, "--time", "0s")
	for _, want := range []string{"\nerror: CPU\n", "logits are no numbers", "  suggestion     Run llm doctor without a model", "\n1 check failed.\n"} {
		if r.code != exitFailure || !strings.Contains(r.stdout, want) || r.stderr != "" {
			t.Errorf("%d, no %q in %s%s", r.code, want, r.stdout, r.stderr)
		}
	}
}

func TestDoctorBadInput(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"a.gguf", "b.gguf"}, exitUsage, "takes one model at most, not 2"},
		{[]string{"none.gguf"}, exitFailure, "no such file"},
		{[]string{"-t", "-3"}, exitUsage, "-t -3: from 1 to 512 threads"},
		{[]string{"--time", "2h"}, exitUsage, "--time 2h0m0s: from 0 to 1m"},
		{[]string{testgguf.Encoder(1, testgguf.PoolingMean).Write(t, "bert.gguf")}, exitFailure, "its kind is encoder"},
	} {
		checkFailure(t, runLLM(t, "", append([]string{"doctor"}, c.args...)...), c.code, c.want)
	}
	checkFailure(t, runLLM(t, "nonsense", examineCommand), exitFailure, "read what to examine")
	if r := runLLM(t, "", "--help"); !strings.Contains(r.stdout, "\n  doctor ") || strings.Contains(r.stdout, examineCommand) {
		t.Error(r.stdout)
	}
}

// TestDoctorPage: docs/doctor.md has each field of the JSON, and each label of the screen.
func TestDoctorPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(testmodel.Root(), "docs", "doctor.md"))
	if err != nil {
		t.Fatal(err)
	}
	fields := append(jsonFields(reflect.TypeFor[doctor.Facts](), ""), jsonFields(reflect.TypeFor[doctor.Report](), "")...)
	for _, field := range fields {
		if !strings.Contains(string(page), "`"+field+"`") {
			t.Errorf("docs/doctor.md does not describe %s", field)
		}
	}
	screens, err := filepath.Glob("testdata/doctor/*.txt")
	if err != nil || len(screens) == 0 {
		t.Fatal(screens, err)
	}
	for _, path := range screens {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			if len(line) < labelWidth || !strings.HasPrefix(line, "  ") || line[2] == ' ' {
				continue
			}
			label, _, _ := strings.Cut(strings.TrimSpace(line), "  ")
			if !strings.Contains(string(page), "\n| "+label+" |") {
				t.Errorf("docs/doctor.md does not describe the line %q", label)
			}
		}
	}
}
