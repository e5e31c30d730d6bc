package gguf

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"strings"
)

// Limits of the syntax. Files in use are far below all of them.
const (
	maxHeader = 256 << 20 // bytes: the memory and the time that a stranger's header may take
	maxName   = 1<<16 - 1 // bytes of a key (the specification's) and of a tensor's name
	maxDims   = 4
	maxNested = 16 // arrays in arrays

	minKey    = 8 + 1 + 4 + 1 // bytes of the smallest key with its value
	minTensor = 8 + 4 + 4 + 8
	// A count of the file reserves no more than so many places: the rest comes as they are read.
	firstPlaces = 1024
)

// parse reads the header of one file. It stops when enough is true, asked after each key,
// and then has no tensors; nil: never.
func parse(r io.ReaderAt, size int64, enough func(Key) bool) (*File, error) {
	w := newWindow(r, size)
	defer w.free()
	f := &File{Alignment: DefaultAlignment, source: source{r: r}}
	tensors, keys := f.parseStart(w)
	p := parser{w: w, f: f}
	if p.keys(keys, enough) {
		return f, nil
	}
	p.tensors(tensors)
	if w.err != nil {
		return nil, w.err
	}
	f.makeIndex()
	header := w.offset()
	f.Parts = []Part{{Size: size, HeaderSize: header, DataOffset: f.align(header), Tensors: len(f.Tensors), keys: f.Keys, alignment: f.Alignment, r: r}}
	return f, nil
}

// align is the next place where a tensor may begin.
func (f *File) align(offset int64) int64 { return (offset + f.Alignment - 1) &^ (f.Alignment - 1) }

// parseStart reads the magic, the version and the two counts.
func (f *File) parseStart(w *window) (tensors, keys uint64) {
	if w.size < 8 {
		w.err = fmt.Errorf("%w: it has %d bytes", ErrNotGGUF, w.size)
		return 0, 0
	}
	start := w.take(8)
	if start == nil {
		return 0, 0
	}
	if string(start[:4]) != "GGUF" {
		w.err = fmt.Errorf("%w: %s", ErrNotGGUF, kind(start))
		return 0, 0
	}
	f.Version = binary.LittleEndian.Uint32(start[4:])
	if f.Version != 0 && f.Version&0xffff == 0 { // no version has so many: the bytes stand the other way round
		f.Version, w.order, f.BigEndian = bits.ReverseBytes32(f.Version), binary.BigEndian, true
	}
	f.source.order = w.order
	switch {
	case f.Version == 1:
		w.err = fmt.Errorf("%w: version 1, of August 2023: convert the model again, or get a newer file", ErrVersion)
	case f.Version < 1 || f.Version > 3:
		w.err = fmt.Errorf("%w: version %d: only 2 and 3 are known", ErrVersion, f.Version)
	}
	tensors, keys = w.uint64(), w.uint64()
	if left := uint64(max(w.left(), 0)); w.err == nil && (keys > left/minKey || tensors > left/minTensor) {
		w.fail(8, "it says %d tensors and %d keys, more than its %d bytes can hold", tensors, keys, w.size)
	}
	return tensors, keys
}

// kind says what a file that is not GGUF seems to be.
func kind(start []byte) string {
	for _, k := range []struct{ prefix, name string }{
		{"tjgg", "it is GGJT, the format before GGUF: convert the model again"},
		{"lmgg", "it is GGML, the format before GGUF: convert the model again"},
		{"fmgg", "it is GGMF, the format before GGUF: convert the model again"},
		{"algg", "it is GGLA, an adapter in the format before GGUF: convert it again"},
		{"PK\x03\x04", "it is a ZIP archive (PyTorch weights are): convert the model"},
		{"\x80\x02", "it is a Python pickle (PyTorch weights are): convert the model"},
		{"\x1f\x8b", "it is compressed with gzip: decompress it first"},
		{"\x28\xb5\x2f\xfd", "it is compressed with zstd: decompress it first"},
		{"<", "it is a web page or XML"},
		{"version ", "it is a Git LFS pointer: fetch the file itself with git lfs pull"},
		{"\x00\x00\x00\x00", "it starts with zeros: a download that was not finished?"},
	} {
		if strings.HasPrefix(string(start), k.prefix) {
			return k.name
		}
	}
	if string(start[4:]) == "\x00\x00\x00\x00" { // of the length of its header
		return "it may be safetensors: convert the model"
	}
	return fmt.Sprintf("it starts with %q", start[:4])
}

// parser reads the two tables. Names and short texts go into one piece of memory after
// another, so that a header costs few allocations.
type parser struct {
	w     *window
	f     *File
	texts strings.Builder
}

