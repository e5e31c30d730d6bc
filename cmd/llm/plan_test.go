package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testheader"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// planned are the screens that are kept: a model, a level, and the flags.
var planned = []struct {
	name, model, level string
	args               []string
}{
	{"8b", "llama-3.1-8b", "Q4_K_M", []string{"--gpu", "rtx3060"}},
	{"70b-24", "llama-3.1-70b", "Q4_K_M", []string{"--gpu", "rtx4090", "-c", "4096"}},
	{"70b-2x12", "llama-3.1-70b", "Q4_K_M", []string{"--gpu", "2x12GiB", "--kv-type", "f16,q8_0"}},
	{"moe-120b-24", "gpt-oss-120b", "Q4_K_M", []string{"--gpu", "24GiB", "-c", "32768", "-cmoe"}},
	{"moe-120b-24-found", "gpt-oss-120b", "Q4_K_M", []string{"--gpu", "rtx4090"}},
	{"window-27b-128k", "gemma3-27b", "Q4_K_M", []string{"--gpu", "24GiB@936GB/s", "-c", "131072"}},
	{"mla", "deepseek-v2-lite", "Q4_K_M", []string{"--gpu", "vulkan:8GiB", "--levels"}},
	{"hybrid", "granite4-h-small", "Q4_K_M", []string{"--gpu", "rx7900xtx", "--parallel", "4", "--outputs", "server"}},
	{"unified", "llama-3.1-8b", "Q8_0", []string{"--gpu", "m1pro:16GiB"}},
	{"nothing", "llama-3.1-70b", "Q4_K_M", []string{"--gpu", "24GiB", "--ram", "16GiB", "-c", "160000"}},
	{"no-kv", "bert-base", "F16", []string{"--gpu", "8GiB"}},
}

func planIn(t *testing.T, args ...string) result {
	t.Helper()
	return finish(t, command(filepath.Join(testmodel.Root(), "models"), append([]string{"plan"}, args...)...))
}

// TestPlanGolden holds the screens to their record, at 80 columns, piped and without colour.
// -update writes them anew, in docs/plan-command.md too, which shows some of them.
func TestPlanGolden(t *testing.T) {
	for _, c := range planned {
		t.Run(c.name, func(t *testing.T) {
			r := planIn(t, append([]string{testheader.Write(t, c.model, c.level)}, c.args...)...)
			if want := map[bool]int{true: 1}[c.name == "nothing"]; r.code != want || r.stderr != "" {
				t.Fatalf("%d, %s", r.code, r.stderr)
			}
			golden.Compare(t, "plan/"+c.name+".txt", r.stdout)
			for _, line := range strings.Split(r.stdout, "\n") {
				if utf8.RuneCountInString(line) > screenWidth {
					t.Errorf("longer than a screen: %q", line)
				}
			}
			if i := slices.Index([]string{"70b-24", "moe-120b-24-found"}, c.name); i >= 0 {
				compareScreen(t, i, r.stdout)
			}
		})
	}
}

const planPageFile = "../../docs/plan-command.md"

