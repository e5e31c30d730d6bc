package gguf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
)

// text stands in a file behind its length.
type text string

// file is what these parts make: strings as they are, numbers of the size they have.
func file(parts ...any) []byte { return fileOf(binary.LittleEndian, parts...) }

func fileOf(order binary.ByteOrder, parts ...any) (b []byte) {
	for _, part := range parts {
		switch p := part.(type) {
		case string:
			b = append(b, p...)
		case text:
			b = append(fileOf(order, b, uint64(len(p))), p...)
		case []byte:
			b = append(b, p...)
		default:
			var err error
			if b, err = binary.Append(b, order, p); err != nil {
				panic(err)
			}
		}
	}
	return b
}

// start is that of a file of so many tensors and keys.
func start(tensors, keys uint64) []byte { return file("GGUF", uint32(3), tensors, keys) }

// oneKey is a file with a key named k.
func oneKey(value ...any) []byte {
	return file(start(0, 1), text("k"), file(value...), strings.Repeat("\x00", 16))
}

// oneTensor is a file with a tensor named t, of 32-bit floats at the start of the data.
func oneTensor(dims ...uint64) []byte {
	return file(start(1, 0), text("t"), uint32(len(dims)), dims, gguf.F32, uint64(0), strings.Repeat("\x00", 200))
}

func nestedArrays(depth int) []byte {
	level := file(gguf.Array, uint64(1))
	return oneKey(gguf.Array, bytes.Repeat(level, depth-1), gguf.Uint8, uint64(1), uint8(7))
}

const (
	huge   = uint64(1) << 63
	most   = ^uint64(0)
	start1 = 24 + 8 + 1 // of the value of oneKey: its type
)

