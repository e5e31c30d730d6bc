package gguf

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// Writer makes a file: keys and tensors in the order in which they were added, version
// 3, little-endian. Nothing is read or written before [Writer.WriteTo] or [Create]:
// until then the files that values and tensors come from stay open. One goroutine at a
// time.
type Writer struct {
	BigEndian bool // the data of tensors has to be so too

	version uint32
	keys    []Key
	tensors []content
	names   map[string]bool // of tensors
	end     int64           // of the data, from its start, with padding
}

// content is a tensor with where its data comes from.
type content struct {
	Tensor
	data io.Reader
	size int64
}

// NewWriter makes a file without keys and tensors.
func NewWriter() *Writer { return &Writer{version: 3, names: map[string]bool{}} }

// Copy is a Writer with the keys and tensors of f as one file: without the keys of a
// split model. Errors: a tensor that does not lie in its file, or has a name twice.
func (f *File) Copy() (*Writer, error) {
	w := f.copyKeys(func(name string) bool { return !isSplitKey(name) })
	return w, w.addTensors(f, f.Tensors)
}

func (f *File) copyKeys(keep func(name string) bool) *Writer {
	w := NewWriter()
	w.BigEndian = f.BigEndian
	for _, k := range f.Keys {
		if keep(k.Name) {
			w.keys = append(w.keys, k)
		}
	}
	return w
}

func isSplitKey(name string) bool {
	return name == KeySplitNo || name == KeySplitCount || name == KeySplitTensors
}

func (w *Writer) addTensors(f *File, tensors []Tensor) error {
	for _, t := range tensors {
		data, err := f.Data(t)
		if err != nil {
			return err
		}
		if err := w.Add(t, data); err != nil {
			return err
		}
	}
	return nil
}

// Lookup is the value of a key.
func (w *Writer) Lookup(name string) (Value, bool) {
	if i := w.find(name); i >= 0 {
		return w.keys[i].Value, true
	}
	return Value{}, false
}

func (w *Writer) find(name string) int {
	return slices.IndexFunc(w.keys, func(k Key) bool { return k.Name == name })
}

// Set gives a key a value: of [NewValue], [ParseValue], or of a File, from which it is
// copied as it stands. A new key comes last. Errors: a name or a value that no file can
// have; the alignment after a tensor.
func (w *Writer) Set(name string, v Value) error {
	if err := checkKey(name, v); err != nil {
		return fmt.Errorf("set key %s: %w", Quote(name), err)
	}
	if name == KeyAlignment && len(w.tensors) > 0 {
		return fmt.Errorf("set key %s: tensors were placed by the old one: set it before you add them", name)
	}
	if i := w.find(name); i >= 0 {
		w.keys[i].Value = v
	} else {
		w.keys = append(w.keys, Key{Name: name, Value: v})
	}
	return nil
}

func checkKey(name string, v Value) error {
	switch {
	case name == "" || len(name) > maxName:
		return fmt.Errorf("a name has 1 to %d bytes", maxName)
	case !utf8.ValidString(name):
		return fmt.Errorf("a name is UTF-8")
	case v.Type >= typeCount || v.Type == Array && v.Elem >= typeCount:
		return fmt.Errorf("%w: %v", ErrType, v.Type)
	case v.Type == String && len(v.text) > maxString:
		return fmt.Errorf("a text of %d bytes: the limit is %d", len(v.text), maxString)
	case name != KeyAlignment:
		return nil
	}
	if n, ok := v.Uint(); !ok || v.Type != Uint32 || n == 0 || n&(n-1) != 0 {
		return fmt.Errorf("an alignment is a power of two, of type %v", Uint32)
	}
	return nil
}

// Remove removes a key, and tells whether it was there.
func (w *Writer) Remove(name string) bool {
	n := len(w.keys)
	w.keys = slices.DeleteFunc(w.keys, func(k Key) bool { return k.Name == name })
	return len(w.keys) < n
}

// Rename gives a key another name; it keeps its place. Errors: the key is absent, the
// new name is taken or no file can have it.
func (w *Writer) Rename(from, to string) error {
	i := w.find(from)
	if i < 0 {
		return fmt.Errorf("rename key %s: there is no such key", Quote(from))
	}
	if w.find(to) >= 0 {
		return fmt.Errorf("rename key %s: there is a key %s already: remove it first", Quote(from), Quote(to))
	}
	if err := checkKey(to, w.keys[i].Value); err != nil {
		return fmt.Errorf("rename key %s to %s: %w", Quote(from), Quote(to), err)
	}
	w.keys[i].Name = to
	return nil
}

// Add adds a tensor. Its data is read from data when it is written; [Tensor.Offset] and
// [Tensor.Part] are not looked at. Errors: a name that is taken or that no file can
// have, more than 4 dimensions, a size that is unknown.
func (w *Writer) Add(t Tensor, data io.Reader) error {
	size, ok := t.Size()
	switch {
	case len(t.Name) > maxName:
		return fmt.Errorf("add tensor %s: a name has at most %d bytes", Quote(t.Name), maxName)
	case w.names[t.Name]:
		return fmt.Errorf("add tensor %s: there is one of this name already", Quote(t.Name))
	case len(t.Dims) > maxDims:
		return fmt.Errorf("add tensor %s: %d dimensions: the limit is %d", Quote(t.Name), len(t.Dims), maxDims)
	case !ok || w.align(w.end+size) < w.end:
		return fmt.Errorf("add tensor %s: a tensor %v of type %v has no size in bytes", Quote(t.Name), t.Dims, t.Type)
	}
	w.names[t.Name] = true
	t.Offset = uint64(w.end)
	w.tensors = append(w.tensors, content{t, data, size})
	w.end = w.align(w.end + size)
	return nil
}

