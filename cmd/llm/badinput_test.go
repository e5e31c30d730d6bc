package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// write makes a file with this content.
func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBadModel(t *testing.T) {
	whole, err := os.ReadFile(testmodel.SmolLM2(t))
	if err != nil {
		t.Fatal(err)
	}
	unreadable := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(unreadable, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, want string }{
		"missing":                 {filepath.Join(t.TempDir(), "missing.gguf"), "does not exist; check the path"},
		"directory":               {t.TempDir(), "is a directory, not a model file; give the .gguf file"},
		"fifo":                    {unreadable, "is not a regular file"},
		"empty":                   {write(t, "empty.gguf", nil), "is empty, not a model file; fetch it again"},
		"text":                    {write(t, "text.gguf", []byte("hello world, this is not a model")), `is not a GGUF file (it starts with "hell")`},
		"three bytes":             {write(t, "three.gguf", []byte("GGU")), "is not a GGUF file"},
		"magic only":              {write(t, "magic.gguf", []byte("GGUF")), "not a GGUF file: it has 4 bytes"},
		"header cut":              {write(t, "header.gguf", whole[:1000]), "more than its 1000 bytes can hold; fetch the file again"},
		"vocabulary cut":          {write(t, "vocabulary.gguf", whole[:1<<20]), `at byte 960183, in "tokenizer.ggml.merges"`},
		"weights cut":             {write(t, "weights.gguf", whole[:len(whole)/2]), "the file is incomplete: 49181216 of its 98362432 bytes are missing; fetch the file again"},
		"one byte missing":        {write(t, "byte.gguf", whole[:len(whole)-1]), "the file is incomplete: 1 of its 98362432 bytes"},
		"newline in a name":       {filepath.Join(t.TempDir(), "a\nb.gguf"), "does not exist"},
		"absurd counts":           {write(t, "counts.gguf", append([]byte("GGUF\x03\x00\x00\x00"), bytes.Repeat([]byte{0xff}, 64)...)), "18446744073709551615 keys, more than its 72 bytes can hold"},
		"version from the future": {write(t, "version.gguf", append([]byte("GGUF\x63\x00\x00\x00"), make([]byte, 64)...)), "version 99: only 2 and 3 are known"},
	} {
		t.Run(name, func(t *testing.T) {
			checkFailure(t, runLLM(t, "", "run", c.path, "-p", "hello"), exitFailure, "open model ", c.want)
			if name != "weights cut" && name != "one byte missing" { // the vocabulary is whole
				checkFailure(t, runLLM(t, "", "tokenize", c.path, "hello"), exitFailure, "open model ", c.want)
			}
		})
	}
}