// malformed are files that do not open: with the offset, and a part of the text, of the
// error; the offset -1 is of errors that have none.
var malformed = []struct {
	name   string
	b      []byte
	offset int64
	want   string
}{
	{"nothing", nil, -1, "not a GGUF file: it has 0 bytes"},
	{"seven bytes", []byte("GGUF\x03\x00\x00"), -1, "not a GGUF file: it has 7 bytes"},
	{"lower case", file("gguf", uint32(3), uint64(0), uint64(0)), -1, `not a GGUF file: it starts with "gguf"`},
	{"GGJT", file("tjgg", uint32(3)), -1, "it is GGJT, the format before GGUF: convert"},
	{"GGML", file("lmgg", uint32(3)), -1, "it is GGML"},
	{"GGMF", file("fmgg", uint32(3)), -1, "it is GGMF"},
	{"GGLA", file("algg", uint32(3)), -1, "it is GGLA, an adapter"},
	{"ZIP", file("PK\x03\x04 and so on"), -1, "ZIP archive"},
	{"pickle", file("\x80\x02}q\x00(X\x05\x00"), -1, "Python pickle"},
	{"gzip", file("\x1f\x8b\x08\x00\x00\x00\x00\x00"), -1, "gzip"},
	{"zstd", file("\x28\xb5\x2f\xfd\x00\x00\x00\x00"), -1, "zstd"},
	{"page", file("<!DOCTYPE html>"), -1, "web page"},
	{"LFS", file("version https://git-lfs.github.com/spec/v1"), -1, "git lfs pull"},
	{"zeros", make([]byte, 100), -1, "starts with zeros"},
	{"safetensors", file(uint64(1000), `{"a":{"dtype":"F32"`), -1, "safetensors"},
	{"terminal", file("\x1b[2J what"), -1, `"\x1b[2J"`},

	{"version 0", file("GGUF", uint32(0), uint64(0), uint64(0)), -1, "version 0: only 2 and 3"},
	{"version 1", file("GGUF", uint32(1), uint32(0), uint32(0)), -1, "version 1, of August 2023"},
	{"version 4", file("GGUF", uint32(4), uint64(0), uint64(0)), -1, "version 4: only 2 and 3"},
	{"version 2^31", file("GGUF", uint32(1)<<31, uint64(0), uint64(0)), -1, "only 2 and 3"},
	{"big-endian version 1", fileOf(binary.BigEndian, "GGUF", uint32(1), uint64(0), uint64(0)), -1, "version 1,"},
	{"big-endian version 9", fileOf(binary.BigEndian, "GGUF", uint32(9), uint64(0), uint64(0)), -1, "version 9:"},
	{"version only", file("GGUF", uint32(3)), 8, "ends 8 bytes too soon"},
	{"no keys", file("GGUF", uint32(3), uint64(0), uint32(0)), 16, "ends 4 bytes too soon"},

	{"tensors 2^63", start(huge, 0), 8, "says 9223372036854775808 tensors"},
	{"tensors 2^64-1", start(most, 0), 8, "18446744073709551615 tensors"},
	{"keys 2^63", start(0, huge), 8, "9223372036854775808 keys"},
	{"keys 2^64-1", start(0, most), 8, "18446744073709551615 keys"},
	{"one key, no bytes", start(0, 1), 8, "more than its 24 bytes can hold"},
	{"one tensor, no bytes", start(1, 0), 8, "more than its 24 bytes can hold"},
	{"two keys, one there", file(start(0, 2), text("k"), gguf.Uint64, uint64(0), text("")), 24 + 9 + 12 + 8, "ends 4 bytes too soon"},

	{"key 2^63 long", file(start(0, 1), huge, "key", make([]byte, 20)), 24, "a key of 9223372036854775808 bytes in a file that has 23 more"},
	{"key beyond the end", file(start(0, 1), uint64(24), "key", make([]byte, 20)), 24, "a key of 24 bytes"},
	{"key too long", file(start(0, 1), text(strings.Repeat("k", 65536)), gguf.Uint8, uint8(0), make([]byte, 8)), 24, "the limit is 65535"},
	{"type 13", oneKey(uint32(13)), start1, `in "k": a value of the unknown type 13`},
	{"type 2^32-1", oneKey(^uint32(0)), start1, "unknown type 4294967295"},
	{"text beyond the end", oneKey(gguf.String, uint64(17)), start1 + 4, "a text of 17 bytes in a file that has 16 more"},
	{"text 2^64-1 long", oneKey(gguf.String, most), start1 + 4, "a text of 18446744073709551615 bytes"},
	{"number cut", file(start(0, 1), text("k"), gguf.Uint64, uint32(0)), start1 + 4, "ends 4 bytes too soon"},

	{"array of type 13", oneKey(gguf.Array, uint32(13), uint64(0)), start1 + 4, "an array of the unknown type 13"},
	{"numbers beyond the end", oneKey(gguf.Array, gguf.Uint32, uint64(5)), start1 + 4, "5 numbers (u32) in a file that has 16 more"},
	{"numbers 2^61", oneKey(gguf.Array, gguf.Uint64, uint64(1)<<61), start1 + 4, "2305843009213693952 numbers"},
	{"numbers 2^63", oneKey(gguf.Array, gguf.Uint64, huge), start1 + 4, "9223372036854775808 numbers"},
	{"bytes 2^64-1", oneKey(gguf.Array, gguf.Uint8, most), start1 + 4, "18446744073709551615 numbers"},
	{"strings 2^63", oneKey(gguf.Array, gguf.String, huge), start1 + 4, "9223372036854775808 strings"},
	{"strings beyond the end", oneKey(gguf.Array, gguf.String, uint64(3)), start1 + 4, "3 strings in a file that has 16 more"},
	{"string beyond the end", oneKey(gguf.Array, gguf.String, uint64(2), text("one"), uint64(17)), start1 + 4, "its strings go beyond the end of the file"},
	{"string 2^63 long", oneKey(gguf.Array, gguf.String, uint64(2), text("one"), huge), start1 + 16 + 11, "a string of 9223372036854775808 bytes"},
	{"string 2^64-8 long", oneKey(gguf.Array, gguf.String, uint64(2), text("one"), most-7), start1 + 16 + 11, "a string of 18446744073709551608 bytes"},
	{"many strings, one 2^63 long", oneKey(gguf.Array, gguf.String, uint64(3000), bytes.Repeat(file(text("text")), 2999), huge), start1 + 16 + 2999*12,
		"a string of 9223372036854775808 bytes"},
	{"strings cut", file(start(0, 1), text("k"), gguf.Array, gguf.String, uint64(2), text("nine more"), uint32(0)), start1 + 16 + 17, "ends 4 bytes too soon"},

	{"arrays 2^63", oneKey(gguf.Array, gguf.Array, huge), start1 + 4, "9223372036854775808 arrays"},
	{"arrays beyond the end", oneKey(gguf.Array, gguf.Array, uint64(2)), start1 + 4, "2 arrays in a file that has 16 more"},
	{"arrays 17 deep", nestedArrays(17), start1 + 4 + 16*12 - 12, "nested more than 16 deep"},
	{"arrays a million deep", nestedArrays(1_000_000), start1 + 4 + 16*12 - 12, "nested more than 16 deep"},
	{"array in an array of type 13", oneKey(gguf.Array, gguf.Array, uint64(1), uint32(13), uint64(0)), start1 + 4 + 12, "unknown type 13"},

	{"tensor's name beyond the end", file(start(1, 0), uint64(17), make([]byte, 16)), 24, "a tensor's name of 17 bytes in a file that has 16 more"},
	{"tensor's name too long", file(start(1, 0), text(strings.Repeat("t", 65536)), make([]byte, 100)), 24, "a tensor's name of 65536 bytes: the limit is 65535"},
	{"five dimensions", oneTensor(1, 1, 1, 1, 1), 24 + 9, `in "t": 5 dimensions: the limit is 4`},
	{"dimensions 2^32-1", file(start(1, 0), text("t"), ^uint32(0), make([]byte, 100)), 24 + 9, "dimensions: the limit is 4"},
	{"dimensions cut", file(start(1, 0), text("t"), uint32(4), uint64(1), uint64(1)), 24 + 9 + 4 + 16, "ends 8 bytes too soon"},
	{"escapes in a name", file(start(0, 1), text("\x1b]0;title\a"), uint32(13), make([]byte, 8)), 24 + 8 + 10, `in "\x1b]0;title\a": `},
}

