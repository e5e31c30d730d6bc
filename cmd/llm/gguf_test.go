package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// checkOutput fails when a command fails or says something else.
func checkOutput(t *testing.T, r result, want string) {
	t.Helper()
	if r.code != 0 || r.stdout != want || r.stderr != "" {
		t.Errorf("%d, %q\n got %q\nwant %q", r.code, r.stderr, r.stdout, want)
	}
}

func TestGGUFSet(t *testing.T) {
	path := testgguf.Decoder(1).Write(t, "m.gguf")
	set := func(args ...string) result { return runLLM(t, "", append([]string{"gguf", "set", path}, args...)...) }
	checkOutput(t, set("llama.context_length=256"), "llama.context_length: 128 → 256 (u32)\n"+path+": 2 bytes written in place\n")
	checkOutput(t, set("llama.context_length=256"), "llama.context_length: 256 → 256 (u32)\n"+path+": nothing to change\n")
	checkOutput(t, set("llama.context_length=257", "--dry-run"), "llama.context_length: 256 → 257 (u32)\n"+path+": not written (--dry-run); it would be: 1 byte written in place\n")
	r := set("general.name=\x1b[31mred\x07 \u202ename")
	if want := `general.name: "random llama" → "\x1b[31mred\a \u202ename" (str)` + "\n" + path + ": rewritten, "; r.code != 0 || !strings.HasPrefix(r.stdout, want) {
		t.Errorf("%+v", r)
	}
	r = set("my.count=-3", "my.list=[1,2]", "--json")
	var report editReport
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || r.code != 0 {
		t.Fatal(r, err)
	}
	if k := report.Keys; !report.Changed || report.InPlace || len(k) != 2 || k[0].New != -3.0 || k[0].Type != "i32" || k[1].Type != "arr:i32" || k[1].TypeFrom != typeGuessed {
		t.Errorf("%s", r.stdout)
	}
	template := write(t, "t.jinja", []byte("{{ messages }}\n"))
	checkSet := func(r result, key, want string) {
		t.Helper()
		f, err := gguf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if r.code != 0 || f.Text(key) != want {
			t.Errorf("%+v: %q", r, f.Text(key))
		}
	}
	checkSet(set("tokenizer.chat_template=@"+template), "tokenizer.chat_template", "{{ messages }}\n")
	checkSet(set("general.name=@@me"), "general.name", "@me")
	checkSet(set("general.author=a=b"), "general.author", "a=b")
	checkSet(runLLM(t, "", "gguf", "rename", path, "general.author", "general.organization"), "general.organization", "a=b")
	checkSet(runLLM(t, "", "gguf", "rm", path, "general.organization"), "general.organization", "")
	r = set("llama.rope.freq_base=1", "--type", "u32", "--force", "-n")
	if want := "llm: error: key llama.rope.freq_base (byte "; r.code != 0 || !strings.HasPrefix(r.stderr, want) {
		t.Errorf("%+v", r)
	}
	if r := runLLM(t, "", "run", path, "-n", "2", "--temp", "0", "-p", "a"); r.code != 0 {
		t.Errorf("the model does not load any more: %+v", r)
	}
}

// TestGGUFSetNames: what becomes of the other names of a file is said.
func TestGGUFSetNames(t *testing.T) {
	path := testgguf.Decoder(1).Write(t, "m.gguf")
	link, second := filepath.Join(t.TempDir(), "link.gguf"), filepath.Join(filepath.Dir(path), "second.gguf")
	if err := errors.Join(os.Symlink(path, link), os.Link(path, second)); err != nil {
		t.Fatal(err)
	}
	r := runLLM(t, "", "gguf", "set", link, "general.name=x")
	want := "llm: " + link + " is a link: the file is " + path + "\nllm: the file has 2 names: the others keep the old one\n"
	if r.code != 0 || r.stderr != want || sameFile(t, path, second) || !sameFile(t, path, link) {
		t.Errorf("%+v", r)
	}
}

