package main

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

func TestEmbed(t *testing.T) {
	model := testmodel.SmolLM2(t)
	base := []string{"embed", model, "-c", "512", "-t", "1"}
	type row struct {
		Text      string
		Tokens    int
		Embedding []float64
	}
	var rows []row
	r := runLLM(t, "", append(base, "The sky is blue.", "Grass is green.", "--json")...)
	if err := json.Unmarshal([]byte(r.stdout), &rows); err != nil || len(rows) != 2 {
		t.Fatalf("%v: %d, %.200q, %q", err, r.code, r.stdout, r.stderr)
	}
	length := 0.0
	for _, x := range rows[0].Embedding {
		length += x * x
	}
	if rows[0].Text != "The sky is blue." || rows[0].Tokens < 4 || math.Abs(length-1) > 1e-3 {
		t.Errorf("%q, %d tokens, length %g", rows[0].Text, rows[0].Tokens, length)
	}
	// The same, a line each, from a pipe and from a file.
	lines := "The sky is blue.\r\n\n  \nGrass is green."
	plain := runLLM(t, lines, base...)
	if file := runLLM(t, "", append(base, "-f", write(t, "lines", []byte(lines)))...); file.stdout != plain.stdout {
		t.Errorf("a file gives other numbers than a pipe")
	}
	got := strings.Split(plain.stdout, "\n")
	if len(got) != 3 || got[2] != "" {
		t.Fatalf("%d lines; %q", len(got), plain.stderr)
	}
	for i, line := range got[:2] {
		var v []float64
		for _, word := range strings.Fields(line) {
			x, err := strconv.ParseFloat(word, 64)
			if err != nil {
				t.Fatal(err)
			}
			v = append(v, x)
		}
		if !reflect.DeepEqual(v, rows[i].Embedding) {
			t.Errorf("line %d has other numbers", i+1)
		}
	}
	if raw := runLLM(t, lines, append(base, "--raw")...); raw.code != 0 || raw.stdout == plain.stdout {
		t.Errorf("--raw: %d, %q", raw.code, raw.stderr)
	}
	if none := runLLM(t, "", append(base, "The sky is blue.", "--pooling", "none")...); strings.Count(none.stdout, "\n") != rows[0].Tokens {
		t.Errorf("--pooling none: %d lines for %d tokens, %q", strings.Count(none.stdout, "\n"), rows[0].Tokens, none.stderr)
	}
}

func TestEmbedBadInput(t *testing.T) {
	model := testmodel.SmolLM2(t)
	checkFailure(t, runLLM(t, "", "embed", model), exitUsage, "there is no text")
	checkFailure(t, runLLM(t, "\n\n", "embed", model), exitUsage, "there is no text")
	checkFailure(t, runLLM(t, "", "embed", model, "x", "--pooling", "max"), exitUsage, "--pooling max: it must be one of")
	checkFailure(t, runLLM(t, "", "embed", model, "x", "-f", "y"), exitUsage, "both as arguments and with --file")
	checkFailure(t, runLLM(t, "", "embed", model, "-f", "/no/such"), exitFailure, "no such file")
	checkFailure(t, runLLM(t, "", "embed", model, "x", "-c", "-5"), exitUsage, "--ctx-size -5")
	checkFailure(t, runLLM(t, "", "embed", "/no/such.gguf", "x"), exitFailure, "check the path")
	checkFailure(t, runLLM(t, "", "embed", model, "-c", "64", strings.Repeat("word ", 200)), exitFailure, "the context holds")
}

func TestEmbeddingRows(t *testing.T) {
	e := &llm.Embeddings{Vectors: [][]float32{{1}, {2}, {3}}, Tokens: []int{2, 1}, Pooling: "none"}
	b, err := json.Marshal(embeddingRows([]string{"a b", "c"}, e))
	if want := `[{"text":"a b","tokens":2,"embedding":[[1],[2]]},{"text":"c","tokens":1,"embedding":[[3]]}]`; err != nil || string(b) != want {
		t.Errorf("%s, %v", b, err)
	}
	if got := numbers([]float32{0.1, -2, 1e-9}); got != "0.1 -2 1e-09" {
		t.Errorf("%q", got)
	}
}
