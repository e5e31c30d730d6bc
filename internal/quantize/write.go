package quantize

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/llama"
)

// Run is [Prepare] and [Job.Write].
func Run(ctx context.Context, in, out string, s Spec, progress func(done, total int64)) (Result, error) {
	j, err := Prepare(in, s)
	if err != nil {
		return Result{}, err
	}
	return j.Write(ctx, out, progress)
}

// Write makes the file: beside its goal under another name, until it is whole and on the
// disk, so that whatever stops it leaves the old file or none. progress, which may be nil, is
// told the bytes that were written, on another goroutine, which has ended when Write returns.
// Errors: [fs.ErrExist] where the spec does not allow to replace, [ErrNoSpace], the context's,
// those of the engine (a *chat.ErrEngineCrash where it runs isolated) and of the system.
func (j *Job) Write(ctx context.Context, out string, progress func(done, total int64)) (Result, error) {
	began := time.Now()
	fail := func(err error) (Result, error) { return Result{}, fmt.Errorf("quantize %s: %w", j.Source, err) }
	if j.Refusal != nil {
		return Result{}, j.Refusal
	}
	if err := context.Cause(ctx); err != nil {
		return fail(err)
	}
	if err := j.CheckGoal(out); err != nil {
		return fail(err)
	}
	u, err := gguf.Begin(out)
	if err != nil {
		return fail(err)
	}
	defer u.Discard()
	stop := watch(u.Path(), j.Recipe.Size, progress)
	err = j.engine(ctx, u.Path())
	stop()
	if err == nil {
		err = j.verify(u.Path())
	}
	if err != nil {
		return fail(j.explain(ctx, err, u.Path()))
	}
	if err := u.Publish(j.spec.Replace); err != nil {
		return fail(err)
	}
	return Result{Path: out, Size: j.Recipe.Size, Elapsed: time.Since(began), Job: j}, nil
}

// CheckGoal tells whether the file can be written: what is there, and room on the disk.
func (j *Job) CheckGoal(out string) error {
	folder := filepath.Dir(out)
	switch info, err := os.Stat(folder); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("write %s: the folder %s: %w; make it first", gguf.Quote(out), folder, fs.ErrNotExist)
	case err != nil:
		return fmt.Errorf("write %s: %w", gguf.Quote(out), err)
	case !info.IsDir():
		return fmt.Errorf("write %s: %s is no folder", gguf.Quote(out), folder)
	}
	switch info, err := os.Stat(out); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("write %s: %w", gguf.Quote(out), err)
	case j.isSource(info):
		return fmt.Errorf("write %s: it is the file that is read; name another", gguf.Quote(out))
	case !info.Mode().IsRegular():
		return fmt.Errorf("write %s: what is there is %w; name a file", gguf.Quote(out), gguf.ErrNotRegular)
	case !j.spec.Replace:
		return fmt.Errorf("write %s: %w", gguf.Quote(out), fs.ErrExist)
	}
	if free, ok := freeSpace(folder); ok && free < j.Recipe.Size {
		return fmt.Errorf("write %s: %w: it takes %d bytes and %d are free in %s; make room there, or write elsewhere", gguf.Quote(out), ErrNoSpace, j.Recipe.Size, free, folder)
	}
	return nil
}

func (j *Job) isSource(info fs.FileInfo) bool {
	for _, part := range j.parts {
		if s, err := os.Stat(part); err == nil && os.SameFile(s, info) {
			return true
		}
	}
	return false
}

// engine has the engine write the file at path.
func (j *Job) engine(ctx context.Context, path string) error {
	if j.spec.Isolated {
		return j.inChild(ctx, path)
	}
	return llama.Quantize(ctx, j.Source, path, j.params())
}

func (j *Job) params() llama.QuantizeParams {
	p := llama.QuantizeParams{
		FileType: int(j.spec.FileType), Threads: j.spec.Threads, Buffer: j.spec.Buffer,
		Pure: j.spec.Pure, KeepOutput: j.spec.KeepOutput, Requantize: j.spec.Requantize,
		Output: number(j.spec.Output), Embedding: number(j.spec.Embedding), Types: map[string]int{}, Matrix: j.matrix,
	}
	for i := range j.Recipe.Tensors {
		if t := &j.Recipe.Tensors[i]; t.Kept == "" {
			if o := j.override(t.Name); o != nil {
				p.Types[t.Name] = int(o.Type)
			}
		}
	}
	return p
}

func number(t *gguf.TensorType) *int {
	if t == nil {
		return nil
	}
	n := int(*t)
	return &n
}

// verify compares what was written with what was to be.
func (j *Job) verify(path string) error {
	f, err := gguf.Open(path)
	if err != nil {
		return fmt.Errorf("look at what the engine wrote: %w", err)
	}
	defer f.Close()
	if f.Size() != j.Recipe.Size || len(f.Tensors) != len(j.Recipe.Tensors) {
		return fmt.Errorf("the engine wrote %d bytes with %d tensors where %d with %d were to be: this is a mistake of this program; report it",
			f.Size(), len(f.Tensors), j.Recipe.Size, len(j.Recipe.Tensors))
	}
	for i, t := range f.Tensors {
		if want := &j.Recipe.Tensors[i]; t.Name != want.Name || t.Type != want.To {
			return fmt.Errorf("the engine made tensor %s %v where %s was to be %v: this is a mistake of this program; report it",
				gguf.Quote(t.Name), t.Type, gguf.Quote(want.Name), want.To)
		}
	}
	return nil
}

// explain finds what the engine does not say: that the work was stopped, or the disk is full.
func (j *Job) explain(ctx context.Context, err error, path string) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	const margin = 1 << 20 // what a buffer of the engine may hold back
	info, failed := os.Stat(path)
	if failed != nil {
		return err
	}
	free, ok := freeSpace(filepath.Dir(path))
	if missing := j.Recipe.Size - info.Size(); ok && missing > 0 && free < min(missing, margin) {
		return fmt.Errorf("%w: %d bytes of %d were written and no more fit in %s; make room there, or write elsewhere", ErrNoSpace, info.Size(), j.Recipe.Size, filepath.Dir(path))
	}
	return inWords(err)
}

// watch tells progress how large the file is; what it returns ends that.
func watch(path string, total int64, progress func(done, total int64)) (stop func()) {
	if progress == nil {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if info, err := os.Stat(path); err == nil {
					progress(min(info.Size(), total), total)
				}
			}
		}
	}()
	return func() { close(done); <-ended }
}
