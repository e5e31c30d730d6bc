package main

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// inspectIn runs the command in the folder from where the models have short names.
func inspectIn(t *testing.T, env string, args ...string) result {
	t.Helper()
	c := command(filepath.Join(testmodel.Root(), "models"), append([]string{"inspect"}, args...)...)
	if env != "" {
		c.Env = append(c.Env, env)
	}
	return finish(t, c)
}

// TestInspectGolden holds the screen to its record, at 80 columns, piped and without
// colour. -update writes it anew.
func TestInspectGolden(t *testing.T) {
	for _, path := range []string{testmodel.SmolLM2(t), testmodel.Gemma3(t)} {
		name := filepath.Base(path)
		r := inspectIn(t, "", name)
		if r.code != 0 || r.stderr != "" {
			t.Fatalf("%s: %d, %s", name, r.code, r.stderr)
		}
		golden.Compare(t, "inspect/"+strings.TrimSuffix(name, ".gguf")+".txt", r.stdout)
		for _, line := range strings.Split(r.stdout, "\n") {
			if utf8.RuneCountInString(line) > screenWidth {
				t.Errorf("%s: longer than a screen: %q", name, line)
			}
		}
		if plain := inspectIn(t, "NO_COLOR=1", name); plain != r {
			t.Errorf("%s: another screen with NO_COLOR: %s", name, plain.stdout)
		}
	}
}

// TestInspectInTerminal: there are escape sequences for colour, none with NO_COLOR, and
// no other difference.
func TestInspectInTerminal(t *testing.T) {
	want, err := os.ReadFile("testdata/inspect/SmolLM2-135M-Instruct.Q4_1.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, env := range []string{"NO_COLOR=", "NO_COLOR=1"} {
		x := startTerminal(t, t.TempDir(), []string{env}, program, "inspect", testmodel.SmolLM2(t))
		x.until("the last line", func(*screen) bool { return strings.Contains(x.sent.String(), "GGUF v3") })
		x.leaves(0)
		text := x.sent.String()
		if hasColor := strings.Contains(text, "\x1b[2m"); hasColor != (env == "NO_COLOR=") {
			t.Errorf("%s: %q", env, text)
		}
		if text = strings.NewReplacer("\x1b[2m", "", "\x1b[0m", "", "\r\n", "\n").Replace(text); text != string(want) {
			t.Errorf("%s: %s", env, text)
		}
	}
}

// TestInspectJSON: docs/inspect.md has each field, and the command's JSON no other.
func TestInspectJSON(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(testmodel.Root(), "docs", "inspect.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range jsonFields(reflect.TypeFor[inspection](), "") {
		if !strings.Contains(string(page), "`"+field+"`") {
			t.Errorf("docs/inspect.md does not describe %s", field)
		}
	}
	r := inspectIn(t, "", filepath.Base(testmodel.SmolLM2(t)), "--json", "--tensors")
	d := json.NewDecoder(strings.NewReader(r.stdout))
	d.DisallowUnknownFields()
	var i inspection
	if err := d.Decode(&i); err != nil {
		t.Fatal(err)
	}
	if i.Architecture != "llama" || i.Weights.Parameters != 134515008 || i.Shape.Layers != 30 || len(i.Shape.KVHeads) != 1 ||
		i.KVCache.Bytes != 2*30*8192*3*64*2 || i.Tokenizer.Special["eos"] != 2 || len(i.Tensors) != 272 || i.Origin.License != "apache-2.0" ||
		len(i.Templates) != 1 || len(i.Problems) != 0 {
		t.Errorf("%+v", i)
	}
}

// jsonFields are the names of all fields, those of objects in objects behind a dot.
func jsonFields(of reflect.Type, before string) (all []string) {
	for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct {
		return nil
	}
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		if name == "" {
			continue
		}
		all = append(all, before+name)
		all = append(all, jsonFields(of.Field(i).Type, before+name+".")...)
	}
	return all
}

// TestInspectParts of what it shows: a key, a template, tensors.
func TestInspectParts(t *testing.T) {
	model := filepath.Base(testmodel.SmolLM2(t))
	for _, c := range []struct {
		args []string
		want string // of which the output has this part
		code int
	}{
		{[]string{"--kv", "general.architecture"}, "llama\n", 0},
		{[]string{"--kv", "llama.block_count", "--json"}, "30\n", 0},
		{[]string{"--kv", "tokenizer.ggml.tokens"}, "\"<|endoftext|>\"\n\"<|im_start|>\"\n\"<|im_end|>\"\n", 0},
		{[]string{"--kv", "tokenizer.ggml.tokens", "--json"}, `["<|endoftext|>","<|im_start|>","<|im_end|>",`, 0},
		{[]string{"--kv", "lama.block_count"}, "did you mean llama.block_count?", 1},
		{[]string{"--template"}, "{% for message in messages %}", 0},
		{[]string{"--template=tool_use"}, `has no chat template "tool_use"; it has "default"`, 1},
		{[]string{"--tensors"}, "  blk.0.attn_k.weight                  Q4_1     576×192 ", 0},
		{[]string{"--kv", "a", "--template"}, "exclude each other", 2},
	} {
		r := inspectIn(t, "", append(c.args, model)...)
		if r.code != c.code || !strings.Contains(r.stdout+r.stderr, c.want) {
			t.Errorf("%q: %d, %.300s%s", c.args, r.code, r.stdout, r.stderr)
		}
	}
}

