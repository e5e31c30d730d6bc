package gguf

import (
	"errors"
	"fmt"
	"slices"
)

// Level says how bad a problem is.
type Level uint8

// The levels.
const (
	Warning Level = iota // the model loads, and something about it will be worse
	Error                // the engine refuses the file, or it does not survive it
)

func (l Level) String() string {
	if l == Error {
		return "error"
	}
	return "warning"
}

// Problem is something wrong with a file.
type Problem struct {
	Level  Level
	Key    string // that it is about; empty: none
	Tensor string // that it is about; empty: none
	Part   string // of a split model: the name of the file
	Offset int64  // of the key's value or the tensor's row, from the start of the file
	What   string // a clause, for a terminal: text of the file is quoted
	Remedy string // what can be done, as an imperative; may be empty
}

// String is a problem in one line.
func (p Problem) String() string {
	place := ""
	switch {
	case p.Key != "":
		place = fmt.Sprintf("key %s (byte %d): ", bare(p.Key), p.Offset)
	case p.Tensor != "":
		place = fmt.Sprintf("tensor %s (byte %d): ", bare(p.Tensor), p.Offset)
	}
	if p.Part != "" {
		place = Quote(p.Part) + ": " + place
	}
	if p.Remedy != "" {
		return place + p.What + "; " + p.Remedy
	}
	return place + p.What
}

// bare is a name without quotes where it needs none.
func bare(name string) string {
	if q := Quote(name); q != `"`+name+`"` {
		return q
	}
	return name
}

// ErrInvalid is for files that can be read and must not be loaded.
var ErrInvalid = errors.New("not a file that can be loaded")

// InvalidError is the first error of a file, and how many there are.
type InvalidError struct {
	First  Problem
	Errors int
}

func (e *InvalidError) Error() string {
	switch n := e.Errors - 1; {
	case n == 0:
		return e.First.String()
	case n == 1:
		return e.First.String() + " (and one more error)"
	default:
		return fmt.Sprintf("%v (and %d more errors)", e.First, n)
	}
}

func (e *InvalidError) Unwrap() error { return ErrInvalid }

// Check is nil, or an [*InvalidError], or an error of reading the vocabulary. It says
// nothing of warnings.
func (f *File) Check() error {
	problems, err := f.Validate()
	if err != nil {
		return err
	}
	return Invalid(problems)
}

// Invalid is nil, or an [*InvalidError] where there are errors among the problems.
func Invalid(problems []Problem) error {
	errs := slices.DeleteFunc(slices.Clone(problems), func(p Problem) bool { return p.Level != Error })
	if len(errs) == 0 {
		return nil
	}
	return &InvalidError{First: errs[0], Errors: len(errs)}
}

// Validate finds what the pinned engine would refuse, or would not survive: it aborts,
// hangs or takes all memory on many files. It reads the vocabulary once, and no weights.
// What is no error is a file that the engine at least says something sensible about.
// Adapters, control vectors and projectors are held to the rules of the format only. A
// file with more than some hundred problems is described by those. The error is of
// reading.
func (f *File) Validate() ([]Problem, error) {
	v := &validator{f: f}
	v.format()
	for i := range f.Parts {
		v.keys(i)
	}
	v.tensors()
	if v.errors == 0 && f.IsModel() {
		v.model()
		v.tokenizer()
		v.templates()
	}
	return v.problems, v.err
}

// ValidateVocabulary is Validate for the use of the vocabulary alone, without weights: all
// else may be wrong, or cut off.
func (f *File) ValidateVocabulary() ([]Problem, error) {
	v := &validator{f: f}
	v.format()
	for i := range f.Parts {
		v.keys(i)
	}
	if v.errors == 0 && f.IsModel() {
		v.tokenizer()
	}
	return v.problems, v.err
}

// IsModel is false for files that belong to a model, and are none: adapters, control
// vectors, projectors, importance matrices. They are not held to what models need.
func (f *File) IsModel() bool {
	switch f.Text("general.type") {
	case "adapter", "mmproj", "imatrix":
		return false
	}
	arch := f.Architecture()
	return arch != "" && arch != "clip" && arch != "controlvector"
}

// Remedies.
const (
	fetchAgain   = "fetch the file again"
	convertAgain = "convert the model again, or get it from another place"
	newerVersion = "use another model, or a newer version of this program"
)

// maxProblems of each level are kept: enough to see what a file is like.
const maxProblems = 100

type validator struct {
	f                *File
	problems         []Problem
	errors, warnings int
	err              error // of reading
}

func (v *validator) add(p Problem) {
	n := &v.warnings
	if p.Level == Error {
		n = &v.errors
	}
	if *n++; *n <= maxProblems {
		v.problems = append(v.problems, p)
	}
}

// key adds a problem of a key of the first part; one that the file lacks stands at 0.
func (v *validator) key(l Level, key, remedy, format string, args ...any) {
	value, _ := v.f.Lookup(key)
	v.add(Problem{Level: l, Key: key, Offset: value.Offset, What: fmt.Sprintf(format, args...), Remedy: remedy})
}

// format is about the file as a whole.
func (v *validator) format() {
	if v.f.BigEndian {
		v.add(Problem{Level: Error, Offset: 4, What: "its numbers are big-endian, and this machine's are not",
			Remedy: "convert the model again for this machine, or get the usual, little-endian file"})
	}
}
