package testheader

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/quant"
)

// snapshots are the models of testdata/models.json that tests/snapshots of the engine has;
// testdata/snapshots.json has the others.
var snapshots = map[string]string{
	"gemma-3-4b-it":               "gemma3-4b",
	"gpt-oss-120b":                "gpt-oss-120b",
	"meta-llama-3.1-70b-instruct": "llama-3.1-70b",
	"qwen3-0.6b":                  "qwen3-0.6b",
}

// section of a snapshot: a file type, the type of most tensors, and those with another.
type section struct {
	fileType, most string
	others         map[string]string
}

func readSnapshot(t *testing.T, name string) (shape map[string]int, sections []section) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testmodel.Root(), "third_party", "llama.cpp", "tests", "snapshots", name+".schema"))
	if err != nil {
		t.Fatalf("%v; get it with: make native", err)
	}
	shape = map[string]int{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "# n_embd"):
			for _, field := range strings.Split(line[2:], ", ") {
				key, value, _ := strings.Cut(field, "=")
				var n int
				if _, err := fmt.Sscan(value, &n); err != nil {
					t.Fatal(err)
				}
				shape[key] = n
			}
		case line == "" || line[0] == '#':
		case line[0] == '[':
			fileType, most, _ := strings.Cut(line[1:], "] ")
			sections = append(sections, section{fileType, most, map[string]string{}})
		default:
			tensor, kind, _ := strings.Cut(line, " ")
			sections[len(sections)-1].others[tensor] = kind
		}
	}
	if len(sections) < 30 {
		t.Fatalf("%s has %d sections", name, len(sections))
	}
	return shape, sections
}

// TestSnapshots: each section of the engine's own snapshots. They know a model by some
// numbers, which stand in their second line.
func TestSnapshots(t *testing.T) {
	for _, name := range snapshotNames(t) {
		t.Run(name, func(t *testing.T) {
			shape, sections := readSnapshot(t, name)
			architecture, tensors := snapshotTensors(t, name)
			s, err := quant.NewSource(quant.Shape{
				Architecture: architecture, Layers: shape["n_layer"],
				Heads: shape["n_head"], KVHeads: shape["n_head_kv"], Experts: shape["n_expert"],
			}, withOutput(tensors, sections))
			if err != nil {
				t.Fatal(err)
			}
			if known, ok := snapshots[name]; ok {
				if _, read := open(t, Write(t, known, "F16")); read.Shape != s.Shape {
					t.Errorf("our model is %+v, that of the snapshot %+v", read.Shape, s.Shape)
				}
			}
			for _, section := range sections {
				matchSection(t, s, section)
			}
		})
	}
}

func snapshotNames(t *testing.T) (names []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(testmodel.Root(), "third_party", "llama.cpp", "tests", "snapshots", "*.schema"))
	if err != nil || len(paths) < 12 {
		t.Fatalf("%d snapshots, %v; get them with: make native", len(paths), err)
	}
	for _, path := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(path), ".schema"))
	}
	return names
}

//go:embed testdata/snapshots.json
var snapshotModels []byte

// snapshotTensors are the tensors of a snapshot's model, as the engine makes them of its
// hyper-parameters.
func snapshotTensors(t *testing.T, name string) (architecture string, tensors []gguf.Tensor) {
	t.Helper()
	if known, ok := snapshots[name]; ok {
		f, _ := open(t, Write(t, known, "F16"))
		return f.Architecture(), f.Tensors
	}
	all, err := readModels(snapshotModels)
	if err != nil {
		t.Fatal(err)
	}
	m, ok := all[name]
	if !ok {
		t.Fatalf("testdata/snapshots.json has no %s", name)
	}
	w, err := m.writer(name)
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys.gguf")
	if err := gguf.Create(t.Context(), []gguf.Output{{Path: keys, Content: w}}, true, nil); err != nil {
		t.Fatal(err)
	}
	if tensors, err = m.tensors(keys); err != nil {
		t.Fatal(err)
	}
	return m.Architecture, tensors
}

// withOutput adds the output of its own that the file of a snapshot has where the model's
// published weights have none: a copy of the embeddings.
func withOutput(tensors []gguf.Tensor, sections []section) []gguf.Tensor {
	const output = "output.weight"
	has := slices.ContainsFunc(tensors, func(x gguf.Tensor) bool { return x.Name == output })
	wants := slices.ContainsFunc(sections, func(s section) bool { return s.others[output] != "" })
	if has || !wants {
		return tensors
	}
	tensors = slices.Clone(tensors)
	for _, x := range tensors {
		if x.Name == "token_embd.weight" {
			x.Name = output
			tensors = append(tensors, x)
		}
	}
	return tensors
}

func matchSection(t *testing.T, s *quant.Source, want section) {
	t.Helper()
	fileType, err := quant.ParseFileType(want.fileType)
	if err != nil {
		t.Error(err)
		return
	}
	kind, _ := quant.Lookup(fileType)
	r, err := s.Recipe(quant.Options{FileType: fileType})
	if err != nil {
		t.Error(err)
		return
	}
	if !strings.EqualFold(kind.Most.String(), want.most) {
		t.Errorf("%s: most tensors are %v, of the snapshot %s", want.fileType, kind.Most, want.most)
	}
	found := 0
	for _, x := range r.Tensors {
		if x.Kept != "" {
			continue
		}
		to, ok := want.others[x.Name]
		if ok {
			found++
		} else {
			to = want.most
		}
		if !strings.EqualFold(to, x.To.String()) {
			t.Errorf("%s: %s is %v, of the snapshot %s", want.fileType, x.Name, x.To, to)
		}
	}
	if found != len(want.others) {
		t.Errorf("%s: %d of the %d tensors that the snapshot names are there", want.fileType, found, len(want.others))
	}
}
