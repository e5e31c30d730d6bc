package testheader

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
)

// Write is the path of a header of a model, in a file as large as the model, which is a hole
// behind it. It has no vocabulary. fileType is "F16" or another name that quantizers know,
// such as "Q4_K_M". The files stay, and are shared: nobody may change them.
func Write(tb testing.TB, name, fileType string) string {
	tb.Helper()
	path, err := Path(name, fileType)
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// WriteWithVocabulary is the same with as many tokens as the model has, t0, t1, …: for tests
// of what a vocabulary costs.
func WriteWithVocabulary(tb testing.TB, name, fileType string) string {
	tb.Helper()
	path, err := PathWithVocabulary(name, fileType)
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// Path and PathWithVocabulary are these where there is no test.
func Path(name, fileType string) (string, error) { return request{name, fileType, false}.path() }

// PathWithVocabulary is [WriteWithVocabulary] where there is no test.
func PathWithVocabulary(name, fileType string) (string, error) {
	return request{name, fileType, true}.path()
}

// request is what a file is made for.
type request struct {
	name, fileType string
	vocabulary     bool
}

var making sync.Mutex

func (r request) path() (string, error) {
	making.Lock()
	defer making.Unlock()
	return r.make()
}

func (r request) make() (string, error) {
	m, err := find(r.name)
	if err != nil {
		return "", err
	}
	fileType, err := numberOf(r.fileType)
	if err != nil {
		return "", err
	}
	folder, err := folder()
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, r.name+"."+r.fileType+".gguf")
	if r.vocabulary {
		path = filepath.Join(folder, r.name+"."+r.fileType+".vocabulary.gguf")
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	w, err := m.writer(r.name)
	if err != nil {
		return "", err
	}
	tensors, err := r.tensors(m, w)
	if err != nil {
		return "", err
	}
	if err := finish(w, fileType, tensors); err != nil {
		return "", err
	}
	if r.vocabulary {
		if err := addVocabulary(w, m.VocabSize); err != nil {
			return "", err
		}
	}
	return path, writeSparse(w, path)
}

// tensors of the file, whose keys are w's.
func (r request) tensors(m model, w *gguf.Writer) ([]gguf.Tensor, error) {
	if r.fileType == "F16" {
		dir, err := os.MkdirTemp("", "header")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		keys := filepath.Join(dir, "keys.gguf")
		if err := writeSparse(w, keys); err != nil {
			return nil, err
		}
		return m.tensors(keys)
	}
	number, err := numberOf(r.fileType)
	if err != nil {
		return nil, err
	}
	whole, err := request{r.name, "F16", false}.make()
	if err != nil {
		return nil, err
	}
	f, err := gguf.Open(whole)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return quantize(whole, number, f.Tensors)
}

// numberOf is of general.file_type.
func numberOf(fileType string) (uint32, error) {
	for n := range gguf.FileType(64) {
		if n.Short() == fileType && fileType != "" {
			return uint32(n), nil
		}
	}
	return 0, fmt.Errorf("there is no file type %q", fileType)
}

// finish adds what a file has beside the model's keys.
func finish(w *gguf.Writer, fileType uint32, tensors []gguf.Tensor) error {
	set := map[string]uint32{"general.file_type": fileType}
	if gguf.FileType(fileType).Short() != "F16" {
		set["general.quantization_version"] = 2 // GGML_QNT_VERSION of ggml/include/ggml.h@v0.5.0
	}
	for _, key := range []string{"general.file_type", "general.quantization_version"} {
		if n, ok := set[key]; ok {
			if err := setKey(w, key, n); err != nil {
				return err
			}
		}
	}
	for _, t := range tensors {
		if err := w.Add(t, nil); err != nil {
			return err
		}
	}
	return nil
}

func setKey(w *gguf.Writer, key string, value any) error {
	v, err := gguf.NewValue(value)
	if err != nil {
		return err
	}
	return w.Set(key, v)
}

// addVocabulary gives the file a byte-pair vocabulary of so many tokens, which mean nothing.
func addVocabulary(w *gguf.Writer, size uint32) error {
	tokens, types, merges := make([]string, size), make([]int32, size), make([]string, size)
	for i := range tokens {
		tokens[i], types[i] = fmt.Sprint("t", i), 1 // a normal one
		merges[i] = fmt.Sprintf("t%d t%d", i, (i+1)%int(size))
	}
	for key, value := range map[string]any{
		"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "default",
		"tokenizer.ggml.tokens": tokens, "tokenizer.ggml.token_type": types, "tokenizer.ggml.merges": merges,
	} {
		if err := setKey(w, key, value); err != nil {
			return err
		}
	}
	return nil
}

// writeSparse writes the header of a file, with a hole as large as its data.
func writeSparse(w *gguf.Writer, path string) error {
	size, err := w.Size()
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "*.unfinished")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := w.WriteHeader(io.Writer(f)); err != nil {
		return err
	}
	if err := f.Truncate(size); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
