package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/bench/levels"
	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/eval"
	"github.com/seed-f87006eb/llm/internal/imatrix/pass"
	"github.com/seed-f87006eb/llm/internal/quantize"
)

// Make is of levels.Lab.
func (l *Lab) Make(ctx context.Context, level *levels.Level, progress func(done, total int64)) (*levels.Made, error) {
	if level.Path != "" {
		return l.there(level)
	}
	spec := quantize.Spec{FileType: level.FileType, Requantize: true, Isolated: l.Isolated}
	if level.Imatrix {
		path, err := l.imatrix(ctx)
		if err != nil {
			return nil, fmt.Errorf("importance matrix: %w", err)
		}
		spec.Imatrix = path
	}
	making := false
	l.cache.Progress = func(what string, done, total int64) {
		making = making || strings.HasPrefix(what, "making")
		progress(done, total)
	}
	begun := time.Now()
	path, err := l.cache.Make(ctx, l.Model.Path, spec)
	if err != nil {
		return nil, err
	}
	f := levels.FileOf(level.Recipe)
	if making {
		seconds := time.Since(begun).Seconds()
		f.Seconds = &seconds
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	f.Bytes, f.Recipe = info.Size(), filepath.Base(path)
	if spec.Imatrix != "" {
		f.Imatrix = filepath.Base(spec.Imatrix)
	}
	return &levels.Made{Path: path, File: f}, nil
}

// there looks at a file that need not be made.
func (l *Lab) there(level *levels.Level) (made *levels.Made, err error) {
	f := l.File
	if level.Path != l.Model.Path {
		if f, err = gguf.Open(level.Path); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
	}
	size, err := fileBytes(f, level.Path)
	if err != nil {
		return nil, err
	}
	made = &levels.Made{Path: level.Path, File: &record.File{Bytes: size, Tensors: len(f.Tensors), Types: map[string]int{}}}
	var weights uint64
	for _, t := range f.Tensors {
		made.File.Types[t.Type.String()]++
		n, _ := t.Elements()
		weights += uint64(n)
		if bytes, ok := t.Size(); ok {
			made.File.Bits += 8 * float64(bytes)
		}
	}
	made.File.Bits /= float64(max(weights, 1))
	if !level.Given {
		return made, nil
	}
	made.Source = f.FileType().String()
	vocabulary, err := eval.VocabularyOf(f)
	if err == nil {
		err = vocabulary.Same(l.Vocab)
	}
	if err != nil {
		made.Refused = err.Error()
	}
	return made, nil
}

// imatrix is the file of an importance matrix: the user's, or one that is made of text that the
// model generates, with another seed than the text that is scored.
func (l *Lab) imatrix(ctx context.Context) (string, error) {
	if l.Options.Imatrix != "" {
		return l.Options.Imatrix, nil
	}
	path := filepath.Join(l.Cache, "imatrix", fmt.Sprintf("%s-%s-%d.gguf", trimmed(l.Model.Path), l.Hash()[:16], l.Seed))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	_, err := pass.Run(ctx, l.Model.Path, l.engineOptions("", 0), pass.Options{
		Output: path, Seed: uint32(l.Seed) + 1, Chunks: l.Chunks, NoPerplexity: true, Resume: true,
		Progress: func(p pass.Progress) {
			what := "reading the text"
			if p.Generating {
				what = "generating a text"
			}
			l.Progress("imatrix", what, int64(p.Done), int64(p.Total))
		},
	})
	return path, err
}

// trimmed is the name of a file without its folder and its end.
func trimmed(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".gguf")
	return strings.ToValidUTF8(name[:min(len(name), 80)], "")
}
