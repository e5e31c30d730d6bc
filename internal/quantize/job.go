package quantize

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/quant"
)

// Job is a quantization that nothing stands in the way of. It does not change, and may be
// written several times.
type Job struct {
	Source   string        // its file; of a split model the first
	From     gguf.FileType // of the source
	FromSize int64         // bytes, of all its files
	Recipe   *quant.Recipe
	Kind     quant.FileType

	// Matrix is how many tensors are quantized with the importance matrix, Entries how many
	// it has for use.
	Matrix, Entries int
	Notes           []string // what the user may not expect
	Refusal         error    // why it is not to be written, of [Describe]; nil: it may be

	spec   Spec
	matrix *llama.Matrix
	parts  []string
}

// Prepare checks that the spec can be made of the file in, any part of a split model. It
// reads the header alone. Errors: [ErrQuantized], [ErrNeedsImatrix], [ErrRefused]; of a
// damaged file those of loading it.
func Prepare(in string, s Spec) (*Job, error) {
	j, err := Describe(in, s)
	if err != nil {
		return nil, err
	}
	if j.Refusal != nil {
		return nil, j.Refusal
	}
	return j, nil
}

// Describe is Prepare that also says what would become of a model for which [ErrQuantized] or
// [ErrNeedsImatrix] is the error: it is the job's Refusal then.
func Describe(in string, s Spec) (*Job, error) {
	kind, ok := quant.Lookup(s.FileType)
	if !ok {
		return nil, fmt.Errorf("file type %v: the engine does not make it", s.FileType)
	}
	j := &Job{spec: s, Kind: kind}
	fail := func(err error) error { return fmt.Errorf("quantize %s to %s: %w", in, kind.Name, err) }
	var err error
	if j.matrix, err = s.readMatrix(); err != nil {
		return nil, fail(err)
	}
	var failed error
	if _, err = engine.CheckModel(in, true, func(f *gguf.File) { failed = j.read(in, f) }); err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, fail(failed)
	}
	if j.Refusal != nil {
		j.Refusal = fail(j.Refusal)
	}
	return j, nil
}

func (j *Job) read(in string, f *gguf.File) error {
	for _, p := range f.Parts {
		j.parts = append(j.parts, filepath.Join(filepath.Dir(in), p.Name))
	}
	if len(j.parts) < 2 {
		j.parts = []string{in}
	}
	j.Source, j.From, j.FromSize = j.parts[0], f.FileType(), f.Size()
	source, err := quant.Read(f)
	if err != nil {
		return err
	}
	o := j.spec.options(noted(j.matrix))
	o.Requantize = true // asked below, in fewer words
	if j.Recipe, err = source.Recipe(o); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if n := len(j.Recipe.Imatrix); n > 0 && j.matrix == nil {
		j.Refusal = fmt.Errorf("%w: the engine makes %d tensors of this model with one alone; make it (llm imatrix) and give it (--imatrix)", ErrNeedsImatrix, n)
		o.Imatrix = &quant.Imatrix{} // what it would be with one
		j.note("with a matrix the file has some hundred bytes more: its name, its dataset and its size are noted there")
		if j.Recipe, err = source.Recipe(o); err != nil {
			return fmt.Errorf("%w: %w", ErrRefused, err)
		}
	}
	j.checkQuantized()
	return errors.Join(j.checkRecipe(), j.checkOverrides())
}

// checkQuantized refuses tensors that are quantized already.
func (j *Job) checkQuantized() {
	var types []string
	n := 0
	for i := range j.Recipe.Tensors {
		if t := &j.Recipe.Tensors[i]; t.Type.Quantized() && t.To != t.Type {
			n++
			if name := t.Type.String(); !slices.Contains(types, name) {
				types = append(types, name)
			}
		}
	}
	switch {
	case n == 0:
	case !j.spec.Requantize:
		j.Refusal = fmt.Errorf("%w (%d of its %d tensors would be quantized again, from %s): the errors of both add up; start from the model in F16 or BF16, or allow it (--allow-requantize)",
			ErrQuantized, n, len(j.Recipe.Tensors), strings.Join(types, ", "))
	default:
		j.note("%d of %d tensors are quantized again, from %s: the result is worse than one made of F16 or BF16", n, len(j.Recipe.Tensors), strings.Join(types, ", "))
	}
}

func (j *Job) checkRecipe() error {
	r := j.Recipe
	if j.matrix == nil {
		return refused(r.Problems)
	}
	j.Entries = len(j.matrix.Weights)
	used, problems := r.CheckImatrix(func(name string) (int, bool) {
		w, ok := j.matrix.Weights[name]
		return len(w), ok
	})
	if err := refused(slices.Concat(r.Problems, problems)); err != nil {
		return err
	}
	j.Matrix = used
	switch quantized := j.quantized(); {
	case used == 0 && quantized > 0:
		return fmt.Errorf("%w: of the %d entries of importance matrix %s none is for a tensor that is quantized: it is of another model", ErrRefused, j.Entries, j.matrix.File)
	case used < quantized:
		j.note("the importance matrix has nothing for %d of the %d tensors that are quantized", quantized-used, quantized)
	}
	return nil
}

// quantized is how many tensors get a type that takes a matrix into account.
func (j *Job) quantized() (n int) {
	for i := range j.Recipe.Tensors {
		if t := &j.Recipe.Tensors[i]; t.To != t.Type && t.To.Quantized() {
			n++
		}
	}
	return n
}

func refused(problems []string) error {
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrRefused, strings.Join(problems, "; "))
}

// checkOverrides notes those that change nothing.
func (j *Job) checkOverrides() error {
	if !j.Kind.Most.Quantized() && len(j.spec.Overrides) > 0 {
		return fmt.Errorf("%w: types for single tensors have no effect where most are %v; choose a quantized type, and give the others theirs", ErrRefused, j.Kind.Most)
	}
	for i, o := range j.spec.Overrides {
		if !slices.ContainsFunc(j.Recipe.Tensors, func(t quant.Tensor) bool { return t.Kept == "" && j.override(t.Name) == &j.spec.Overrides[i] }) {
			j.note("%s=%v changes nothing: no tensor that is quantized has this in its name, or one before it finds them all", o.Pattern, o.Type)
		}
	}
	return nil
}

// override is the one that counts for a tensor, or nil.
func (j *Job) override(name string) *quant.Override {
	for i := range j.spec.Overrides {
		if j.spec.Overrides[i].Finds(name) {
			return &j.spec.Overrides[i]
		}
	}
	return nil
}

func (j *Job) note(format string, args ...any) {
	j.Notes = append(j.Notes, fmt.Sprintf(format, args...))
}
