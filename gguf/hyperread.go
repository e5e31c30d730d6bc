package gguf

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// ErrArchitecture is for a model of an architecture that the engine does not run.
var ErrArchitecture = errors.New("an architecture that the engine does not know")

// ErrHyper is for hyper-parameters that the engine would refuse or abort on; a
// [*HyperError] has the key.
var ErrHyper = errors.New("hyper-parameters that the engine does not take")

// HyperError is a key with something wrong.
type HyperError struct {
	Key    string // full name
	Offset int64  // of its value in the file; 0 where the key is missing
	What   string
}

func (e *HyperError) Error() string {
	return fmt.Sprintf("%v: %s: %s", ErrHyper, Quote(e.Key), e.What)
}

func (e *HyperError) Unwrap() error { return ErrHyper }

// Limits of the engine: LLAMA_MAX_LAYERS and LLAMA_MAX_EXPERTS.
const (
	maxLayers  = 512
	maxExperts = 1024
)

// missing is what a HyperError says of a key that is not there.
const missing = "is missing"

// Hyper reads the hyper-parameters: the keys, and arrays with one number for each
// layer, but no vocabulary and no tensor. Errors: [ErrArchitecture] and [ErrHyper], and
// those of reading; the Hyper then has what could be read, by the rules that most
// architectures share where the architecture is unknown.
func (f *File) Hyper() (*Hyper, error) {
	r := hyperReader{f: f, h: &Hyper{Architecture: f.Architecture(), FirstWithKV: -1, Labels: 1, Causal: true}}
	r.h.Recurrent.PLELayer = -1
	r.arch = architectures[r.h.Architecture]
	known := r.arch != nil
	if !known {
		r.arch = &architecture{rope: RoPENeoX}
	}
	r.find(!known)
	r.read()
	if !known || r.arch.refused {
		return r.h, errors.Join(fmt.Errorf("%w: %s", ErrArchitecture, Quote(r.h.Architecture)), r.err)
	}
	return r.h, r.err
}

// hyperReader reads until the first error, which it keeps.
type hyperReader struct {
	f      *File
	h      *Hyper
	arch   *architecture
	err    error
	at     [keyCount]int32 // 1 + the place of a key in the file; 0: absent, or not read of the architecture
	buffer []byte

	// Of a head, on layers without and with a window.
	keys, values, rotated                   int
	keysWindow, valuesWindow, rotatedWindow int
}

// find notes where the keys are that the architecture reads, or all, and holds them to
// their types, but for those that the engine may not look at.
func (r *hyperReader) find(all bool) {
	var reads, checks [keyCount]bool
	for k := range keyCount {
		reads[k] = all || k <= lastGeneralKey
		checks[k] = k < kVocabSize
	}
	for _, keys := range [...][]key{r.arch.need, r.arch.may} {
		for _, k := range keys {
			reads[k], checks[k] = true, true
		}
	}
	for _, k := range r.arch.late {
		reads[k] = true
	}
	if w := r.arch.window; w != nil && w.when != windowAlways {
		checks[kPattern], checks[kRoPEBaseWindow] = false, false
	}
	arch := r.h.Architecture
	for i := range r.f.Keys {
		name := r.f.Keys[i].Name
		if len(name) > len(arch) && name[len(arch)] == '.' && name[:len(arch)] == arch {
			name = name[len(arch)+1:]
		} else if !strings.HasPrefix(name, "xielu.") {
			continue
		}
		if k, ok := keyByName[name]; ok && reads[k] && r.at[k] == 0 {
			r.at[k] = int32(i + 1)
			if checks[k] {
				r.check(k)
			}
		}
	}
	for _, k := range r.arch.need {
		r.need(k)
	}
}

// has is whether the key is there.
func (r *hyperReader) has(k key) bool { return r.at[k] != 0 }

// reads is whether the architecture looks at the key.
func (r *hyperReader) reads(k key) bool {
	return slices.Contains(r.arch.need, k) || slices.Contains(r.arch.may, k) || slices.Contains(r.arch.late, k)
}

// need fails when the key is missing, or of the wrong type.
func (r *hyperReader) need(k key) {
	if !r.has(k) || hyperKeys[k].form == formList && r.value(k).Type != Array {
		r.fail(k, missing)
		return
	}
	r.check(k)
}

// value of a key that is there.
func (r *hyperReader) value(k key) Value { return r.f.Keys[r.at[k]-1].Value }

