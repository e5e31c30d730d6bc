package testgguf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

// syntax are files that break the format itself.
func (c *cases) syntax() {
	whole := func() []byte { return c.base["decoder"].Bytes() }
	patch := func(name string, at int, value any) {
		c.all = append(c.all, Case{"syntax: " + name, func() []byte {
			var b bytes.Buffer
			if err := binary.Write(&b, binary.LittleEndian, value); err != nil {
				panic(err)
			}
			file := whole()
			copy(file[at:], b.Bytes())
			return file
		}})
	}
	for _, version := range []uint32{0, 1, 4, 1 << 16, 3 << 24, 0xff000000, math.MaxUint32} {
		patch(fmt.Sprintf("version %d", version), 4, version)
	}
	for _, n := range []uint64{0, 1, 1 << 20, 1 << 32, 1 << 62, 1 << 63, math.MaxUint64} {
		patch(fmt.Sprintf("%d tensors", n), 8, n)
		patch(fmt.Sprintf("%d keys", n), 16, n)
		patch(fmt.Sprintf("a first key of %d bytes", n), 24, n)
	}
	for _, kind := range []uint32{9, 13, 255, math.MaxUint32} {
		patch(fmt.Sprintf("a first value of type %d", kind), 24+8+len("general.architecture"), kind)
	}
	c.all = append(c.all,
		Case{"syntax: nothing", func() []byte { return nil }},
		Case{"syntax: a magic only", func() []byte { return []byte("GGUF") }},
		Case{"syntax: big-endian", func() []byte {
			b := []byte("GGUF")
			b = binary.BigEndian.AppendUint32(b, 3)
			return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, 0), 0)
		}})
	c.rows()
}

// rows adds keys that a file must not have.
func (c *cases) rows() {
	nested := func(depth int) Raw {
		b := []byte{}
		for range depth {
			b = binary.LittleEndian.AppendUint32(b, typeArray)
			b = binary.LittleEndian.AppendUint64(b, 1)
		}
		return Raw{typeArray, append(b, make([]byte, 12)...)}
	}
	array := func(kind uint32, n uint64, data ...byte) Raw {
		b := binary.LittleEndian.AppendUint32(nil, kind)
		return Raw{typeArray, append(binary.LittleEndian.AppendUint64(b, n), data...)}
	}
	for name, value := range map[string]any{
		"an array in an array": nested(1), "arrays 15 deep": nested(15), "arrays 5000 deep": nested(5000),
		"an array of 2^63": array(0, 1<<63), "texts 2^40": array(typeString, 1<<40), "an array of a bad type": array(77, 1, 0, 0, 0, 0, 0, 0, 0, 0),
		"a text of 2^63":     Raw{typeString, []byte{0, 0, 0, 0, 0, 0, 0, 128}},
		"a text of 2^40":     Raw{typeString, []byte{0, 0, 0, 0, 0, 1, 0, 0}},
		"a huge text inside": array(typeString, 1, 255, 255, 255, 255, 0, 0, 0, 0),
		"an empty array":     []uint32{}, "a megabyte": make([]uint8, 1<<20),
	} {
		c.add("decoder", "a key with "+name, func(f *File) { f.Append("extra", value) })
	}
	c.add("decoder", "a key twice", func(f *File) { f.Append("general.name", "again") })
	c.add("decoder", "an architecture twice", func(f *File) { f.Append("general.architecture", "qwen2") })
	c.add("decoder", "a block count twice", func(f *File) { f.Append("llama.block_count", uint32(600)) })
	for _, key := range []string{"", "\x00", "\xff\xfe", "a b", "UPPER", string(make([]byte, 65535)), string(make([]byte, 65536))} {
		c.add("decoder", fmt.Sprintf("a key of %d bytes, %.12q", len(key), key), func(f *File) { f.Append(key, uint32(1)) })
	}
	c.add("decoder", "twenty thousand keys", func(f *File) {
		for i := range 20000 {
			f.Append(fmt.Sprint("k", i), uint8(1))
		}
	})
	c.add("decoder", "split.count of 2", func(f *File) { f.Set("split.count", uint16(2)).Set("split.no", uint16(0)) })
	c.add("decoder", "split.count of 0", func(f *File) { f.Set("split.count", uint16(0)).Set("split.no", uint16(0)) })
	c.add("decoder", "split.no beyond", func(f *File) { f.Set("split.count", uint16(1)).Set("split.no", uint16(7)) })
	c.add("decoder", "split.count of another type", func(f *File) { f.Set("split.count", "2").Set("split.no", "0") })
}