// compareScreen compares one of the screens of the page with what is shown, or writes it.
func compareScreen(t *testing.T, number int, shown string) {
	t.Helper()
	const fence = "```screen\n"
	parts := strings.Split(planPage(t), fence)
	if number+1 >= len(parts) {
		t.Fatalf("the page has %d screens", len(parts)-1)
	}
	kept, rest, _ := strings.Cut(parts[number+1], "```")
	if kept == shown {
		return
	}
	if !golden.Update() {
		t.Errorf("%s shows another screen:\n%s", planPageFile, kept)
		return
	}
	parts[number+1] = shown + "```" + rest
	if err := os.WriteFile(planPageFile, []byte(strings.Join(parts, fence)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func planPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(planPageFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func decodePlan(t *testing.T, r result) *planReport {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(r.stdout))
	d.DisallowUnknownFields()
	var report planReport
	if err := d.Decode(&report); err != nil {
		t.Fatalf("%v: %d, %s%s", err, r.code, r.stdout, r.stderr)
	}
	return &report
}

// TestPlanJSON: docs/plan-command.md has each field, the command's JSON no other, and the
// totals are of the parts.
func TestPlanJSON(t *testing.T) {
	page := planPage(t)
	for _, field := range jsonFields(reflect.TypeFor[planReport](), "") {
		if !strings.Contains(page, "`"+field+"`") {
			t.Errorf("docs/plan-command.md does not describe %s", field)
		}
	}
	model := filepath.Base(testmodel.SmolLM2(t))
	r := decodePlan(t, planIn(t, model, "--gpu", "24GiB", "--ctx", "2048", "--kv-type", "f16", "--ngl", "20", "--levels", "--json"))
	d, h := r.Devices[0], r.Host
	if r.WeightsBytes != d.WeightsBytes+h.WeightsBytes || r.KVBytes != d.KVBytes+h.KVBytes || r.ComputeBytes != d.ComputeBytes+h.ComputeBytes ||
		*r.VRAMWeights != d.WeightsBytes || *r.VRAMKV != d.KVBytes || *r.VRAMCompute != d.ComputeBytes || d.UsedBytes != d.WeightsBytes+d.KVBytes+d.ComputeBytes {
		t.Errorf("%+v", r)
	}
	// 30 layers of 3 heads of 64 numbers for keys and as many for values, 2 bytes each.
	if r.KVBytes != 2048*30*2*3*64*2 || r.Context != 2048 || r.Layers != 20 || r.LayersAll != 31 || r.KVTypeK != "F16" || !r.Fits || r.Whole {
		t.Errorf("%+v", r)
	}
	this := 0
	for _, l := range r.Levels {
		if l.This {
			this++
			if l.Name != "Q4_1" || l.Plan.Layers != 20 {
				t.Errorf("%+v", l)
			}
		}
	}
	if len(r.Levels) < 20 || this != 1 {
		t.Errorf("%d levels, %d of them this one", len(r.Levels), this)
	}
	none := decodePlan(t, planIn(t, model, "--gpu", "none", "--ctx", "512", "--json"))
	if len(none.Devices) != 0 || none.VRAMKV != nil || none.KVBytes != none.Host.KVBytes || none.Host.WeightsBytes == 0 {
		t.Errorf("%+v", none)
	}
	two := decodePlan(t, planIn(t, model, "--gpu", "2x1GiB", "--headroom", "0", "--ctx", "512", "--json"))
	if len(two.Devices) != 2 || two.VRAMKV != nil {
		t.Errorf("%+v", two)
	}
}

// TestPlanBad: what cannot be planned is said in words, with the exit code.
func TestPlanBad(t *testing.T) {
	model := filepath.Base(testmodel.SmolLM2(t))
	t5 := testheader.Write(t, "flan-t5-base", "F16")
	for _, c := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{model, "--gpu", "rtx409"}, "did you mean rtx4090", 2},
		{[]string{model, "--gpu", "0GiB"}, "must be more than 0", 2},
		{[]string{model, "--gpu", ""}, "a card is missing", 2},
		{[]string{model, "--gpu", "24GiB", "--device", "CUDA0"}, "give one of them", 2},
		{[]string{model, "--gpu", "24GiB", "--kv-type", "q9"}, `"q9" is none of f32`, 2},
		{[]string{model, "--gpu", "24GiB", "--kv-type", "f16", "-ctk", "f16"}, "give it or them", 2},
		{[]string{model, "--gpu", "24GiB", "--ctx", "-1"}, "it must be from 0", 2},
		{[]string{model, "--gpu", "24GiB", "--parallel", "0"}, "it must be from 1 to 256", 2},
		{[]string{model, "--gpu", "24GiB", "--outputs", "all"}, "one of [default server]", 2},
		{[]string{model, "--gpu", "24GiB", "--headroom", "-1GiB"}, "must be more than 0", 2},
		{[]string{model, "--gpu", "24GiB", "--ram", "32"}, "write 32GiB", 2},
		{[]string{model, "--gpu", "24GiB", "--ram-speed", "51"}, "write something like 936GB/s", 2},
		{[]string{model, "--gpu", "24GiB", "--min-speed", "-1"}, "must be 0 or more", 2},
		{[]string{"--gpu", "24GiB"}, "takes one file or URL", 2},
		{[]string{"none.gguf", "--gpu", "24GiB"}, "no such file", 1},
		{[]string{"../README.md", "--gpu", "24GiB"}, "not a GGUF file", 1},
		{[]string{"none-00001-of-00002.gguf"}, "no such file", 1},
		{[]string{model, "--gpu", "24GiB", "-ctv", "q8_0", "-fa", "off"}, "flash attention", 1},
		{[]string{model, "--gpu", "24GiB", "-ngl", "all", "--ctx", "9000000"}, "GiB are needed and 23.00 GiB may be used", 1},
		{[]string{model, "--gpu", "24GiB", "--ctx", "9000"}, "more than the 8192 that the model was trained on", 0},
		{[]string{model, "--gpu", "rtx4090", "--min-speed", "1e6"}, "too slow", 1},
		{[]string{model, "--gpu", "24GiB", "--model-draft", "none.gguf"}, "no such file", 1},
		{[]string{t5, "--gpu", "24GiB", "--parallel", "4"}, "one sequence at a time", 1},
	} {
		r := planIn(t, c.args...)
		text := strings.Join(strings.Fields(r.stdout+r.stderr), " ")
		if r.code != c.code || !strings.Contains(text, c.want) {
			t.Errorf("%q: %d, %s%s", c.args, r.code, r.stdout, r.stderr)
		}
	}
}

// TestPlanParts: a split model is planned from its headers, and a part that is missing is named.
func TestPlanParts(t *testing.T) {
	dir := t.TempDir()
	whole := testgguf.Decoder(3).Write(t, "whole.gguf")
	if r := runLLM(t, "", "gguf", "split", whole, "-o", filepath.Join(dir, "part"), "--max-tensors", "8"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	parts, err := filepath.Glob(filepath.Join(dir, "part-*.gguf"))
	if err != nil || len(parts) < 2 {
		t.Fatalf("%q, %v", parts, err)
	}
	flags := []string{"--gpu", "24GiB", "--json"}
	one, all := decodePlan(t, planIn(t, append(flags, whole)...)), decodePlan(t, planIn(t, append(flags, parts[0])...))
	if one.WeightsBytes != all.WeightsBytes || one.KVBytes != all.KVBytes || one.ComputeBytes != all.ComputeBytes {
		t.Errorf("%+v, in parts %+v", one, all)
	}
	last := parts[len(parts)-1]
	if err := os.Remove(last); err != nil {
		t.Fatal(err)
	}
	if r := planIn(t, append(flags, parts[0])...); r.code != 1 || !strings.Contains(r.stderr, filepath.Base(last)) {
		t.Errorf("%d, %s%s", r.code, r.stdout, r.stderr)
	}
	if r := planIn(t, whole, "--gpu", "24GiB", "-ctk", "q8_0"); r.code != 1 || !strings.Contains(r.stderr, "no multiple of the 32") {
		t.Errorf("heads that are too short: %d, %s%s", r.code, r.stdout, r.stderr)
	}
}

// TestPlanBeside: a draft model, a projector and an adapter are planned with the model.
func TestPlanBeside(t *testing.T) {
	model := filepath.Base(testmodel.SmolLM2(t))
	flags := []string{"--gpu", "24GiB", "--ctx", "1024", "--json"}
	alone := decodePlan(t, planIn(t, append(flags, model)...))
	twice := decodePlan(t, planIn(t, append(flags, model, "--model-draft", model)...))
	if twice.WeightsBytes != 2*alone.WeightsBytes || twice.KVBytes != 2*alone.KVBytes || twice.ComputeBytes != 2*alone.ComputeBytes || len(twice.Beside) != 1 {
		t.Errorf("%+v, alone %+v", twice, alone)
	}
	other := testgguf.Decoder(1).Write(t, "other.gguf")
	for _, flag := range []string{"--mmproj", "--lora"} {
		with := decodePlan(t, planIn(t, append(flags, model, flag, other)...))
		if more := with.WeightsBytes - alone.WeightsBytes; more == 0 || more > 1<<20 || with.KVBytes != alone.KVBytes || len(with.Beside) != 1 {
			t.Errorf("%s: %+v", flag, with)
		}
		if (flag == "--mmproj") != (len(with.Warnings) == 1) {
			t.Errorf("%s: %q", flag, with.Warnings)
		}
	}
}

// TestPlanURL: a model behind a URL is planned as the file is, from its header.
func TestPlanURL(t *testing.T) {
	for _, model := range []string{testmodel.SmolLM2(t), testmodel.Gemma3(t)} {
		server := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(model))))
		defer server.Close()
		name := filepath.Base(model)
		here := decodePlan(t, planIn(t, name, "--gpu", "8GiB", "--json"))
		there := decodePlan(t, planIn(t, server.URL+"/"+name, "--gpu", "8GiB", "--json"))
		fetched := there.FetchedBytes
		if fetched == nil || *fetched < here.HeaderBytes || *fetched > here.HeaderBytes+2<<20 {
			t.Fatalf("%s: %v bytes were fetched, of a header of %d", name, fetched, here.HeaderBytes)
		}
		t.Logf("%s: %d bytes were fetched of %d", name, *fetched, here.Model.Bytes)
		there.FetchedBytes, there.Milliseconds, there.Model.File = nil, here.Milliseconds, here.Model.File
		if !reflect.DeepEqual(here, there) {
			t.Errorf("%s: %+v\n%+v", name, here, there)
		}
	}
}

// TestPlanInTerminal: there are escape sequences for colour, none with NO_COLOR, and no other
// difference.
func TestPlanInTerminal(t *testing.T) {
	model := testmodel.SmolLM2(t)
	want := planIn(t, model, "--gpu", "24GiB").stdout
	for _, env := range []string{"NO_COLOR=", "NO_COLOR=1"} {
		x := startTerminal(t, t.TempDir(), []string{env}, program, "plan", model, "--gpu", "24GiB")
		x.until("the last line", func(*screen) bool { return strings.Contains(x.sent.String(), "stays free") })
		x.leaves(0)
		text := x.sent.String()
		if hasColor := strings.Contains(text, "\x1b[2m"); hasColor != (env == "NO_COLOR=") {
			t.Errorf("%s: %q", env, text)
		}
		if text = regexp.MustCompile("\x1b\\[[0-9]*m|\r").ReplaceAllString(text, ""); text != want {
			t.Errorf("%s: %s", env, text)
		}
	}
}