func TestBadFlags(t *testing.T) {
	model := testmodel.SmolLM2(t)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"context 2^31":        {[]string{"-c", "2147483648"}, "--ctx-size 2147483648: it must be from 0 to 2147483647"},
		"context -1":          {[]string{"-c", "-1"}, "--ctx-size -1"},
		"context text":        {[]string{"-c", "many"}, `invalid argument "many"`},
		"unknown flag":        {[]string{"--no-such-flag"}, "unknown flag: --no-such-flag"},
		"unknown short flag":  {[]string{"-X"}, "unknown shorthand flag"},
		"KV type":             {[]string{"-ctk", "q3_k"}, "--cache-type-k q3_k: it must be one of"},
		"V type":              {[]string{"--cache-type-v", "F16"}, "--cache-type-v F16: it must be one of"},
		"flash attention":     {[]string{"-fa", "maybe"}, "--flash-attn maybe: it must be one of"},
		"layers":              {[]string{"-ngl", "lots"}, "--n-gpu-layers lots: it must be a number, auto or all"},
		"split mode":          {[]string{"-sm", "columns"}, "--split-mode columns: it must be one of [none layer row tensor]"},
		"split":               {[]string{"-ts", "3,x"}, `--tensor-split 3,x: "x" is not a proportion`},
		"split NaN":           {[]string{"-ts", "nan/1"}, `"nan" is not a proportion`},
		"split infinite":      {[]string{"-ts", "1e39"}, `"1e39" is not a proportion`},
		"negative split":      {[]string{"-ts", "-1,2"}, `"-1" is not a proportion`},
		"no split":            {[]string{"-ts", ","}, `--tensor-split ",": it must be numbers`},
		"main GPU":            {[]string{"-mg", "-1"}, "--main-gpu -1: it must be from 0"},
		"layers of experts":   {[]string{"-ncmoe", "-1"}, "--n-cpu-moe -1: it must be from 0"},
		"override":            {[]string{"-ot", "blk"}, "--override-tensor blk: it must be REGEX=BUFFER"},
		"override of nothing": {[]string{"-ot", "=CPU"}, "--override-tensor =CPU: it must be REGEX=BUFFER"},
		"override to nothing": {[]string{"-ot", "a=CPU,blk="}, "--override-tensor a=CPU,blk=: it must be"},
		"threads":             {[]string{"-t", "100000"}, "--threads 100000: it must be from 0 to 512"},
		"batch":               {[]string{"-b", "0"}, "--batch-size 0"},
		"tokens":              {[]string{"-n", "0"}, "\"-n, --predict\" flag: 0 generates nothing"},
		"samplers":            {[]string{"--samplers", "top_k;none"}, "there is no step \"none\""},
		"sampling-seq":        {[]string{"--sampling-seq", "kq"}, "there is no step 'q'"},
		"both orders":         {[]string{"--samplers", "top_k", "--sampling-seq", "k"}, "give one of them"},
		"mirostat":            {[]string{"--mirostat", "3"}, "mirostat 3; it must be from 0 to 2"},
		"logit-bias":          {[]string{"-l", "15043"}, "write a token, a sign and a number"},
		"logit-bias NaN":      {[]string{"-l", "15043+nan"}, "is not a number"},
		"dry":                 {[]string{"--dry-multiplier", "-1"}, "DRY multiplier -1; it must be 0 or more"},
		"xtc":                 {[]string{"--xtc-probability", "1.5"}, "XTC probability 1.5; it must be from 0 to 1"},
		"seed":                {[]string{"-s", "4294967296"}, "--seed\" flag: 4294967296: it must be from -1"},
		"temperature":         {[]string{"--temp", "-1"}, "temperature -1"},
		"temperature NaN":     {[]string{"--temp", "NaN"}, "temperature NaN"},
		"top-p":               {[]string{"--top-p", "2"}, "top-p 2"},
		"policy":              {[]string{"--context-policy", "drop"}, "--context-policy drop: it must be one of"},
		"empty stop":          {[]string{"--stop", ""}, "--stop: it is empty"},
		"system without chat": {[]string{"--no-chat", "-sys", "be brief"}, "a system prompt needs the chat template"},
		"missing template":    {[]string{"--chat-template-file", "/no/such/file"}, "--chat-template-file"},
		"tokens -2":           {[]string{"-n", "-2"}, "--predict\" flag: -2: it must be from -1"},
		"think":               {[]string{"--think", "maybe"}, "\"--think\" flag: \"maybe\": it must be one of [show hide off]"},
		"think twice":         {[]string{"--think", "show", "--no-think"}, "--no-think and --think show: give one of them"},
		"missing grammar":     {[]string{"--grammar-file", "/no/such/file"}, "--grammar-file: open /no/such/file: no such file"},
		"folder as schema":    {[]string{"-jf", "/"}, "--json-schema-file: read /: is a directory"},
		"missing schema":      {[]string{"--json-schema-file", "/no/such/file"}, "--json-schema-file: open /no/such/file"},
		"schema not JSON":     {[]string{"-j", "{type: object}"}, "--json-schema: it is not JSON"},
		"empty grammar":       {[]string{"--grammar", ""}, "--grammar: it is empty"},
		"two constraints":     {[]string{"--grammar", "root ::= \"a\"", "-j", "{}"}, "--grammar and --json-schema: a reply can be held to one of them"},
		"logprobs":            {[]string{"--logprobs", "-1"}, "--logprobs -1: it must be from 0"},
		"too many logprobs":   {[]string{"--logprobs", "1000000"}, "log-probabilities of 1000000 tokens"},
		"missing LoRA":        {[]string{"--lora", "/no/such/file"}, "--lora: open /no/such/file: no such file"},
		"LoRA without scale":  {[]string{"--lora-scaled", "adapter.gguf"}, "--lora-scaled adapter.gguf: it must be FILE:SCALE"},
		"LoRA without file":   {[]string{"--lora-scaled", ":0.5"}, "--lora-scaled :0.5: it must be FILE:SCALE"},
		"LoRA scale":          {[]string{"--lora-scaled", "adapter.gguf:half"}, `the scale "half" is not a number`},
		"LoRA scale NaN":      {[]string{"--lora-scaled", "adapter.gguf:nan"}, `the scale "nan" is not a number`},
		"missing scaled LoRA": {[]string{"--lora-scaled", "/no/such/file:0.5"}, "--lora: open /no/such/file: no such file"},
		"missing vector":      {[]string{"--control-vector-scaled", "/no/such/file:2"}, "--control-vector: open /no/such/file"},
		"resume without chat": {[]string{"--resume", "x", "--no-chat"}, "a chat to resume needs the chat template"},
	} {
		t.Run(name, func(t *testing.T) {
			checkFailure(t, runLLM(t, "", append([]string{"run", model, "-p", "hello"}, c.args...)...), exitUsage, c.want)
		})
	}
	checkFailure(t, runLLM(t, "", "no-such-command"), exitUsage, "unknown command")
	checkFailure(t, runLLM(t, "", "version", "x"), exitUsage, "takes no arguments")
	checkFailure(t, runLLM(t, "", "version", "--notices", "--json"), exitUsage, "exclude each other")
	checkFailure(t, runLLM(t, "", "run", model), exitUsage, "there is no prompt")
	checkFailure(t, runLLM(t, "", "run", "Why is the sky blue?"), exitUsage, "to ask the default model, use -p")
}