// text keeps the next n bytes.
func (p *parser) text(n int64) string {
	if n > int64(p.texts.Cap()-p.texts.Len()) {
		if n > 4<<10 {
			return p.longText(n)
		}
		p.texts = strings.Builder{}
		p.texts.Grow(8 << 10)
	}
	b := p.w.take(int(n))
	from := p.texts.Len()
	p.texts.Write(b)
	return p.texts.String()[from:]
}

// longText reads past the window, a piece at a time.
func (p *parser) longText(n int64) string {
	var b strings.Builder
	for n > 0 && p.w.err == nil {
		part := p.w.take(int(min(n, lastWindow)))
		b.Write(part)
		n -= int64(len(part))
	}
	return b.String()
}

func (p *parser) name(what string) string {
	at := p.w.offset()
	n := p.w.length(what)
	if n > maxName {
		p.w.fail(at, "%s of %d bytes: the limit is %d", what, n, maxName)
		return ""
	}
	return p.text(n)
}

// keys reads the table of keys, and is true when it stopped because that was enough.
func (p *parser) keys(n uint64, enough func(Key) bool) bool {
	if p.w.err != nil {
		return false
	}
	p.f.Keys = make([]Key, 0, min(n, firstPlaces))
	for range n {
		p.w.name = ""
		k := Key{Name: p.name("a key")}
		p.w.name = k.Name
		k.Value = p.value()
		if p.w.err != nil {
			return false
		}
		p.f.Keys = append(p.f.Keys, k)
		if enough != nil && enough(k) {
			return true
		}
		if k.Name == KeyAlignment {
			p.alignment(k.Value)
		}
	}
	p.w.name = ""
	return false
}

// alignment is believed when it can be; [File.Validate] says what is wrong with it.
func (p *parser) alignment(v Value) {
	if n, ok := v.Uint(); ok && v.Type == Uint32 && n > 0 && n&(n-1) == 0 {
		p.f.Alignment = int64(n)
	}
}

func (p *parser) value() Value {
	at := p.w.offset()
	v := Value{Type: Type(p.w.uint32()), file: &p.f.source}
	v.Elem, v.Offset = v.Type, p.w.offset()
	switch {
	case p.w.err != nil:
	case v.Type >= typeCount:
		p.w.fail(at, "a value of the unknown type %d", uint32(v.Type))
	case v.Type == Array:
		at = p.w.offset()
		v.Elem = Type(p.w.uint32())
		v.count = p.w.uint64()
		v.Offset = p.w.offset()
		p.skipArray(at, v.Elem, v.count, 1)
		v.Size = p.w.offset() - v.Offset
	case v.Type == String:
		v.Size = p.w.length("a text")
		v.Offset = p.w.offset()
		if v.Size > maxString {
			p.w.fail(at, "a text of %d bytes: the limit is %d", v.Size, maxString)
			break
		}
		v.text = p.text(v.Size)
	default:
		v.Size = typeSizes[v.Type]
		v.bits = number(p.w.take(int(v.Size)), p.w.order)
	}
	return v
}

// number are the bits of a number of 1 to 8 bytes; 0 of none.
func number(b []byte, order binary.ByteOrder) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(order.Uint16(b))
	case 4:
		return uint64(order.Uint32(b))
	case 8:
		return order.Uint64(b)
	}
	return 0
}

// skipArray goes to the end of an array whose type and count stand at at.
func (p *parser) skipArray(at int64, elem Type, count uint64, depth int) {
	w := p.w
	switch {
	case w.err != nil:
	case elem >= typeCount:
		w.fail(at, "an array of the unknown type %d", uint32(elem))
	case elem == String:
		p.skipStrings(at, count)
	case elem == Array:
		if depth == maxNested {
			w.fail(at, "arrays nested more than %d deep", maxNested)
		} else if count > uint64(w.left())/12 {
			w.fail(at, "%d arrays in a file that has %d more bytes", count, w.left())
		}
		for range count {
			at := w.offset()
			elem, count := Type(w.uint32()), w.uint64()
			if p.skipArray(at, elem, count, depth+1); w.err != nil {
				return
			}
		}
	default:
		if count > uint64(w.left()/typeSizes[elem]) {
			w.fail(at, "%d numbers (%v) in a file that has %d more bytes", count, elem, w.left())
			return
		}
		w.skip(int64(count) * typeSizes[elem])
	}
}

func (p *parser) skipStrings(at int64, count uint64) {
	w := p.w
	if count > uint64(w.left()/8) {
		w.fail(at, "%d strings in a file that has %d more bytes", count, w.left())
	}
	for count > 0 && w.ensure(8) {
		n, end := walkStrings(w.b[w.pos:], count, w.order)
		switch {
		case n == 0:
			w.fail(w.offset(), "a string of %d bytes: the limit is %d", w.order.Uint64(w.b[w.pos:]), maxString)
		case end > uint64(w.left()):
			w.fail(at, "its strings go beyond the end of the file")
		default:
			count -= n
			w.skip(int64(end))
		}
	}
}
