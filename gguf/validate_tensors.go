package gguf

import (
	"fmt"
	"math"
	"unicode/utf8"
)

// maxTensorName is one more than the bytes of the longest name (GGML_MAX_NAME).
const maxTensorName = 64

// tensors checks the table of tensors and where their data lie.
func (v *validator) tensors() {
	f := v.f
	if v.errors > 0 && len(f.Tensors) > maxTensors {
		return
	}
	seen := make(map[string]struct{}, len(f.Tensors))
	rows := v.rows()
	parts := make([]extent, len(f.Parts))
	for i := range f.Tensors {
		t := &f.Tensors[i]
		add := func(remedy, format string, args ...any) {
			v.add(Problem{Level: Error, Tensor: t.Name, Part: v.partName(t.Part), Offset: rows[i], What: fmt.Sprintf(format, args...), Remedy: remedy})
		}
		if _, twice := seen[t.Name]; twice {
			add(convertAgain, "there are two tensors of this name")
		}
		seen[t.Name] = struct{}{}
		switch {
		case t.Name == "":
			add(convertAgain, "a tensor without a name")
		case len(t.Name) >= maxTensorName:
			add(convertAgain, "its name has %d bytes; the limit is %d", len(t.Name), maxTensorName-1)
		case !utf8.ValidString(t.Name):
			add(convertAgain, "its name is not UTF-8")
		}
		if what, remedy := t.problem(); what != "" {
			add(remedy, "%s", what)
			parts[t.Part].lost = true
		} else if !parts[t.Part].lost {
			v.place(t, &parts[t.Part], add)
		}
	}
	v.complete(parts)
}

// extent is what is known of the data of a part.
type extent struct {
	next uint64 // where the next tensor must begin
	last int64  // where the data end, without padding
	lost bool   // a tensor has no size: nothing is known of those behind it
}

// rows are the offsets of the rows of the table: it ends where the header does.
func (v *validator) rows() []int64 {
	rows := make([]int64, len(v.f.Tensors))
	part, at := -1, int64(0)
	for i := len(rows) - 1; i >= 0; i-- {
		t := &v.f.Tensors[i]
		if t.Part != part {
			part, at = t.Part, v.f.Parts[t.Part].HeaderSize
		}
		at -= int64(8 + len(t.Name) + 4 + 8*len(t.Dims) + 4 + 8)
		rows[i] = at
	}
	return rows
}

// problem is what is wrong with a type and dimensions by themselves.
func (t *Tensor) problem() (what, remedy string) {
	for _, d := range t.Dims {
		if d == 0 {
			return fmt.Sprintf("its dimensions %v have a zero", t.Dims), convertAgain
		}
		if d > math.MaxInt64 {
			return fmt.Sprintf("its dimensions %v are too large", t.Dims), fetchAgain
		}
	}
	if n, ok := t.Elements(); !ok || n == math.MaxInt64 {
		return fmt.Sprintf("its dimensions %v have a product that is too large", t.Dims), fetchAgain
	}
	if !t.Type.Known() {
		return fmt.Sprintf("its %v is not known", t.Type), newerVersion
	}
	if _, ok := t.Size(); !ok {
		block, _ := t.Type.Block()
		return fmt.Sprintf("its rows, of dimensions %v, are not whole blocks of %d (%v)", t.Dims, block, t.Type), convertAgain
	}
	return "", ""
}

// place checks where a tensor's data are: the engine wants one behind the other.
func (v *validator) place(t *Tensor, part *extent, add func(remedy, format string, args ...any)) {
	p := &v.f.Parts[t.Part]
	size, _ := t.Size()
	if t.Offset != part.next {
		add(fetchAgain, "its data are at %d, not at %d, where those before it end", t.Offset, part.next)
	} else if at := uint64(p.DataOffset) + t.Offset; at%minAlignment != 0 {
		add(convertAgain, "its data are at byte %d: the engine needs a multiple of %d (%s is %d)", at, minAlignment, KeyAlignment, p.alignment)
	}
	padded := uint64(size) + uint64(p.alignment) - 1
	if limit := uint64(math.MaxInt64 - p.DataOffset); t.Offset > limit || padded > limit-t.Offset {
		add(fetchAgain, "its data are at %d, beyond the end of every file", t.Offset)
		part.lost = true
		return
	}
	part.next = t.Offset + padded&^uint64(p.alignment-1)
	part.last = max(part.last, int64(t.Offset)+size)
}

// complete finds files that were cut short.
func (v *validator) complete(parts []extent) {
	for i := range parts {
		p, whole := &v.f.Parts[i], v.f.Parts[i].DataOffset+parts[i].last
		if parts[i].last > 0 && whole > p.Size && !parts[i].lost {
			v.add(Problem{Level: Error, Part: v.partName(i), Offset: p.Size, Remedy: fetchAgain,
				What: fmt.Sprintf("the file is incomplete: %d of its %d bytes are missing", whole-p.Size, whole)})
		}
	}
}