// TestInspectValues of all kinds, as lines and as JSON.
func TestInspectValues(t *testing.T) {
	f := testgguf.Decoder(1)
	for _, c := range []struct {
		value       any
		lines, json string
	}{
		{uint64(math.MaxUint64), "18446744073709551615\n", "18446744073709551615\n"},
		{int8(-3), "-3\n", "-3\n"},
		{true, "true\n", "true\n"},
		{float32(0.1), "0.1\n", "0.1\n"},
		{math.NaN(), "NaN\n", "\"NaN\"\n"},
		{"<a>\nb", "<a>\nb\n", "\"<a>\\nb\"\n"},
		{[]string{"", "a\nb"}, "\"\"\n\"a\\nb\"\n", "[\"\",\"a\\nb\"]\n"},
		{[]bool{true, false}, "true\nfalse\n", "[true,false]\n"},
		{[]int16{-1, 2}, "-1\n2\n", "[-1,2]\n"},
		{[]float32{0.5, float32(math.Inf(1))}, "0.5\n+Inf\n", "[0.5,\"+Inf\"]\n"},
		{[]float64{}, "", "[]\n"},
		{[]any{[]uint32{1, 2}, []string{"a"}}, "[1,2]\n[\"a\"]\n", "[[1,2],[\"a\"]]\n"},
	} {
		path := f.Set("a.key", c.value).Write(t, "model.gguf")
		lines, asJSON := inspectIn(t, "", path, "--kv", "a.key"), inspectIn(t, "", path, "--kv", "a.key", "--json")
		if lines.stdout != c.lines || asJSON.stdout != c.json || lines.code+asJSON.code != 0 {
			t.Errorf("%v: %q, %q", c.value, lines.stdout, asJSON.stdout)
		}
	}
	path := f.Set("a.key", 1e300).Write(t, "model.gguf")
	if r := inspectIn(t, "", path, "--json"); !strings.Contains(r.stdout, `"value": 1e+300`) {
		t.Errorf("a large number in all keys: %s", r.stdout)
	}
}

// TestInspectBad: what is wrong is said with its place, escaped, with exit code 1.
func TestInspectBad(t *testing.T) {
	bad := testgguf.Decoder(1)
	bad.Set("general.name", "\x1b[31mred\x1b[0m\a\nthree\xff")
	bad.Set("general.license", strings.Repeat("very ", 500))
	bad.Set("llama.block_count", uint32(0))
	for _, c := range []struct {
		path, want string
		code       int
	}{
		{bad.Write(t, "bad.gguf"), "error: key llama.block_count (byte ", 1},
		{"/dev/null", "not a plain file (a device)", 1},
		{t.TempDir(), "not a plain file (a folder)", 1},
		{"none.gguf", "no such file", 1},
		{"https://", "no such file", 1},
	} {
		r := inspectIn(t, "", c.path)
		if text := r.stdout + r.stderr; r.code != c.code || !strings.Contains(text, c.want) || strings.ContainsAny(text, "\x1b\a\xff") {
			t.Errorf("%s: %d, %q", c.path, r.code, text)
		}
	}
	if r := inspectIn(t, ""); r.code != exitUsage {
		t.Errorf("without a file: %d, %s", r.code, r.stderr)
	}
}

// TestInspectURL: the header of a model behind a URL, and of all parts of one, without
// the rest.
func TestInspectURL(t *testing.T) {
	model := testmodel.Gemma3(t)
	served := http.FileServer(http.Dir(filepath.Dir(model)))
	var requests int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		w.Header().Set("ETag", `"1"`)
		served.ServeHTTP(w, r)
	}))
	defer server.Close()
	name := filepath.Base(model)
	here, there := inspectIn(t, "", name), inspectIn(t, "", server.URL+"/"+name+"?download=true")
	if there != here {
		t.Errorf("%d: %s%s", there.code, there.stdout, there.stderr)
	}
	if requests > 4 {
		t.Errorf("%d requests", requests)
	}
	if r := inspectIn(t, "", server.URL+"/none.gguf"); r.code != 1 || !strings.Contains(r.stderr, "404") {
		t.Errorf("%d, %s%s", r.code, r.stdout, r.stderr)
	}
}
