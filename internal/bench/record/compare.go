package record

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/internal/stat"
)

// The verdicts of a comparison, beside NotEnough.
const (
	Same      = "same"      // the interval lies within the margin
	Different = "different" // the interval has no room for equality
)

// Comparison is what two records say of the same levels.
type Comparison struct {
	A           string       `json:"a"`
	B           string       `json:"b"`
	Confidence  float64      `json:"confidence"`
	Margin      float64      `json:"margin"`             // a share, within which figures count as the same
	Differences []string     `json:"differences"`        // of the conditions; a ratio may be due to them
	Unpaired    string       `json:"unpaired,omitempty"` // why quality is not compared
	Rows        []Comparable `json:"levels"`
	OnlyA       []string     `json:"only_in_a,omitempty"`
	OnlyB       []string     `json:"only_in_b,omitempty"`
}

// Comparable is a level with a KV type that both records have.
type Comparable struct {
	Level string `json:"level"`
	KV    string `json:"kv_type"`
	// The ratios are of b by a.
	Ratios []Ratio `json:"ratios"`
}

// Ratio is how many times a figure of A that of B is.
type Ratio struct {
	What    string   `json:"what"`
	A       float64  `json:"a"`
	B       float64  `json:"b"`
	Ratio   Estimate `json:"ratio"`
	Verdict string   `json:"verdict"`
	// Paired: both were measured on the same windows, and compared window by window.
	Paired bool `json:"paired,omitempty"`
}

// DefaultMargin is the share within which two figures count as the same.
const DefaultMargin = 0.02

// Compare compares two records at a confidence. Speeds are compared by their samples; qualities
// window by window, where both read the same ones.
func Compare(a, b *Record, confidence, margin float64) *Comparison {
	c := &Comparison{Confidence: confidence, Margin: margin, Differences: differences(a, b), Unpaired: unpaired(a, b), Rows: []Comparable{}}
	several := a.Several() || b.Several()
	for i := range a.Rows {
		ra := &a.Rows[i]
		rb := b.Find(ra.Level, ra.KV)
		switch {
		case rb == nil:
			c.OnlyA = append(c.OnlyA, ra.Name(several))
		case ra.File != nil && rb.File != nil:
			c.Rows = append(c.Rows, Comparable{ra.Level, ra.KV, c.ratios(ra, rb)})
		}
	}
	for i := range b.Rows {
		if rb := &b.Rows[i]; a.Find(rb.Level, rb.KV) == nil {
			c.OnlyB = append(c.OnlyB, rb.Name(several))
		}
	}
	return c
}

// unpaired says why the qualities of two records cannot be compared; empty: they can.
func unpaired(a, b *Record) string {
	switch {
	case a.Model.Vocabulary != b.Model.Vocabulary:
		return "the models have other vocabularies: neither perplexities nor divergences can be compared"
	case a.Text == nil || b.Text == nil:
		return "one of them scored no text"
	case a.Text.SHA256 != b.Text.SHA256:
		return "they scored other texts"
	case a.Settings.Window != b.Settings.Window:
		return fmt.Sprintf("their windows have %d and %d tokens", a.Settings.Window, b.Settings.Window)
	}
	return ""
}

func (c *Comparison) ratios(a, b *Row) (list []Ratio) {
	exact := func(what string, x, y float64) {
		if x > 0 && y > 0 {
			list = append(list, c.judge(Ratio{What: what, A: x, B: y, Ratio: *Between(y/x, y/x, y/x, 1)}))
		}
	}
	exact("size", float64(a.File.Bytes), float64(b.File.Bytes))
	if a.Memory != nil && b.Memory != nil && a.Memory.Real != nil && b.Memory.Real != nil {
		exact("memory", float64(*a.Memory.Real), float64(*b.Memory.Real))
	}
	for _, s := range []struct {
		what string
		a, b *Speed
	}{{"prompt", a.Prompt, b.Prompt}, {"generation", a.Generation, b.Generation}} {
		if s.a == nil || s.b == nil || s.a.Tokens != s.b.Tokens || !positive(s.a.Samples) || !positive(s.b.Samples) {
			continue
		}
		value, bounds := stat.Ratio(s.b.Samples, s.a.Samples, c.Confidence)
		r := Ratio{What: s.what, A: s.a.PerSecond.Value, B: s.b.PerSecond.Value, Ratio: Estimate{Value: value, N: min(len(s.a.Samples), len(s.b.Samples))}}
		if bounds.Covers(c.Confidence) {
			r.Ratio.Low, r.Ratio.High = &bounds.Low, &bounds.High
		}
		list = append(list, c.judge(r))
	}
	if c.Unpaired == "" && a.Quality != nil && b.Quality != nil {
		list = append(list, c.qualities(a, b)...)
	}
	return list
}

func positive(v []float64) bool {
	return len(v) > 0 && !slices.ContainsFunc(v, func(x float64) bool { return !(x > 0) })
}