func TestSyntaxErrors(t *testing.T) {
	for _, c := range malformed {
		f, err := gguf.Read(bytes.NewReader(c.b), int64(len(c.b)))
		if err == nil {
			t.Errorf("%s: it opens: %d keys, %d tensors", c.name, len(f.Keys), len(f.Tensors))
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\n\tdoes not say %q", c.name, err, c.want)
		}
		var syntax *gguf.SyntaxError
		switch {
		case !errors.As(err, &syntax):
			if c.offset != -1 || !errors.Is(err, gguf.ErrNotGGUF) && !errors.Is(err, gguf.ErrVersion) {
				t.Errorf("%s: %v: of no kind, or without an offset", c.name, err)
			}
		case syntax.Offset != c.offset || !errors.Is(err, gguf.ErrSyntax):
			t.Errorf("%s: %v: the offset should be %d", c.name, err, c.offset)
		}
		if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("%s: control characters in %q", c.name, err)
		}
	}
}

// odd are files that open, as what is wrong with them is not their syntax.
var odd = []struct {
	name string
	b    []byte
	ok   func(*gguf.File) bool
}{
	{"nothing in it", start(0, 0), func(f *gguf.File) bool { return len(f.Keys)+len(f.Tensors) == 0 && f.Parts[0].HeaderSize == 24 }},
	{"version 2", file("GGUF", uint32(2), uint64(0), uint64(0)), func(f *gguf.File) bool { return f.Version == 2 && !f.BigEndian }},
	{"big-endian", fileOf(binary.BigEndian, "GGUF", uint32(3), uint64(0), uint64(1), text("k"), gguf.Uint16, uint16(258)), func(f *gguf.File) bool {
		n, ok := f.Uint("k")
		return f.Version == 3 && f.BigEndian && n == 258 && ok
	}},
	{"duplicate keys", file(start(0, 2), text("k"), gguf.Uint8, uint8(1), text("k"), gguf.Uint8, uint8(2)), func(f *gguf.File) bool {
		n, _ := f.Uint("k")
		return len(f.Keys) == 2 && n == 1
	}},
	{"empty key", file(start(0, 1), text(""), gguf.String, text("")), func(f *gguf.File) bool { return f.Keys[0].Name == "" }},
	{"invalid UTF-8", file(start(0, 1), text("\xff"), gguf.String, text("\xfe")), func(f *gguf.File) bool { return f.Text("\xff") == "\xfe" }},
	{"bool 7", oneKey(gguf.Bool, uint8(7)), func(f *gguf.File) bool { is, ok := f.Keys[0].Bool(); return is && ok }},
	{"alignment 0", file(start(0, 1), text(gguf.KeyAlignment), gguf.Uint32, uint32(0)), func(f *gguf.File) bool { return f.Alignment == 32 }},
	{"alignment 3", file(start(0, 1), text(gguf.KeyAlignment), gguf.Uint32, uint32(3)), func(f *gguf.File) bool { return f.Alignment == 32 }},
	{"alignment a text", file(start(0, 1), text(gguf.KeyAlignment), gguf.String, text("64")), func(f *gguf.File) bool { return f.Alignment == 32 }},
	{"alignment 2^31", file(start(0, 1), text(gguf.KeyAlignment), gguf.Uint32, uint32(1)<<31), func(f *gguf.File) bool { return f.Parts[0].DataOffset == 1<<31 }},
	{"arrays 16 deep", nestedArrays(16), func(f *gguf.File) bool { return f.Keys[0].Elem == gguf.Array }},
	{"dimensions that overflow", oneTensor(1<<32, 1<<32), unsized},
	{"dimensions that overflow to a little", oneTensor(huge, 2, 1, 1), unsized},
	{"2^63 elements", oneTensor(huge), unsized},
	{"2^62 elements", oneTensor(huge / 2), unsized},
	{"no elements", oneTensor(1, 0, 1), func(f *gguf.File) bool { r, err := f.Data(f.Tensors[0]); return err == nil && r.Size() == 0 }},
	{"beyond the end", oneTensor(1000), func(f *gguf.File) bool {
		_, err := f.Data(f.Tensors[0])
		return err != nil && f.Tensors[0].Dims[0] == 1000
	}},
	{"offset 2^64-1", file(start(1, 0), text("t"), uint32(0), gguf.F32, most, make([]byte, 64)), func(f *gguf.File) bool { _, err := f.Data(f.Tensors[0]); return err != nil }},
	{"unknown type of tensor", file(start(1, 0), text("t"), uint32(0), ^uint32(0), uint64(0), make([]byte, 64)), unsized},
	{"type of tensor that was given up", file(start(1, 0), text("t"), uint32(0), uint32(4), uint64(0), make([]byte, 64)), unsized},
	{"part of a block", file(start(1, 0), text("t"), uint32(1), uint64(33), gguf.Q4_0, uint64(0), make([]byte, 64)), unsized},
	{"no data", file(start(1, 0), text("t"), uint32(0), gguf.F32, uint64(0)), func(f *gguf.File) bool { _, err := f.Data(f.Tensors[0]); return err != nil }},
}

