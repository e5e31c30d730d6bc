package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/bench/speed"
	"github.com/seed-f87006eb/llm/internal/testgguf"
)

// tiny are the arguments of a measurement that takes no time, of one thread.
func tiny(more ...string) []string {
	return append([]string{"bench", "-t", "1", "-p", "8", "-n", "2", "-b", "16", "-ub", "16"}, more...)
}

// TestBench: the same tests in all formats; a model that does not work is a row.
func TestBench(t *testing.T) {
	model, encoder := testgguf.Decoder(1).Write(t, "model.gguf"), testgguf.Encoder(1, testgguf.PoolingMean).Write(t, "encoder.gguf")
	for format, want := range map[string]string{"table": " · batch 16 · ubatch 16 · ", "md": "| model.gguf |", "csv": "build_commit,", "json": `"schema": 1`, "jsonl": `{"build_commit":"`} {
		r := runLLM(t, "", tiny(model, encoder, "-o", format, "-r", "2", "-pg", "4,3", "-d", "0,8")...)
		if r.code != 0 || !strings.Contains(r.stdout, want) || !strings.Contains(r.stdout, "pp4+tg3 @ d8") {
			t.Errorf("%s: %d, %s%s", format, r.code, r.stdout, r.stderr)
		}
		rows := -1
		switch format {
		case "csv":
			all, err := csv.NewReader(strings.NewReader(r.stdout)).ReadAll()
			if err != nil {
				t.Error(err)
			}
			rows = len(all) - 1
		case "jsonl":
			rows = strings.Count(r.stdout, "\n")
		case "json":
			rows = len(decodeBench(t, r).Rows)
		}
		if rows != -1 && rows != 12 {
			t.Errorf("%s: %d rows", format, rows)
		}
	}
	r := runLLM(t, "", tiny(encoder, "-r", "1")...)
	if r.code != exitFailure || !strings.Contains(r.stdout, "not measured: ") {
		t.Errorf("%+v", r)
	}
}

func decodeBench(t *testing.T, r result) *speed.Result {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(r.stdout))
	d.DisallowUnknownFields()
	var found speed.Result
	if err := d.Decode(&found); err != nil {
		t.Fatalf("%v: %d, %s%s", err, r.code, r.stdout, r.stderr)
	}
	return &found
}

// TestBenchFlags: letters of llama-bench, values that are given again, words for numbers.
func TestBenchFlags(t *testing.T) {
	model := testgguf.Decoder(1).Write(t, "model.gguf")
	r := decodeBench(t, runLLM(t, "", tiny("-m", model, "-p", "4,6", "-p", "8-16*2", "-n", "0", "-ngl", "all,0", "-fa", "0", "-nkvo", "0,1",
		"-ctk", "f16,bf16", "--json", "-r", "1", "--seed", "7", "-ot", "blk.0=CPU", "-dev", "none", "--confidence", "90", "--no-warmup")...))
	// -p was given: 512 does not stand among its values, as each of tiny's does.
	if len(r.Rows) != 5*2*2*2 || r.Seed != 7 || r.Confidence != 0.9 || r.Rows[0].Prompt != 8 || r.Rows[0].FlashAttention != 0 || r.Rows[0].GPULayers != -1 || !r.Rows[5].NoKVOffload {
		t.Errorf("%d rows, %+v", len(r.Rows), r)
	}
	for _, row := range r.Rows {
		if row.Error != "" || row.Speed == nil {
			t.Errorf("%s: %s", row.Test, row.Error)
		}
	}
}

func TestBenchBadInput(t *testing.T) {
	model := testgguf.Decoder(1).Write(t, "model.gguf")
	for flags, want := range map[string]string{
		"-p 512,":               `--n-prompt: "512,", at character 5: a number is missing`,
		"-n 1-4*1":              "never more",
		"-d -1":                 "is not a number",
		"-b 0":                  "0 is below 1",
		"-t 513":                "513 is above 512",
		"-ngl -2":               "-2 is below -1",
		"-ngl some":             `"s" is not a number`,
		"-pg 512":               "PROMPT,GENERATION",
		"-ctk f16,q9":           "--cache-type-k q9: it must be one of",
		"-fa maybe":             "--flash-attn maybe",
		"-nkvo 2":               "--no-kv-offload 2",
		"-sm diagonal":          "--split-mode diagonal",
		"-ot pattern":           "REGEX=BUFFER",
		"-ts x":                 "not a proportion",
		"-r 0":                  "--repetitions 0",
		"--delay -1":            "--delay -1",
		"--precision 0":         "--precision 0: it must be from 0.01% to 50%",
		"--confidence 100":      "--confidence 100",
		"-o sql":                "--output sql: it must be one of [table md csv json jsonl]",
		"-o md --json":          "excludes -o md",
		"-p 0 -n 0":             "nothing is to be measured",
		"-p 1-1000 -d 0-1000+1": "more than 1000 values",
		"-p 1-1000 -d 1-900":    "more than 10000 tests",
		"--no-such-flag":        "unknown flag",
	} {
		checkFailure(t, runLLM(t, "", append([]string{"bench", model}, strings.Fields(flags)...)...), exitUsage, want)
	}
	checkFailure(t, runLLM(t, "", "bench", model, "/no/such.gguf"), exitFailure, "open model /no/such.gguf: file does not exist")
	checkFailure(t, runLLM(t, "", "bench", "a prompt"), exitUsage, "the first argument is the model file")
}

// TestBenchInterrupted: Ctrl-C prints what was measured.
func TestBenchInterrupted(t *testing.T) {
	model := testgguf.Decoder(1).Write(t, "model.gguf")
	c := command(t.TempDir(), tiny(model, "-r", "10000", "--delay", "1", "--json")...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(4 * time.Second)
	c.Process.Signal(os.Interrupt)
	r := outcome(t, c.Wait(), &out, &errs)
	found := decodeBench(t, r)
	if r.code != exitFailure || !strings.Contains(r.stderr, "llm: interrupted\n") || found.RoundsMost != 10000 || found.Rounds > 20 || len(found.Notes) == 0 ||
		!strings.Contains(found.Notes[0], "interrupted") || found.Rows[0].Speed == nil && found.Rows[1].Speed == nil {
		t.Errorf("%d, %s, %+v", r.code, r.stderr, found)
	}
}

// TestBenchPage: docs/bench-command.md has each field of the JSON.
func TestBenchPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/bench-command.md")
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, of := range []reflect.Type{reflect.TypeFor[speed.Result](), reflect.TypeFor[speed.Row](), reflect.TypeFor[speed.Speed](), reflect.TypeFor[speed.Sample](), reflect.TypeFor[speed.Conditions]()} {
		fields = append(fields, jsonFields(of, "")...)
	}
	for _, field := range fields {
		name := field[strings.LastIndexByte(field, '.')+1:]
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/bench-command.md does not describe %s", field)
		}
	}
}
