package engine

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

const embeddingsFile = "testdata/embeddings.txt"

// TestGoldenEmbeddings compares with what llama-embedding of the same tree said: the
// numbers of a vector of length 1, as far as it prints them. With -update it is asked
// again. A record of another processor is only a record.
func TestGoldenEmbeddings(t *testing.T) {
	if golden.Update() {
		recordEmbeddings(t)
	}
	f, err := os.Open(embeddingsFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	same, n := false, 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		switch line := strings.Fields(lines.Text()); line[0] {
		case "#":
		case "system":
			same = lines.Text() == "system "+llama.BuildInfo().System && !sanitized
		default:
			n++
			compareEmbedding(t, line[0], line[1], strings.ReplaceAll(line[2], "_", " "), line[3:], same)
		}
	}
	if n != 12 {
		t.Errorf("%d records", n)
	}
}

func compareEmbedding(t *testing.T, model, pooling, text string, want []string, same bool) {
	t.Helper()
	e := openModel(t, goldenModel(t, model), Options{Context: 512, Pooling: pooling})
	got, err := e.Embed(background, chat.EmbedRequest{Texts: []string{text}})
	if err != nil {
		t.Fatal(err)
	}
	var most float64
	for i, w := range want {
		x, err := strconv.ParseFloat(w, 64)
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, math.Abs(x-float64(got.Vectors[0][i])))
	}
	if most > 1e-4 && same {
		t.Errorf("%s, %s, %q: %g away", model, pooling, text, most)
	} else if most > 1e-4 {
		t.Logf("%s, %s, %q: %g away from the record of another processor", model, pooling, text, most)
	}
}

func goldenModel(t *testing.T, name string) string {
	if name == "smollm2" {
		return testmodel.SmolLM2(t)
	}
	return testmodel.Gemma3(t)
}

func recordEmbeddings(t *testing.T) {
	t.Helper()
	peer := filepath.Join(testmodel.Root(), "build", "cpu", "cmake", "llama-embedding", "llama-embedding")
	var b strings.Builder
	fmt.Fprintf(&b, "# the first numbers of embeddings by llama-embedding, tree %s\nsystem %s\n", llama.BuildInfo().Tree, llama.BuildInfo().System)
	for _, model := range []string{"smollm2", "gemma3"} {
		for _, pooling := range []string{"mean", "cls", "last"} {
			for _, text := range []string{"The sky is blue.", "Un chat dort sur le toit chaud"} {
				out, err := exec.Command(peer, "-m", goldenModel(t, model), "--pooling", pooling, "-c", "512", "-b", "512", "-ub", "512",
					"--embd-output-format", "array", "-p", text).Output()
				if err != nil {
					t.Fatalf("%s: %v", peer, err)
				}
				numbers := strings.Split(strings.Trim(strings.TrimSpace(string(out)), "[]"), ",")
				fmt.Fprintln(&b, model, pooling, strings.ReplaceAll(text, " ", "_"), strings.Join(numbers[:48], " "))
			}
		}
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(embeddingsFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