func TestGGUFRefuses(t *testing.T) {
	path := testgguf.Decoder(1).Write(t, "m.gguf")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		args string
		want string
	}{
		{exitUsage, "set", "takes a FILE and at least one KEY=VALUE"},
		{exitUsage, "set M", "takes a FILE and at least one KEY=VALUE"},
		{exitUsage, "set M name", `"name" is not KEY=VALUE`},
		{exitUsage, "set M a=1 --type u33", `--type: there is no type "u33"`},
		{exitUsage, "set https://host/m.gguf a=1", "is on another machine: download it"},
		{exitFailure, "set M llama.context_length=many", `set "llama.context_length": "many" is no number of type u32 (the type is u32, as it was)`},
		{exitFailure, "set M llama.context_length=1 --type u64", `the engine would not load it any more: key llama.context_length`},
		{exitFailure, "set M llama.rope.freq_base=1 --type u32", `it is u32, must be f32; --force`},
		{exitFailure, "set M general.architecture=qwen2", `would not load it any more: key qwen2.`},
		{exitFailure, "set M split.count=2", "says how the model is split; --force"},
		{exitFailure, "set M tokenizer.ggml.scores=[1]", "it has 1 elements for "},
		{exitFailure, "set M general.alignment=64", "cannot be changed without moving"},
		{exitFailure, "set M general.name=@/no/such/file", `set "general.name": open /no/such/file`},
		{exitFailure, "set M general.name=@/dev/zero", "/dev/zero is longer than 64 MiB"},
		{exitFailure, "set M general.name=\xff", "the text is not UTF-8"},
		{exitFailure, "set /no/such/file a=1", "no such file or directory"},
		{exitUsage, "rm M", "takes a FILE and at least one KEY"},
		{exitFailure, "rm M general.nam", `there is no key "general.nam"; did you mean general.name?`},
		{exitFailure, "rm M llama.block_count", "key llama.block_count (byte 0): it is missing; --force writes it all the same"},
		{exitFailure, "rm M general.architecture", "without general.architecture the file is no model; --force"},
		{exitUsage, "rename M a", "takes a FILE, a key and its new name"},
		{exitFailure, "rename M llama.context_length llama.length", "the engine would not load it any more"},
		{exitFailure, "rename M general.name split.no", "says how the model is split"},
		{exitFailure, "rename M general.name general.type", "there is a key \"general.type\" already"},
		{exitUsage, "split M", "--max-size or --max-tensors is missing"},
		{exitUsage, "split M N --max-tensors 1", "takes one FILE"},
		{exitUsage, "split M --max-tensors 0", "--max-tensors 0: it must be at least 1"},
		{exitUsage, "split M --max-size 2X", `--max-size: "2X" is no size`},
		{exitFailure, "split M --max-size 1k", "its keys alone have"},
		{exitFailure, "split M --max-tensors 1 -o /no/such/folder/m", "no such file or directory"},
		{exitUsage, "merge", "takes a part of a model"},
		{exitFailure, "merge M", "it is not split"},
		{exitUsage, "hash", "takes at least one FILE"},
		{exitFailure, "hash /dev/null", "not a plain file (a device)"},
		{exitUsage, "hash http://host/m.gguf", "is on another machine"},
		{exitUsage, "st M", `has no command "st"`},
		{exitUsage, "set M a=1 --no-such-flag", "unknown flag"},
	} {
		args := strings.Fields(c.args)
		for i := range args {
			if args[i] == "M" {
				args[i] = path
			}
		}
		checkFailure(t, runLLM(t, "", append([]string{"gguf"}, args...)...), c.code, c.want)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Error("a refused command changed the file")
	}
}

// TestGGUFSplitLoads: a real model in three parts, made with llama.cpp's own names of
// the flags, says what it said, has the same hash, and merged it is the same file.
func TestGGUFSplitLoads(t *testing.T) {
	model, prefix := testmodel.SmolLM2(t), filepath.Join(t.TempDir(), "smol")
	first := gguf.PartName(prefix, 0, 3)
	r := runLLM(t, "", "gguf", "split", model, "--split-max-size", "40M", "-o", prefix)
	if r.code != 0 || strings.Count(r.stdout, "\n") != 3 || !strings.HasPrefix(r.stdout, first+": ") {
		t.Fatalf("%+v", r)
	}
	checkFailure(t, runLLM(t, "", "gguf", "split", model, "--max-size", "40M", "-o", prefix), exitFailure, "file already exists; --force replaces it")
	say := func(path string) string {
		r := runLLM(t, "", "run", path, "-n", "16", "--temp", "0", "-p", "The sky is blue because")
		if r.code != 0 || r.stdout == "" {
			t.Errorf("%+v", r)
		}
		return r.stdout
	}
	if got, want := say(first), say(model); got != want {
		t.Errorf("in parts it says %q, whole %q", got, want)
	}
	hash := func(path string) string {
		sum, _, _ := strings.Cut(runLLM(t, "", "gguf", "hash", path).stdout, " ")
		return sum
	}
	if got := hash(first); got != hash(model) || len(got) != 64 {
		t.Errorf("the hash is %q", got)
	}
	checkFailure(t, runLLM(t, "", "gguf", "merge", first, filepath.Join(filepath.Dir(first), "out.gguf")), exitUsage, "the file to write goes after -o")
	if r := runLLM(t, "", "gguf", "merge", first, gguf.PartName(prefix, 2, 3)); r.code != 0 || !strings.HasPrefix(r.stdout, prefix+".gguf: ") {
		t.Fatalf("%+v", r)
	}
	if !sameFile(t, prefix+".gguf", model) {
		t.Error("merged it is another file")
	}
}

