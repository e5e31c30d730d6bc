package testheader

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// Retyped is the path of the header of a real model as it would be in another file type, with
// all its keys; the file may have that alone. The files stay below build, and are shared: nobody may change them.
func Retyped(path, fileType string) (string, error) {
	making.Lock()
	defer making.Unlock()
	return retyped(path, fileType)
}

func retyped(path, fileType string) (string, error) {
	number, err := numberOf(fileType)
	if err != nil {
		return "", err
	}
	folder, err := folder()
	if err != nil {
		return "", err
	}
	to := filepath.Join(folder, strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))+".as."+fileType+".gguf")
	if _, err := os.Stat(to); err == nil {
		return to, nil
	}
	from := path
	if fileType != "F16" {
		if from, err = retyped(path, "F16"); err != nil {
			return "", err
		}
	}
	f, err := gguf.Open(from)
	if err != nil {
		return "", err
	}
	defer f.Close()
	tensors := slices.Clone(f.Tensors)
	if fileType == "F16" {
		for i, t := range tensors {
			tensors[i].Type = convertedF16(t.Name, t.Dims)
		}
	} else if tensors, err = quantize(from, number, tensors); err != nil {
		return "", err
	}
	w := gguf.NewWriter()
	for _, k := range f.Keys {
		if err := w.Set(k.Name, k.Value); err != nil {
			return "", err
		}
	}
	if err := finish(w, number, tensors); err != nil {
		return "", err
	}
	return to, writeSparse(w, to)
}
