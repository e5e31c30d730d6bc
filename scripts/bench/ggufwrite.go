package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/seed-f87006eb/llm/gguf"
)

// compareWrite sets writing the whole model as a new file beside a plain copy of it. It
// waits for the disk in neither.
func (h *headerFile) compareWrite() error {
	dir, err := os.MkdirTemp("", "llm-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var times pairs
	for i := range 9 {
		var ours, theirs float64
		err := inTurn(i,
			func() (err error) { ours, err = timeWrite(dir, h.write); return err },
			func() (err error) { theirs, err = timeWrite(dir, h.copy); return err })
		if err != nil {
			return err
		}
		if i >= 2 { // the first ones warm the file cache
			times.add(ours, theirs)
		}
	}
	times.print("write the model, against a plain copy", "ms", true)
	return nil
}

func timeWrite(dir string, write func(*os.File) error) (float64, error) {
	out, err := os.Create(filepath.Join(dir, "model.gguf"))
	if err != nil {
		return 0, err
	}
	d, err := timed(func() error { return write(out) })
	return d, errors.Join(err, out.Close(), os.Remove(out.Name()))
}

func (h *headerFile) write(out *os.File) error {
	f, err := gguf.Open(h.path)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := f.Copy()
	if err == nil {
		_, err = w.WriteTo(out)
	}
	return err
}

func (h *headerFile) copy(out *os.File) error {
	in, err := os.Open(h.path)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(out, in)
	return err
}
