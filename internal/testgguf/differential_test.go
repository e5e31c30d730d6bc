package testgguf_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// wellFormed are files with all that the format has: the real models, and one for each
// type of tensors. The engine reads those that engine has.
func wellFormed(t *testing.T) (paths []string, engine map[string]bool) {
	t.Helper()
	engine = map[string]bool{}
	add := func(path string, itToo bool) {
		paths = append(paths, path)
		engine[path] = itToo
	}
	add(testmodel.SmolLM2(t), true)
	add(testmodel.Gemma3(t), true)
	for _, s := range testgguf.Samples() {
		add(s.Write(t, strings.ReplaceAll(s.Name, " ", "-")+".gguf"), s.Engine)
	}
	for kind := range gguf.TensorType(1 << 10) {
		if block, size := kind.Block(); size > 0 {
			add(testgguf.Stored(uint32(kind), block, size).Write(t, kind.String()+".gguf"), true)
		}
	}
	for _, part := range split(t) {
		add(part, true)
	}
	for name, f := range map[string]*testgguf.File{"decoder": testgguf.Decoder(1), "encoder": testgguf.Encoder(1, testgguf.PoolingCLS),
		"recurrent": testgguf.Recurrent(1), "t5": testgguf.EncoderDecoder(1), "projector": testgguf.Projector()} {
		add(f.Write(t, name+".gguf"), true)
	}
	for _, name := range gguf.Architectures() {
		add(ofArchitecture(name).Write(t, name+".gguf"), true)
	}
	return paths, engine
}

// ofArchitecture has the keys of a decoder under the name of another architecture. What
// each means is held to the engine by the tests of llama/reference.
func ofArchitecture(name string) *testgguf.File {
	f, decoder := (&testgguf.File{}).Set(gguf.KeyArchitecture, name), testgguf.Decoder(1)
	for _, key := range decoder.Keys() {
		if rest, ok := strings.CutPrefix(key, "llama."); ok {
			f.Set(name+"."+rest, decoder.Value(key))
		}
	}
	return f.Add("token_embd.weight", make([]float32, 64), 8, 8)
}

// split is a model of three parts.
func split(t *testing.T) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	for i := range 3 {
		f := (&testgguf.File{}).Set("split.no", uint16(i)).Set("split.count", uint16(3)).Set("split.tensors.count", int32(3))
		f.Add(fmt.Sprintf("blk.%d.weight", i), []float32{float32(i), 1, 2}, 3)
		path := filepath.Join(dir, gguf.PartName("model", i, 3))
		if err := os.WriteFile(path, f.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// TestReadersAgree holds our reader to that of the engine and to gguf-py: every key with
// its types, count and bytes, and every tensor with its place.
func TestReadersAgree(t *testing.T) {
	paths, engine := wellFormed(t)
	python := pythonDumps(t, paths)
	byEngine := 0
	for _, path := range paths {
		name := filepath.Base(path)
		ours := dump(t, path)
		if !strings.HasPrefix(ours, "version ") {
			t.Fatalf("%s: %q", name, ours)
		}
		same(t, name, "gguf-py", ours, python[path])
		theirs, err := reference.GGUF(path)
		if (err == nil) != engine[path] {
			t.Errorf("%s: the engine: %v", name, err)
		}
		if err == nil {
			byEngine++
			same(t, name, "the engine", ours, theirs)
		}
	}
	if len(paths) < 200 || byEngine < 195 {
		t.Errorf("%d files only, the engine read %d", len(paths), byEngine)
	}
}

func same(t *testing.T, name, reader, ours, theirs string) {
	t.Helper()
	a, b := strings.Split(ours, "\n"), strings.Split(theirs, "\n")
	if len(a) != len(b) {
		t.Errorf("%s: %d lines, by %s %d", name, len(a), reader, len(b))
	}
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Errorf("%s: %q, by %s %q", name, a[i], reader, b[i])
			return
		}
	}
}

// pythonDumps are by file, of gguf-py as the pinned engine has it.
func pythonDumps(t *testing.T, paths []string) map[string]string {
	t.Helper()
	root := testmodel.Root()
	pinned := filepath.Join(root, "third_party", "llama.cpp", "gguf-py", "gguf")
	c := exec.Command("python3", append([]string{filepath.Join(root, "scripts", "gguf-py.py"), pinned, "dump"}, paths...)...)
	c.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join(root, "build", "python"), "PYTHONDONTWRITEBYTECODE=1")
	var messages bytes.Buffer
	c.Stderr = &messages
	out, err := c.Output()
	if err != nil {
		t.Fatalf("gguf-py: %v; get numpy with: scripts/fetch-gguf-py.sh\n%s", err, messages.String())
	}
	dumps := map[string]string{}
	for one := range strings.SplitSeq(string(out), "file ") {
		path, text, _ := strings.Cut(one, "\n")
		dumps[path] = text
	}
	return dumps
}

// TestTensorTypes: the table is the engine's, no type is missing and none too many.
func TestTensorTypes(t *testing.T) {
	var ours strings.Builder
	for kind := range gguf.TensorType(1 << 10) {
		block, size := kind.Block()
		if kind.Known() != (size > 0) || kind.Quantized() != (block > 1) {
			t.Errorf("%v: known %v, quantized %v, %d numbers in %d bytes", kind, kind.Known(), kind.Quantized(), block, size)
		}
		if kind.Known() {
			fmt.Fprintln(&ours, uint32(kind), kind, block, size)
		}
	}
	theirs := reference.TensorTypes()
	if strings.Count(theirs, "\n") < 30 || !strings.EqualFold(ours.String(), theirs) {
		t.Errorf("ours:\n%sthe engine's:\n%s", ours.String(), theirs)
	}
}

// TestSplitIsOneModel: any part opens all of them.
func TestSplitIsOneModel(t *testing.T) {
	paths := split(t)
	for i, path := range paths {
		f, err := gguf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Tensors) != 3 || len(f.Parts) != 3 || f.Parts[2].Name != filepath.Base(paths[2]) {
			t.Fatalf("opened by part %d: %+v", i, f)
		}
		for j, tensor := range f.Tensors {
			data := make([]byte, 12)
			r, err := f.Data(tensor)
			if err == nil {
				_, err = r.Read(data)
			}
			if err != nil || tensor.Part != j || tensor.Name != fmt.Sprintf("blk.%d.weight", j) || data[3] != []byte{0, 0x3f, 0x40}[j] {
				t.Errorf("%+v: %x, %v", tensor, data, err)
			}
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
