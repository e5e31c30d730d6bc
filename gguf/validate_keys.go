package gguf

import (
	"fmt"
	"unicode/utf8"
)

// minAlignment is what the engine asks of a tensor in a mapped file, in bytes: it aborts
// on less (ggml_backend_cpu_buffer_from_ptr).
const minAlignment = 32

// Limits of the tables: far above what files have, and where the engine, which compares
// each name with all before it, still takes a second.
const (
	maxKeys    = 10_000
	maxTensors = 50_000
)

// keys checks the table of keys of a part: what gguf_init_from_file refuses.
func (v *validator) keys(part int) {
	p := &v.f.Parts[part]
	if len(p.keys) > maxKeys || p.Tensors > maxTensors {
		v.add(Problem{Level: Error, Part: v.partName(part), Offset: 8, Remedy: convertAgain,
			What: fmt.Sprintf("%d keys and %d tensors: the limits are %d and %d", len(p.keys), p.Tensors, maxKeys, maxTensors)})
		return
	}
	seen := make(map[string]struct{}, len(p.keys))
	for _, k := range p.keys {
		add := func(format string, args ...any) {
			v.add(Problem{Level: Error, Key: k.Name, Part: v.partName(part), Offset: k.Offset, What: fmt.Sprintf(format, args...), Remedy: convertAgain})
		}
		if _, twice := seen[k.Name]; twice {
			add("it is there twice")
		}
		seen[k.Name] = struct{}{}
		switch {
		case k.Name == "":
			add("a key without a name")
		case !utf8.ValidString(k.Name):
			add("its name is not UTF-8")
		case k.Type == Array && k.Elem == Array:
			add("arrays in arrays are not read by the engine")
		case k.Name == KeyAlignment:
			n, _ := k.Uint()
			if k.Type != Uint32 {
				add("it is of the type %v, not u32", k.Type)
			} else if n == 0 || n&(n-1) != 0 {
				add("an alignment of %d bytes is no power of two", n)
			}
		}
	}
	v.splitKeys(part)
	if part == 0 {
		v.firstKeys()
	}
}

// splitKeys of all parts but the first are read by the engine as u16, or it aborts.
func (v *validator) splitKeys(part int) {
	if len(v.f.Parts) == 1 {
		return
	}
	for _, k := range v.f.Parts[part].keys {
		if (k.Name == KeySplitNo || k.Name == KeySplitCount) && k.Type != Uint16 {
			v.add(Problem{Level: Error, Key: k.Name, Part: v.partName(part), Offset: k.Offset, What: fmt.Sprintf("it is of the type %v, not u16", k.Type), Remedy: convertAgain})
		}
	}
}

// firstKeys are those that say what the file is.
func (v *validator) firstKeys() {
	arch, ok := v.f.Lookup(KeyArchitecture)
	switch {
	case !ok:
	case arch.Type != String:
		v.key(Error, KeyArchitecture, convertAgain, "it is of the type %v, not a text", arch.Type)
	case !utf8.ValidString(arch.text):
		v.key(Error, KeyArchitecture, fetchAgain, "the architecture %s is not UTF-8", Quote(arch.text))
	}
}

// partName is empty where there is one part only.
func (v *validator) partName(part int) string {
	if len(v.f.Parts) == 1 {
		return ""
	}
	return v.f.Parts[part].Name
}
