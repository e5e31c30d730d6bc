package gguf

import (
	"errors"
	"fmt"
	"io"
)

// Keys that the format itself knows.
const (
	KeyAlignment    = "general.alignment"
	KeyArchitecture = "general.architecture"
	KeySplitNo      = "split.no"
	KeySplitCount   = "split.count"
	KeySplitTensors = "split.tensors.count"
)

// DefaultAlignment of tensors in bytes, where a file does not say.
const DefaultAlignment = 32

// Key is a row of the table of keys.
type Key struct {
	Name string
	Value
}

// Part is one file of a model; most models have one.
type Part struct {
	Name       string // as it was opened, without a folder
	Size       int64  // of the file, in bytes
	HeaderSize int64  // without the padding behind it
	DataOffset int64  // of the first tensor's data, from the start of the file
	Tensors    int
	keys       []Key
	alignment  int64 // of its tensors, in bytes
	r          io.ReaderAt
}

// File is a model's header: of one file, or of all parts of a split model as if they
// were one. The keys are those of the first part; the tensors are of all, in order. It
// does not change; any goroutine may use it until Close.
type File struct {
	Version   uint32
	BigEndian bool
	Alignment int64 // of tensors in their parts, in bytes: a power of two
	Keys      []Key
	Tensors   []Tensor
	Parts     []Part

	index  map[string]int // of many keys
	source source
}

// manyKeys is from where on a map finds a key sooner than a look at each.
const manyKeys = 96

func (f *File) makeIndex() {
	if len(f.Keys) < manyKeys {
		return
	}
	f.index = make(map[string]int, len(f.Keys))
	for i, k := range f.Keys {
		if _, ok := f.index[k.Name]; !ok {
			f.index[k.Name] = i
		}
	}
}

// Lookup is the value of a key, the first where a damaged file has several.
func (f *File) Lookup(name string) (Value, bool) {
	if f.index != nil {
		i, ok := f.index[name]
		if !ok {
			return Value{}, false
		}
		return f.Keys[i].Value, true
	}
	for i := range f.Keys {
		if f.Keys[i].Name == name {
			return f.Keys[i].Value, true
		}
	}
	return Value{}, false
}

// Text of a key; empty where it is absent or no text.
func (f *File) Text(name string) string {
	v, _ := f.Lookup(name)
	return v.text
}

// Uint of a key. False: it is absent, or no integer that is not negative.
func (f *File) Uint(name string) (uint64, bool) {
	v, ok := f.Lookup(name)
	if !ok {
		return 0, false
	}
	return v.Uint()
}

// Architecture is general.architecture; empty where the file does not say.
func (f *File) Architecture() string { return f.Text(KeyArchitecture) }

// Size is of all parts, in bytes.
func (f *File) Size() (n int64) {
	for _, p := range f.Parts {
		n += p.Size
	}
	return n
}

// Data is the stored numbers of a tensor, from its file. It fails where the tensor does
// not lie in its file.
func (f *File) Data(t Tensor) (*io.SectionReader, error) {
	if t.Part < 0 || t.Part >= len(f.Parts) {
		return nil, fmt.Errorf("read tensor %s: there is no part %d", Quote(t.Name), t.Part)
	}
	p := f.Parts[t.Part]
	size, ok := t.Size()
	room := p.Size - p.DataOffset
	if !ok || room < 0 || t.Offset > uint64(room) || size > room-int64(t.Offset) {
		return nil, fmt.Errorf("read tensor %s: it does not lie in its file of %d bytes", Quote(t.Name), p.Size)
	}
	return io.NewSectionReader(p.r, p.DataOffset+int64(t.Offset), size), nil
}

// Close gives back what Open and ReadSplit opened. Data, and elements of arrays that
// were not read yet, are gone then.
func (f *File) Close() error {
	var errs []error
	for i := range f.Parts {
		if c, ok := f.Parts[i].r.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}