// qualities compares window by window.
func (c *Comparison) qualities(a, b *Row) (list []Ratio) {
	of := map[int]Chunk{}
	for _, x := range b.Quality.PerChunk {
		of[x.Index] = x
	}
	var nll, ka, kb []float64
	var sumA, sumB, tokens float64 // of the windows that both read
	for _, x := range a.Quality.PerChunk {
		y, ok := of[x.Index]
		if !ok || x.Tokens == 0 || x.Tokens != y.Tokens {
			continue
		}
		n := float64(x.Tokens)
		sumA, sumB, tokens = sumA+x.NLL, sumB+y.NLL, tokens+n
		nll = append(nll, (y.NLL-x.NLL)/n)
		ka, kb = append(ka, x.Divergence/n), append(kb, y.Divergence/n)
	}
	if len(nll) == 0 {
		return nil
	}
	mean, _ := stat.Mean(nll)
	r := Ratio{What: "perplexity", A: math.Exp(sumA / tokens), B: math.Exp(sumB / tokens), Paired: true, Ratio: Estimate{Value: math.Exp(mean), N: len(nll)}}
	if i, ok := stat.MeanInterval(nll, c.Confidence); ok {
		low, high := math.Exp(i.Low), math.Exp(i.High)
		r.Ratio.Low, r.Ratio.High = &low, &high
	}
	list = append(list, c.judge(r))
	if a.Quality.Divergence != nil && b.Quality.Divergence != nil {
		list = append(list, c.divergences(ka, kb))
	}
	return list
}

// divergences is the ratio of two means with an interval of Fieller's kind: of the ratios that
// the windows' differences y - ratio·x do not exclude, found by halving.
func (c *Comparison) divergences(a, b []float64) Ratio {
	ma, _ := stat.Mean(a)
	mb, _ := stat.Mean(b)
	r := Ratio{What: "divergence", A: ma, B: mb, Paired: true}
	if !(ma > 0 && mb > 0) {
		r.Ratio, r.Verdict = Estimate{Value: 1, N: len(a)}, NotEnough
		if ma == mb {
			r.Verdict = Same
		}
		return r
	}
	value := mb / ma
	r.Ratio = Estimate{Value: value, N: len(a)}
	allowed := func(ratio float64) bool {
		d := make([]float64, len(a))
		for i := range a {
			d[i] = b[i] - ratio*a[i]
		}
		i, ok := stat.MeanInterval(d, c.Confidence)
		return !ok || i.Contains(0)
	}
	end := func(far float64) (float64, bool) {
		if allowed(far) {
			return 0, false
		}
		near := value
		for range 50 {
			middle := math.Sqrt(near * far)
			if allowed(middle) {
				near = middle
			} else {
				far = middle
			}
		}
		return near, true
	}
	if low, ok := end(value / 1000); ok {
		if high, ok := end(value * 1000); ok {
			r.Ratio.Low, r.Ratio.High = &low, &high
		}
	}
	return c.judge(r)
}

// judge says whether a ratio is 1.
func (c *Comparison) judge(r Ratio) Ratio {
	switch e := &r.Ratio; {
	case !e.Known():
		r.Verdict = NotEnough
	case *e.Low > 1 || *e.High < 1:
		r.Verdict = Different
	case *e.Low >= 1-c.Margin && *e.High <= 1+c.Margin:
		r.Verdict = Same
	default:
		r.Verdict = NotEnough
	}
	return r
}

// differences are the conditions in which two records differ, in words.
func differences(a, b *Record) []string {
	list := []string{}
	differ := func(what string, x, y any) {
		if !reflect.DeepEqual(x, y) {
			list = append(list, fmt.Sprintf("%s: %s and %s", what, inWords(x), inWords(y)))
		}
	}
	differ("model", a.Model.File, b.Model.File)
	differ("tensors of the model", short(a.Model.Tensors), short(b.Model.Tensors))
	differ("program", a.Program.Version+" "+a.Program.Commit, b.Program.Version+" "+b.Program.Commit)
	differ("engine", a.Engine.Version+" "+short(a.Engine.Tree), b.Engine.Version+" "+short(b.Engine.Tree))
	differ("backend", a.Engine.Backend, b.Engine.Backend)
	differ("instructions", a.Engine.System, b.Engine.System)
	differ("processor", a.Machine.CPU, b.Machine.CPU)
	differ("cores", a.Machine.Cores, b.Machine.Cores)
	differ("devices", deviceNames(a), deviceNames(b))
	s, t := a.Settings, b.Settings
	differ("threads", s.Threads, t.Threads)
	differ("layers on devices", s.GPULayers, t.GPULayers)
	differ("batch", s.Batch, t.Batch)
	differ("ubatch", s.Ubatch, t.Ubatch)
	differ("flash attention", s.FlashAttn, t.FlashAttn)
	differ("context", s.Context, t.Context)
	differ("tokens of the prompt", s.Prompt, t.Prompt)
	differ("tokens that are generated", s.Generate, t.Generate)
	return list
}

func inWords(x any) string {
	if text := strings.TrimSpace(fmt.Sprint(x)); text != "" {
		return text
	}
	return "none"
}

// short is the beginning of a hash, which tells two apart.
func short(hash string) string { return hash[:min(len(hash), 19)] }

func deviceNames(r *Record) string {
	names := make([]string, len(r.Machine.Devices))
	for i, d := range r.Machine.Devices {
		names[i] = d.Description
		if names[i] == "" {
			names[i] = d.Name
		}
	}
	return strings.Join(names, ", ")
}
