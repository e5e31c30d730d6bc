package record

import (
	"fmt"
	"math"
	"reflect"
	"slices"
)

// Check says what of a record cannot be. Errors: ErrRecord.
func (r *Record) Check() error {
	if path := notFinite(reflect.ValueOf(r), "record"); path != "" {
		return fmt.Errorf("%w: %s is not a finite number", ErrRecord, path)
	}
	if problem := r.problem(); problem != "" {
		return fmt.Errorf("%w: %s", ErrRecord, problem)
	}
	return nil
}

func (r *Record) problem() string {
	switch {
	case r.Kind != Kind || r.Schema != Schema:
		return fmt.Sprintf("kind %q, schema %d", r.Kind, r.Schema)
	case r.Made.IsZero():
		return "it does not say when it was made"
	case r.Program.Version == "" || r.Engine.Version == "":
		return "it does not say which program and engine it is of"
	case r.Model.File == "" || r.Model.Type == "" || r.Model.Tensors == "":
		return "it does not say which model it is of"
	case !(r.Settings.Confidence > 0 && r.Settings.Confidence < 1):
		return fmt.Sprintf("the confidence is %g, not between 0 and 1", r.Settings.Confidence)
	case len(r.Rows) == 0:
		return "it has no levels"
	case r.Seconds < 0:
		return "it took less than no time"
	}
	seen := map[[2]string]bool{}
	references := 0
	for i := range r.Rows {
		row := &r.Rows[i]
		key := [2]string{row.Level, row.KV}
		if seen[key] {
			return fmt.Sprintf("two rows are %s with KV %s", row.Level, row.KV)
		}
		seen[key] = true
		if row.Reference {
			references++
		}
		if problem := row.problem(); problem != "" {
			return fmt.Sprintf("level %s: %s", row.Level, problem)
		}
	}
	if references > 1 {
		return "several rows are the reference"
	}
	if c := r.Choice; c.Level != "" && r.Find(c.Level, c.KV) == nil {
		return fmt.Sprintf("%s with KV %s is recommended, and is no row", c.Level, c.KV)
	}
	return ""
}

func (r *Row) problem() string {
	switch {
	case r.Level == "" || r.KV == "":
		return "it has no name, or no KV type"
	case !slices.Contains([]string{Measured, Partly, Unmade, Failed}, r.State):
		return fmt.Sprintf("its state is %q", r.State)
	case r.State == Measured && r.File == nil:
		return "it was measured, and has no file"
	case r.State != Measured && r.Why == "":
		return "it does not say why it was not measured"
	}
	for _, e := range []struct {
		what string
		e    *Estimate
	}{{"load", r.Load}, {"prompt", speedOf(r.Prompt)}, {"generation", speedOf(r.Generation)}} {
		if p := e.e.problem(0, math.Inf(1)); p != "" {
			return e.what + ": " + p
		}
	}
	if f := r.File; f != nil && (f.Bytes <= 0 || f.Bits <= 0 || f.Tensors < 0 || f.FellBack < 0 || f.FellBack > f.Tensors) {
		return fmt.Sprintf("a file of %d bytes, %g bits a weight, %d of %d tensors fell back", f.Bytes, f.Bits, f.FellBack, f.Tensors)
	}
	if m := r.Memory; m != nil {
		for i := 1; i < len(m.Curve); i++ {
			if m.Curve[i].Context <= m.Curve[i-1].Context {
				return "the contexts of its memory do not grow"
			}
		}
	}
	if r.Quality != nil {
		if p := r.Quality.problem(); p != "" {
			return p
		}
	}
	if r.Tasks != nil {
		return r.Tasks.problem()
	}
	return ""
}

func speedOf(s *Speed) *Estimate {
	if s == nil {
		return nil
	}
	return &s.PerSecond
}

func (e *Estimate) problem(low, high float64) string {
	switch {
	case e == nil:
	case e.Value < low || e.Value > high:
		return fmt.Sprintf("%g is not between %g and %g", e.Value, low, high)
	case (e.Low == nil) != (e.High == nil):
		return "an interval with one end"
	case e.Low != nil && *e.Low > *e.High:
		return fmt.Sprintf("the interval from %g to %g", *e.Low, *e.High)
	case e.N < 0:
		return fmt.Sprintf("%d samples", e.N)
	}
	return ""
}

func (q *Quality) problem() string {
	if q.Chunks < 0 || q.Tokens < 0 {
		return fmt.Sprintf("%d tokens of %d chunks", q.Tokens, q.Chunks)
	}
	for _, e := range []struct {
		what string
		e    *Estimate
		high float64
	}{{"perplexity", &q.Perplexity, math.Inf(1)}, {"divergence", q.Divergence, math.Inf(1)}, {"same first token", q.Same, 1}} {
		// Rounding makes a divergence of next to nothing a little less than that.
		if p := e.e.problem(-1e-6, e.high); p != "" {
			return e.what + ": " + p
		}
	}
	if h := q.Histogram; h != nil && (len(h.Edges) != len(h.Counts)+1 || !slices.IsSorted(h.Edges)) {
		return fmt.Sprintf("a histogram of %d counts between %d edges", len(h.Counts), len(h.Edges))
	}
	for i, c := range q.PerChunk {
		if c.Tokens < 0 || c.Same < 0 || c.Same > c.Tokens || i > 0 && c.Index <= q.PerChunk[i-1].Index {
			return fmt.Sprintf("chunk %d: %d tokens, %d the same", c.Index, c.Tokens, c.Same)
		}
	}
	return ""
}

func (t *Tasks) problem() string {
	counts := []TaskKind{{"all", t.TaskCount}}
	for _, k := range append(counts, t.Kinds...) {
		if k.Cases < 0 || min(k.Lost, k.Gained, k.Right, k.Was) < 0 || max(k.Right, k.Was) > k.Cases || k.Right-k.Gained != k.Was-k.Lost {
			return fmt.Sprintf("tasks, %s: of %d the reference has %d right and the level %d, %d lost and %d gained", k.Kind, k.Cases, k.Was, k.Right, k.Lost, k.Gained)
		}
	}
	return ""
}

// notFinite is the path of a number that is not finite; empty: there is none.
func notFinite(v reflect.Value, path string) string {
	switch v.Kind() {
	case reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return path
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return notFinite(v.Elem(), path)
		}
	case reflect.Slice:
		for i := range v.Len() {
			if p := notFinite(v.Index(i), fmt.Sprintf("%s[%d]", path, i)); p != "" {
				return p
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if t := v.Type().Field(i); t.IsExported() {
				if p := notFinite(v.Field(i), path+"."+t.Name); p != "" {
					return p
				}
			}
		}
	}
	return ""
}