// TestBadTemplate: what would overflow the stack of the template engine, and what it
// refuses itself.
func TestBadTemplate(t *testing.T) {
	model := testmodel.SmolLM2(t)
	for name, c := range map[string]struct{ source, want string }{
		"brackets": {"{{ " + strings.Repeat("(", 2000) + "1" + strings.Repeat(")", 2000) + " }}", "nests deeper than"},
		"lists":    {"{{ " + strings.Repeat("[", 2000), "nests deeper than"},
		"code":     {"{{ " + strings.Repeat("[", 60000), "the limit is 4096"},
		"blocks":   {strings.Repeat("{% if true %}", 20000) + strings.Repeat("{%- endif %}", 20000), "nests deeper than"},
		"loops":    {strings.Repeat("{%- for x in [1] %}", 300), "nests deeper than"},
		"size":     {strings.Repeat("a", 1<<20), "the limit is"},
		"syntax":   {"{% for %}", "chat template"},
	} {
		file := write(t, "template", []byte(c.source))
		t.Run(name, func(t *testing.T) {
			checkFailure(t, runLLM(t, "", "run", model, "-p", "x", "-n", "1", "--chat-template-file", file), exitFailure, c.want)
		})
	}
}

func TestContextThatCannotBe(t *testing.T) {
	model := testmodel.SmolLM2(t)
	checkFailure(t, runLLM(t, "", "run", model, "-p", "hello", "-c", "2147483647"), exitFailure, "beyond the limit")
	checkFailure(t, runLLM(t, "", "run", model, "-p", "hello", "-c", "60000000"), exitFailure, "needs", "GiB are free; ask for a smaller context")
}

func TestBadPrompt(t *testing.T) {
	model := testmodel.SmolLM2(t)
	notice := func(r result) result { // the context that was chosen
		if strings.HasPrefix(r.stderr, "llm: context of ") {
			_, r.stderr, _ = strings.Cut(r.stderr, "\n")
		}
		return r
	}
	long := strings.Repeat("All work and no play makes Jack a dull boy. ", 500)
	r := notice(runLLM(t, long, "run", model, "-c", "512"))
	checkFailure(t, r, exitFailure, "tokens of context, the context holds 512; give a larger context (-c ", "--context-policy")
	checkFailure(t, notice(runLLM(t, "a\x00b", "run", model)), exitUsage, "it contains a NUL character at byte 1")
	checkFailure(t, notice(runLLM(t, "ab\xff", "run", model, "--no-chat")), exitUsage, "it is not valid UTF-8 at byte 2")
	checkFailure(t, notice(runLLM(t, "", "run", model, "-p", "\xff\xfe")), exitUsage, "it is not valid UTF-8 at byte 0")
	checkFailure(t, runLLM(t, "", "run", model, "-f", "/no/such/file"), exitFailure, "read the prompt: open /no/such/file: no such file")
	if r := runLLM(t, long, "run", model, "-c", "512", "-n", "4", "--context-policy", "truncate-middle"); r.code != 0 || !strings.Contains(r.stderr, "were dropped (policy truncate-middle)") {
		t.Errorf("code %d, %q", r.code, r.stderr)
	}
}