// Tensors is how many were added.
func (w *Writer) Tensors() int { return len(w.tensors) }

func (w *Writer) align(offset int64) int64 {
	n := int64(DefaultAlignment)
	if v, ok := w.Lookup(KeyAlignment); ok && v.Type == Uint32 && v.bits > 0 && v.bits&(v.bits-1) == 0 {
		n = int64(v.bits)
	}
	return (offset + n - 1) &^ (n - 1)
}

func (w *Writer) order() byteOrder {
	if w.BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// header is the two tables, in pieces: what is made here, and elements of arrays that
// are copied from other files.
type header struct {
	pieces []io.ReadSeeker
	size   int64
}

func (h *header) add(r io.ReadSeeker, size int64) {
	h.pieces, h.size = append(h.pieces, r), h.size+size
}

// reader gives the header from its start, one reader at a time.
func (h *header) reader() io.Reader {
	readers := make([]io.Reader, len(h.pieces))
	for i, p := range h.pieces {
		p.Seek(0, io.SeekStart) // in memory: it cannot fail
		readers[i] = p
	}
	return io.MultiReader(readers...)
}

// startAndKeys is the header without the table of tensors.
func (w *Writer) startAndKeys(tensors int) (*header, error) {
	order, h := w.order(), &header{}
	b := order.AppendUint32([]byte("GGUF"), w.version)
	b = order.AppendUint64(b, uint64(tensors))
	b = order.AppendUint64(b, uint64(len(w.keys)))
	for _, k := range w.keys {
		var elements bool
		var err error
		if b, elements, err = appendKey(b, k, order); err != nil {
			return nil, fmt.Errorf("write key %s: %w", Quote(k.Name), err)
		}
		if elements {
			h.add(bytes.NewReader(b), int64(len(b)))
			h.add(io.NewSectionReader(k.file.r, k.Offset, k.Size), k.Size)
			b = nil
		}
	}
	h.add(bytes.NewReader(b), int64(len(b)))
	return h, nil
}

func (w *Writer) header() (*header, error) {
	h, err := w.startAndKeys(len(w.tensors))
	if err != nil {
		return nil, err
	}
	order, b := w.order(), []byte(nil)
	for _, t := range w.tensors {
		b = order.AppendUint64(b, uint64(len(t.Name)))
		b = append(b, t.Name...)
		b = order.AppendUint32(b, uint32(len(t.Dims)))
		for _, d := range t.Dims {
			b = order.AppendUint64(b, d)
		}
		b = order.AppendUint32(b, uint32(t.Type))
		b = order.AppendUint64(b, t.Offset)
	}
	h.add(bytes.NewReader(b), int64(len(b)))
	return h, nil
}

// Size is of the file, in bytes. Errors are those of reading the values of other files.
func (w *Writer) Size() (int64, error) {
	h, err := w.header()
	if err != nil {
		return 0, err
	}
	return w.align(h.size) + w.end, nil
}

// WriteTo writes the file, once: the readers of its tensors are used up. Where both
// ends are files of the system, it copies the data (and, where it can, shares it).
// Errors are those of out and of the readers, and [io.ErrUnexpectedEOF] for a tensor
// with too little data.
func (w *Writer) WriteTo(out io.Writer) (int64, error) {
	c := copier{ctx: context.Background(), out: out}
	err := w.write(&c)
	return c.done, err
}

// WriteHeader writes the file as far as its data, whose readers are not read and may be
// nil. A file of [Writer.Size] bytes that begins with it has all the tensors, with
// whatever stands in the rest: holes that take no room, where the file system has them.
func (w *Writer) WriteHeader(out io.Writer) error {
	h, err := w.header()
	if err != nil {
		return err
	}
	c := copier{ctx: context.Background(), out: out}
	if err := c.header(h, w.align(h.size)); err != nil {
		return err
	}
	return c.flush()
}

func (w *Writer) write(c *copier) error {
	h, err := w.header()
	if err != nil {
		return err
	}
	if err := c.header(h, w.align(h.size)); err != nil {
		return err
	}
	for i := 0; i < len(w.tensors); {
		name := w.tensors[i].Name
		data, size, next := w.run(i)
		if err := c.copy(data, size); err != nil {
			return fmt.Errorf("write tensor %s: %w", Quote(name), err)
		}
		if err := c.zeros(w.align(size) - size); err != nil {
			return fmt.Errorf("write tensor %s: %w", Quote(name), err)
		}
		i = next
	}
	return c.flush()
}

// header writes a header, and zeros up to where the data begins.
func (c *copier) header(h *header, data int64) error {
	err := c.copy(h.reader(), h.size)
	if err == nil {
		err = c.zeros(data - h.size)
	}
	if err != nil {
		return fmt.Errorf("write the header: %w", err)
	}
	return nil
}

// run is the data of tensor i, and of those behind it that also follow it in the file
// they come from, without padding: one copy is faster than many.
func (w *Writer) run(i int) (data io.Reader, size int64, next int) {
	first := w.tensors[i]
	f, at, left := onDisk(first.data)
	size, next = first.size, i+1
	if f == nil || left != size {
		return first.data, size, next
	}
	for ; next < len(w.tensors) && w.align(size) == size; next++ {
		t := w.tensors[next]
		if g, to, n := onDisk(t.data); g != f || to != at+size || n != t.size {
			break
		}
		size += t.size
	}
	return io.NewSectionReader(f, at, size), size, next
}
