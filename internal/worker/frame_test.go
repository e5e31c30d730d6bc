package worker

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
)

// frames are what may come down a pipe, with whether it is a message.
var frames = []struct {
	name string
	in   string
	ok   bool
}{
	{"a message", "\x00\x00\x00\x08{\"ID\":3}", true},
	{"an empty object", "\x00\x00\x00\x02{}", true},
	{"nothing", "", false},
	{"no body", "\x00\x00\x00\x00", false},
	{"half a length", "\x00\x00", false},
	{"half a body", "\x00\x00\x00\x08{\"ID\"", false},
	{"not JSON", "\x00\x00\x00\x04abcd", false},
	{"JSON of another shape", "\x00\x00\x00\x02[]", false},
	{"a number out of range", "\x00\x00\x00\x09{\"ID\":-3}", false},
	{"text of a program", "usage: cat [OPTION]... [FILE]...\n", false},
	{"a length beyond the limit", "\xff\xff\xff\xff{}", false},
	{"a length without its body", "\x0f\xff\xff\xff{}", false},
}

func TestFrames(t *testing.T) {
	for _, f := range frames {
		var r reply
		_, err := readMessage(bufio.NewReader(strings.NewReader(f.in)), nil, &r)
		if (err == nil) != f.ok {
			t.Errorf("%s: %v", f.name, err)
		}
	}
}

// TestLengthIsNotAllocated: what a length claims is allocated when it has come.
func TestLengthIsNotAllocated(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := readFrame(bufio.NewReader(strings.NewReader("\x0f\xff\xff\xff{}")), nil)
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 || !errors.Is(err, errFrame) {
		t.Errorf("%d bytes were allocated for 2, %v", grown, err)
	}
}

func TestLargeMessage(t *testing.T) {
	if _, err := appendFrame(nil, strings.Repeat("x", maxFrame)); !errors.Is(err, errLarge) {
		t.Error(err)
	}
	// Of a reply that is too large, its call gets to know.
	var r reply
	framed := appendReply(nil, &reply{ID: 7, Bytes: make([]byte, maxFrame)})
	if _, err := readMessage(bufio.NewReader(bytes.NewReader(framed)), nil, &r); err != nil || r.ID != 7 || !r.Done || r.Fault == nil {
		t.Errorf("%+v, %v", r, err)
	}
}

// FuzzFrame: whatever comes, reading ends with messages or an error, and a body that
// was read is as long as its header says.
func FuzzFrame(f *testing.F) {
	for _, c := range frames {
		f.Add([]byte(c.in))
	}
	whole, err := appendFrame(nil, reply{ID: 1, Events: []event{{Kind: 1, Text: "a"}}, Fault: newFault(io.EOF)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(whole, whole...))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bufio.NewReader(bytes.NewReader(in))
		var buf []byte
		for rest := in; ; {
			var err error
			if buf, err = readFrame(r, buf); err != nil {
				return
			}
			n := int(binary.BigEndian.Uint32(rest))
			if len(buf) != n || !bytes.Equal(buf, rest[4:4+n]) {
				t.Fatalf("%q of %q", buf, rest)
			}
			rest = rest[4+n:]
		}
	})
}