// TestBadConstraint: what only the engine finds.
func TestBadConstraint(t *testing.T) {
	model := testmodel.SmolLM2(t)
	base := []string{"run", model, "-c", "512", "-p", "hello", "-n", "4"}
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"grammar": {[]string{"--grammar", "root ::= ("}, exitUsage, "grammar"},
		"schema":  {[]string{"-j", `{"type":"no such type"}`}, exitUsage, `"no such type" is no type`},
		"LoRA":    {[]string{"--lora", write(t, "lora.gguf", []byte("no adapter"))}, exitFailure, "lora.gguf"},
		"vector":  {[]string{"--control-vector-scaled", write(t, "vector.gguf", []byte("no vector")) + ":0.5"}, exitFailure, "vector.gguf"},
	} {
		t.Run(name, func(t *testing.T) {
			checkFailure(t, runLLM(t, "", append(slices.Clone(base), c.args...)...), c.code, c.want)
		})
	}
}

func TestBrokenPipe(t *testing.T) {
	c := exec.Command(program, "run", testmodel.SmolLM2(t), "-c", "4096", "-p", "Tell me a very long story.", "--ignore-eos")
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout = write
	var errs bytes.Buffer
	c.Stderr = &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	if _, err := io.ReadFull(read, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	read.Close()
	begin := time.Now()
	r := outcome(t, c.Wait(), &bytes.Buffer{}, &errs)
	checkFailure(t, r, exitFailure, "standard output was closed by its reader")
	if d := time.Since(begin); d > 10*time.Second {
		t.Errorf("it went on for %v", d)
	}
}

// interrupt runs the program, waits until see appears on one of its streams, sends the
// signal and returns what came of it and how long that took.
func interrupt(t *testing.T, sig os.Signal, see string, args ...string) (result, time.Duration) {
	t.Helper()
	c := exec.Command(program, args...)
	stdout, stderr := &watcher{see: see, seen: make(chan bool)}, &watcher{see: see, seen: make(chan bool)}
	c.Stdout, c.Stderr = stdout, stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-stdout.seen:
	case <-stderr.seen:
	case <-time.After(60 * time.Second):
		c.Process.Kill()
		c.Wait()
		t.Fatalf("%q never came; there were %.200q and %.200q", see, stdout.text.String(), stderr.text.String())
	}
	begin := time.Now()
	c.Process.Signal(sig)
	err := c.Wait()
	return outcome(t, err, &stdout.text, &stderr.text), time.Since(begin)
}

// watcher keeps what is written and tells when it has seen something.
type watcher struct {
	text bytes.Buffer
	see  string
	seen chan bool
	done bool
}

func (w *watcher) Write(p []byte) (int, error) {
	n, err := w.text.Write(p)
	if !w.done && strings.Contains(w.text.String(), w.see) {
		w.done = true
		close(w.seen)
	}
	return n, err
}

func TestSignalDuringLoad(t *testing.T) {
	slow := sparseModel(t)
	for _, c := range []struct {
		signal os.Signal
		want   string
	}{{os.Interrupt, "loading was stopped: interrupted"}, {syscall.SIGTERM, "loading was stopped: stopped by a signal (terminated)"}} {
		r, took := interrupt(t, c.signal, "llm: loading ", "run", slow, "--no-mmap", "-p", "hello")
		checkFailure(t, r, exitFailure, "open model ", c.want)
		if took > time.Second {
			t.Errorf("it went on for %v", took)
		}
	}
}

func TestSignalDuringReply(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		r, took := interrupt(t, sig, "a", "run", testmodel.SmolLM2(t), "-c", "4096", "-p", "Tell me a very long story.", "--ignore-eos", "--temp", "0")
		if r.stdout == "" || !strings.HasSuffix(r.stdout, "\n") {
			t.Errorf("the output does not end with a line: %q", r.stdout)
		}
		checkFailure(t, r, exitFailure, map[os.Signal]string{os.Interrupt: "interrupted", syscall.SIGTERM: "stopped by a signal"}[sig])
		if took > 500*time.Millisecond {
			t.Errorf("it went on for %v", took)
		}
	}
}