// fail keeps the first error.
func (r *hyperReader) fail(k key, format string, args ...any) {
	if r.err != nil {
		return
	}
	e := &HyperError{Key: r.h.Architecture + "." + hyperKeys[k].name, What: fmt.Sprintf(format, args...)}
	if strings.HasPrefix(hyperKeys[k].name, "xielu.") {
		e.Key = hyperKeys[k].name // the engine's name has no architecture
	}
	if r.has(k) {
		e.Key, e.Offset = r.f.Keys[r.at[k]-1].Name, r.value(k).Offset
	}
	r.err = e
}

// check holds a value to the types that the engine takes.
func (r *hyperReader) check(k key) {
	v := r.value(k)
	wholes := v.Type == Array && (v.Elem == Uint32 || v.Elem == Int32 || v.Elem == Bool)
	ok, want := false, ""
	switch hyperKeys[k].form {
	case formCount:
		ok, want = v.Type == Uint32, "u32"
	case formCounts:
		ok, want = v.Type == Uint32 || wholes, "u32, or an array of u32, i32 or bool"
	case formInts:
		ok, want = v.Type == Int32 || wholes, "i32, or an array of u32, i32 or bool"
	case formFloat:
		ok, want = v.Type == Float32, "f32"
	case formFloats:
		ok, want = v.Type == Float32 || v.Type == Array && v.Elem == Float32, "f32, or an array of f32"
	case formFlag:
		ok, want = v.Type == Bool, "bool"
	case formText:
		ok, want = v.Type == String, "str"
	case formTexts:
		ok, want = v.Type != Array || v.Elem == String, "an array of str"
	case formList:
		ok, want = v.Type != Array || wholes, "an array of u32, i32 or bool"
	case formList64:
		ok, want = v.Type != Array || v.Elem == Uint64, "an array of u64"
	}
	switch {
	case ok:
	case v.Type == Array:
		r.fail(k, "is an array of %v, must be %s", v.Elem, want)
	default:
		r.fail(k, "is %v, must be %s", v.Type, want)
	}
}

// count is the value of a key, or another where it is absent.
func (r *hyperReader) count(k key, otherwise int) int {
	if !r.has(k) {
		return otherwise
	}
	return r.whole(k, int64(uint32(r.value(k).bits)))
}

// whole is a number that 31 bits hold; the engine counts with those in many places.
func (r *hyperReader) whole(k key, n int64) int {
	if n < 0 || n > math.MaxInt32 {
		r.fail(k, "%d is out of range", n)
		return 0
	}
	return int(n)
}

func (r *hyperReader) float(k key, otherwise float32) float32 {
	if !r.has(k) {
		return otherwise
	}
	return math.Float32frombits(uint32(r.value(k).bits))
}

func (r *hyperReader) flag(k key, otherwise bool) bool {
	if !r.has(k) {
		return otherwise
	}
	return r.value(k).bits != 0
}

// list calls each with the elements of an array, at most the first limit.
func (r *hyperReader) list(k key, limit int, each func(i, n int)) {
	if r.err != nil || !r.has(k) {
		return
	}
	v := r.value(k)
	size := typeSizes[v.Elem]
	if v.count > maxLayers {
		r.fail(k, "has %d elements, the limit is %d", v.count, maxLayers)
		return
	}
	n := min(v.Len(), limit)
	if len(r.buffer) < n*int(size) {
		r.buffer = make([]byte, max(n, len(r.h.Layers))*int(size))
	}
	b := r.buffer[:n*int(size)]
	if err := v.file.read(b, v.Offset); err != nil {
		r.err = err
		return
	}
	for i := range n {
		bits := number(b[i*int(size):][:size], v.file.order)
		if v.Elem == Int32 {
			bits = uint64(int64(int32(bits)))
		}
		each(i, int(int64(bits)))
	}
}

// perLayer fails when an array has not one element for each layer.
func (r *hyperReader) perLayer(k key, n int) {
	if r.has(k) && r.value(k).Type == Array && r.value(k).Len() != n {
		r.fail(k, "has %d elements for %d layers", r.value(k).Len(), n)
	}
}

// layers calls each with the number of every layer: that of the key, or those of its
// array, which must be as long. It is false when the key is absent.
func (r *hyperReader) layers(k key, n int, each func(l *Layer, n int)) bool {
	if !r.has(k) {
		return false
	}
	if v := r.value(k); v.Type == Array {
		if r.perLayer(k, n); r.err != nil {
			return true
		}
		r.list(k, n, func(i, n int) { each(&r.h.Layers[i], r.whole(k, int64(n))) })
		return true
	}
	one := r.count(k, 0)
	for i := range min(n, len(r.h.Layers)) {
		each(&r.h.Layers[i], one)
	}
	return true
}
