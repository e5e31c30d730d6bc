package gguf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// maxParts is what the name of a part has digits for.
const maxParts = 99999

// PartName is the name of a part of a split model, counted from 0 as split.no is:
// ggml-org/llama.cpp src/llama.cpp@v0.5.0, llama_split_path.
func PartName(model string, part, parts int) string {
	return fmt.Sprintf("%s-%05d-of-%05d.gguf", model, part+1, parts)
}

// ModelName is the name of the model that a file of this name is a part of. False: the
// name is not of that part.
func ModelName(name string, part, parts int) (string, bool) {
	return strings.CutSuffix(name, PartName("", part, parts))
}

// Opener opens a file that stands beside the first, by its name. When it is an
// io.Closer too, it is closed with the File, or at once when that cannot be read.
type Opener func(name string) (r io.ReaderAt, size int64, err error)

// ReadSplit reads the header of the file of this name, and of all other parts where it
// is one of several. Errors are those of [Open] and of open.
func ReadSplit(name string, open Opener) (*File, error) {
	f, err := readPart(name, open)
	if err != nil {
		return nil, err
	}
	part, parts, err := f.split()
	if err == nil && parts > 1 {
		if model, ok := ModelName(name, part, parts); !ok {
			err = fmt.Errorf("open %s: it is part %d of %d, and its name does not end in %s, by which the others are found: rename it",
				Quote(name), part+1, parts, PartName("", part, parts))
		} else {
			return f.join(model, part, parts, open)
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func readPart(name string, open Opener) (*File, error) {
	r, size, err := open(name)
	if err != nil {
		return nil, err
	}
	f, err := parse(r, size, nil)
	if err != nil {
		if c, ok := r.(io.Closer); ok {
			c.Close()
		}
		return nil, fmt.Errorf("open %s: %w", Quote(name), err)
	}
	f.Parts[0].Name = name
	return f, nil
}

// split is which part of how many the file is: 0 of 1 where it says nothing.
func (f *File) split() (part, parts int, err error) {
	count, ok := f.Lookup(KeySplitCount)
	if !ok {
		return 0, 1, nil
	}
	n, _ := count.Uint()
	no, okNo := f.Uint(KeySplitNo)
	if n == 0 && !okNo || n == 1 {
		return 0, 1, nil
	}
	if n > maxParts || !okNo || no >= n {
		return 0, 0, fmt.Errorf("open %s: %w: %s and %s contradict each other", Quote(f.Parts[0].Name), ErrSyntax, KeySplitNo, KeySplitCount)
	}
	return int(no), int(n), nil
}

// join is the model of all parts; it closes what is open when one is missing or wrong.
func (f *File) join(model string, part, parts int, open Opener) (*File, error) {
	all := make([]*File, parts)
	all[part] = f
	var missing []string
	var failure error
	for i := range all {
		name := PartName(model, i, parts)
		if all[i] != nil || failure != nil {
			continue
		}
		p, err := readPart(name, open)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, name)
		case err != nil:
			failure = err
		default:
			all[i] = p
			failure = all[part].belongs(p, i, parts)
		}
	}
	if failure == nil && missing != nil {
		failure = fmt.Errorf("open %s: %w: %s", Quote(f.Parts[0].Name), ErrMissingPart, list(missing))
	}
	if failure != nil {
		for _, p := range all {
			if p != nil {
				p.Close()
			}
		}
		return nil, failure
	}
	return merge(all), nil
}

// belongs fails when p is not part i of the same model.
func (f *File) belongs(p *File, i, parts int) error {
	no, n, err := p.split()
	if err == nil && (no != i || n != parts) {
		err = fmt.Errorf("open %s: it says that it is part %d of %d, not %d of %d", Quote(p.Parts[0].Name), no+1, n, i+1, parts)
	}
	if err == nil && p.BigEndian != f.BigEndian {
		err = fmt.Errorf("open %s: its byte order is not that of the other parts", Quote(p.Parts[0].Name))
	}
	return err
}

func merge(all []*File) *File {
	f := all[0]
	for i, p := range all[1:] {
		for _, t := range p.Tensors {
			t.Part = i + 1
			f.Tensors = append(f.Tensors, t)
		}
		f.Parts = append(f.Parts, p.Parts[0])
	}
	return f
}

// list names a few.
func list(names []string) string {
	const limit = 5
	if more := len(names) - limit; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:limit], ", "), more)
	}
	return strings.Join(names, ", ")
}