func unsized(f *gguf.File) bool {
	_, sized := f.Tensors[0].Size()
	_, err := f.Data(f.Tensors[0])
	return !sized && err != nil
}

func TestOddFilesOpen(t *testing.T) {
	for _, c := range odd {
		f, err := gguf.Read(bytes.NewReader(c.b), int64(len(c.b)))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if !c.ok(f) {
			t.Errorf("%s: %+v", c.name, f)
		}
	}
}

// whole is a file with something of each kind; its header is all of it.
func whole(order binary.ByteOrder) []byte {
	return fileOf(order, "GGUF", uint32(3), uint64(2), uint64(6),
		text("number"), gguf.Uint64, uint64(1), text("text"), gguf.String, text("some text"),
		text("numbers"), gguf.Array, gguf.Int16, uint64(3), []int16{1, 2, 3},
		text("texts"), gguf.Array, gguf.String, uint64(3), text("a"), text(""), text("bcd"),
		text("arrays"), gguf.Array, gguf.Array, uint64(2), gguf.Uint8, uint64(2), "ab", gguf.String, uint64(1), text("x"),
		text("last"), gguf.Bool, true,
		text("scalar"), uint32(0), gguf.F32, uint64(0), text("matrix"), uint32(2), uint64(2), uint64(3), gguf.F16, uint64(32))
}

// TestCutAnywhere: no part of a file opens, and the error lies within it.
func TestCutAnywhere(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		b := whole(order)
		if f, err := gguf.Read(bytes.NewReader(b), int64(len(b))); err != nil || len(f.Tensors) != 2 || f.Parts[0].HeaderSize != int64(len(b)) {
			t.Fatalf("%+v, %v", f, err)
		}
		for n := range b {
			_, err := gguf.Read(bytes.NewReader(b[:n]), int64(n))
			var syntax *gguf.SyntaxError
			if n < 8 && !errors.Is(err, gguf.ErrNotGGUF) || n >= 8 && (!errors.As(err, &syntax) || syntax.Offset < 8 || syntax.Offset > int64(n)) {
				t.Errorf("%d bytes of %d: %v", n, len(b), err)
			}
			// The size that was said, of a file that is shorter.
			if _, err := gguf.Read(bytes.NewReader(b[:n]), int64(len(b))); err == nil || n >= 8 && !errors.Is(err, gguf.ErrSyntax) {
				t.Errorf("%d bytes that should be %d: %v", n, len(b), err)
			}
		}
	}
}

// TestErrorsOfTheSourceComeThrough: a file that cannot be read is not called damaged.
func TestErrorsOfTheSourceComeThrough(t *testing.T) {
	broken := errors.New("the disk is broken")
	_, err := gguf.Read(readerAt(func([]byte, int64) (int, error) { return 0, broken }), 1000)
	if !errors.Is(err, broken) || errors.Is(err, gguf.ErrSyntax) || errors.Is(err, gguf.ErrNotGGUF) {
		t.Error(fmt.Sprint(err))
	}
}

type readerAt func([]byte, int64) (int, error)

func (r readerAt) ReadAt(b []byte, at int64) (int, error) { return r(b, at) }