func sameFile(t *testing.T, one, two string) bool {
	t.Helper()
	a, err1 := os.ReadFile(one)
	b, err2 := os.ReadFile(two)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return bytes.Equal(a, b)
}

func TestGGUFHashTensors(t *testing.T) {
	path := testgguf.Decoder(1).Write(t, "m.gguf")
	plain := runLLM(t, "", "gguf", "hash", path, "--tensors")
	r := runLLM(t, "", "gguf", "hash", path, "--tensors", "--json")
	var row hashRow
	if err := json.Unmarshal([]byte(r.stdout), &row); err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, x := range row.Tensors {
		want.WriteString(x.Hash + "  " + x.Name + "\n")
	}
	want.WriteString(row.Hash + "  " + path + "\n")
	if plain.stdout != want.String() || len(row.Tensors) != 21 {
		t.Errorf("%d tensors\n%s\n%s", len(row.Tensors), plain.stdout, want.String())
	}
}

// TestGGUFInterrupted: Ctrl-C while a file is rewritten, or parts are written, leaves
// the old file, and nothing else.
func TestGGUFInterrupted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big.gguf")
	const size = 16 << 30 // of holes
	w := gguf.NewWriter()
	var head bytes.Buffer
	if err := w.Add(gguf.Tensor{Name: "t", Type: gguf.I8, Dims: []uint64{size}}, zeros{}); err != nil {
		t.Fatal(err)
	}
	w.WriteTo(&limited{Buffer: &head})
	if err := os.WriteFile(path, head.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(head.Len())+size); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"gguf", "set", path, "general.name=a name that is longer than the padding behind the header is"},
		{"gguf", "split", path, "--max-tensors", "1"},
	} {
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		c := exec.Command(program, args...)
		var out, errs bytes.Buffer
		c.Stdout, c.Stderr = &out, &errs
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		waitForFiles(t, filepath.Dir(path), 2)
		c.Process.Signal(os.Interrupt)
		checkFailure(t, outcome(t, c.Wait(), &out, &errs), exitFailure, "interrupted")
		after, err := os.Stat(path)
		if err != nil || !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
			t.Errorf("%v: the file was changed: %v", args, err)
		}
		waitForFiles(t, filepath.Dir(path), 1)
	}
}

// waitForFiles waits until a folder has so many.
func waitForFiles(t *testing.T, dir string, n int) {
	t.Helper()
	for range 2000 {
		if entries, err := os.ReadDir(dir); err == nil && len(entries) == n {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("the folder never had %d files", n)
}

// zeros has no end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// limited takes a header: the first piece that is written.
type limited struct{ *bytes.Buffer }

func (l *limited) Write(b []byte) (int, error) {
	l.Buffer.Write(b[:min(len(b), 96)])
	return 0, io.ErrShortWrite
}

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]int64{"5": 5, "5B": 5, "2G": 2e9, "2GB": 2e9, "2GiB": 2 << 30, "1.5k": 1500, "1KiB": 1024, "3m": 0, "500M": 5e8, "1T": 1e12,
		"": 0, "G": 0, "-1G": 0, "2X": 0, "2GG": 0, "2iB": 0, "nan": 0, "inf": 0, "1e3": 0, "0x10": 0, "1E": 0, "0": 0, "99999999999T": 0, "2BG": 0} {
		if got, err := parseBytes(text); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
}
