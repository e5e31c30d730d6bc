// Package levels compares the levels of quantization of one model on one machine: which there
// are to be, which are made, in which order everything is measured so that a run that was ended
// goes on where it was, which levels no other beats, and which one to take, and why.
//
// What has effects is behind the interface Lab; the rest is arithmetic. It lays nothing out: the
// result is a record.
package levels

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/quant"
)

// Level is a file that is compared: the model itself, a level that is made of it, or a file that
// is there.
type Level struct {
	Name     string
	FileType gguf.FileType
	// Path of a file that is there; empty: it is to be made.
	Path    string
	Given   bool // by its path, not by the name of a type
	Imatrix bool // it is made with an importance matrix
	Caveat  string
	Unmade  string        // why the quantizer does not make it of this model
	Recipe  *quant.Recipe // of what is to be made; nil: it is there, or cannot be made
}

// ErrWanted is for a list of levels that cannot be; the text says why.
var ErrWanted = errors.New("no levels to compare")

// Auto stands for the levels that people usually take, as far as they fit.
const Auto = "auto"

// usual are those that Auto stands for; below them, for cards that they are too large for, the
// small ones.
var (
	usual = []gguf.FileType{quant.Q8_0, quant.Q6_K, quant.Q5_K_M, quant.Q4_K_M, quant.IQ4_XS, quant.Q4_0, quant.Q3_K_M, quant.Q2_K}
	small = []gguf.FileType{quant.IQ3_XXS, quant.IQ2_M, quant.IQ2_XXS, quant.IQ1_M}
)

// enough is how many levels of the usual ones Auto wants before it looks at the small ones.
const enough = 3

// Wanted are the names of levels, and the paths of files, of a list that is divided by commas.
func Wanted(list string) ([]string, error) {
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
			return nil, fmt.Errorf("%w: %q has an empty name", ErrWanted, list)
		case isPath(name):
		case strings.EqualFold(name, Auto):
			name = Auto
		default:
			t, err := quant.ParseFileType(name)
			if err != nil {
				return nil, fmt.Errorf("%w: %q: %w", ErrWanted, name, err)
			}
			l := quant.Level{FileType: t}
			name = l.String()
		}
		if slices.Contains(names, name) {
			return nil, fmt.Errorf("%w: %s is there twice", ErrWanted, name)
		}
		names = append(names, name)
	}
	if slices.Contains(names, Auto) && len(names) > 1 {
		for _, name := range names {
			if name != Auto && !isPath(name) {
				return nil, fmt.Errorf("%w: %s chooses the types itself: leave out %s, or name all", ErrWanted, Auto, name)
			}
		}
	}
	return names, nil
}

// isPath tells a file from the name of a type.
func isPath(name string) bool {
	return strings.HasSuffix(strings.ToLower(name), ".gguf") || strings.ContainsAny(name, `/\`)
}

// Model is the source: what quant says of it, and its own type.
type Model struct {
	Path   string
	Type   gguf.FileType
	Source *quant.Source
	Bytes  int64
}

// Quantized tells whether a model of this type had lost something before.
func Quantized(t gguf.FileType) bool {
	return !slices.Contains([]gguf.FileType{quant.F32, quant.F16, quant.BF16}, t&^gguf.FileTypeGuessed)
}

// TypeName is what quant calls a type.
func TypeName(t gguf.FileType) string {
	l := quant.Level{FileType: t &^ gguf.FileTypeGuessed}
	return l.String()
}

// Levels are those that are wanted, the model itself first. fits says whether a level fits what
// the run is for; it is asked for Auto alone. Notes say what Auto left out.
func Levels(m *Model, wanted []string, fits func(*Level) bool) (list []Level, notes []string, err error) {
	list = []Level{{Name: TypeName(m.Type), FileType: m.Type &^ gguf.FileTypeGuessed, Path: m.Path}}
	all := m.Source.Levels()
	for _, name := range wanted {
		switch {
		case name == Auto:
			chosen, why := auto(m, all, fits)
			list, notes = append(list, chosen...), append(notes, why...)
			continue
		case isPath(name):
			list = append(list, Level{Name: filepath.Base(name), Path: name, Given: true})
			continue
		}
		i := slices.IndexFunc(all, func(l quant.Level) bool { return l.String() == name })
		switch {
		case i < 0:
			return nil, nil, fmt.Errorf("%w: the quantizer makes no %s", ErrWanted, name)
		case name == list[0].Name:
			notes = append(notes, name+" is the model itself: it is compared as the reference")
			continue
		}
		list = append(list, levelOf(m, all[i]))
	}
	for i := range list {
		for k := range list[:i] {
			if list[k].Name == list[i].Name {
				return nil, nil, fmt.Errorf("%w: two of them are called %s", ErrWanted, list[i].Name)
			}
		}
	}
	return list, notes, nil
}

// levelOf is a level that quant knows of the model.
func levelOf(m *Model, q quant.Level) Level {
	l := Level{Name: q.String(), FileType: q.FileType, Imatrix: q.Imatrix, Caveat: q.Caveat, Unmade: q.Unmade}
	if l.Unmade != "" {
		return l
	}
	o := quant.Options{FileType: q.FileType, Requantize: true}
	if q.Imatrix {
		o.Imatrix = &quant.Imatrix{}
	}
	recipe, err := m.Source.Recipe(o)
	if err != nil {
		l.Unmade = err.Error()
	}
	l.Recipe = recipe
	return l
}

// auto are the usual levels that fit, with the largest that does not, and small ones where hardly
// any does.
func auto(m *Model, all []quant.Level, fits func(*Level) bool) (list []Level, notes []string) {
	var tooLarge *Level
	consider := func(types []gguf.FileType) {
		for _, t := range types {
			i := slices.IndexFunc(all, func(l quant.Level) bool { return l.FileType == t })
			if i < 0 || all[i].Unmade != "" || all[i].Caveat != "" || t == m.Type&^gguf.FileTypeGuessed {
				continue
			}
			l := levelOf(m, all[i])
			switch {
			case l.Unmade != "":
			case Quantized(m.Type) && max(l.Recipe.Size, l.Recipe.Data) >= m.Bytes:
				notes = append(notes, fmt.Sprintf("%s is left out: made of %s it is larger, and no better", l.Name, TypeName(m.Type)))
			case fits(&l):
				list = append(list, l)
			case len(list) == 0:
				tooLarge = &l // the smallest of those before the first that fits
			}
		}
	}
	consider(usual)
	if len(list) < enough {
		consider(small)
	}
	if tooLarge != nil {
		list = append([]Level{*tooLarge}, list...)
	}
	return list, notes
}

// FileOf is what is known of a level's file before it is made.
func FileOf(r *quant.Recipe) *record.File {
	f := &record.File{Bytes: max(r.Size, r.Data), Bits: r.Bits, Tensors: len(r.Tensors), Types: map[string]int{}}
	for i := range r.Tensors {
		t := &r.Tensors[i]
		f.Types[t.To.String()]++
		if t.FellBack() {
			f.FellBack++
			if f.Became == nil {
				f.Became = map[string]int{}
			}
			f.Became[t.To.String()]++
		}
	}
	return f
}
