package imatrix

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Statistic describes what one tensor was multiplied with, by the mean squares of the columns
// (tools/imatrix/README.md@v0.5.0 says how they are read).
type Statistic struct {
	Tensor  string  `json:"tensor"`
	Layer   int     `json:"layer"` // -1: of no layer
	Kind    string  `json:"kind"`  // the name without its layer: attn_q
	Columns int     `json:"columns"`
	Sum     float64 `json:"sum"`
	Min     float64 `json:"min"`
	Max     float64 `json:"max"`
	Mean    float64 `json:"mean"`
	// Deviation is the standard deviation.
	Deviation float64 `json:"deviation"`
	Active    float64 `json:"active"`  // share of the columns that are above 1e-5
	Entropy   float64 `json:"entropy"` // bits
	// EntropyShare is the entropy as a share of the largest that so many columns can have.
	EntropyShare float64 `json:"entropy_share"`
	// Outliers is the share of columns more than a standard deviation above the mean.
	Outliers float64 `json:"outliers"`
	// Similarity is the cosine to the sums of the same tensor a layer before; 0 without one.
	Similarity float64 `json:"similarity"`
}

// LayerStatistic is the mean of a layer's tensors, weighted by their columns.
type LayerStatistic struct {
	Layer      int     `json:"layer"`
	Sum        float64 `json:"sum"`
	Outliers   float64 `json:"outliers"`
	Similarity float64 `json:"similarity"`
}

// Statistics describes each tensor that saw a token, those of one kind together, those with
// the largest sums first.
func (m *Matrix) Statistics() []Statistic {
	var all []Statistic
	for _, name := range m.Names() {
		if s, ok := m.statistic(name); ok {
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b Statistic) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), cmp.Compare(b.Sum, a.Sum))
	})
	return all
}

func (m *Matrix) statistic(name string) (Statistic, bool) {
	var means []float64
	e := m.Entries[name]
	row := len(e.Sums) / len(e.Counts)
	for i, sum := range e.Sums {
		if count := e.Counts[i/row]; count > 0 {
			means = append(means, float64(sum)/float64(count))
		}
	}
	if len(means) == 0 {
		return Statistic{}, false
	}
	s := Statistic{Tensor: name, Columns: len(means), Min: slices.Min(means), Max: slices.Max(means)}
	s.Layer, s.Kind = layerAndKind(name)
	var squares float64
	inactive := 0
	for _, x := range means {
		s.Sum += x
		squares += x * x
		if x <= 1e-5 {
			inactive++
		}
	}
	n := float64(len(means))
	s.Mean = s.Sum / n
	s.Deviation = math.Sqrt(max(0, squares/n-s.Mean*s.Mean))
	s.Active = 1 - float64(inactive)/n
	s.spread(means)
	s.Similarity = m.similarity(name)
	return s, true
}

// spread fills what depends on the sum and the deviation.
func (s *Statistic) spread(means []float64) {
	outliers := 0
	for _, x := range means {
		if p := x / s.Sum; s.Sum > 0 && p > 0 {
			s.Entropy -= p * math.Log2(p)
		}
		if s.Deviation > 0 && (x-s.Mean)/s.Deviation > 1 {
			outliers++
		}
	}
	s.Outliers = float64(outliers) / float64(len(means))
	if len(means) > 1 {
		s.EntropyShare = s.Entropy / math.Log2(float64(len(means)))
	}
}

var layerPattern = regexp.MustCompile(`(?:^|\.)blk\.(\d+)\.`)

// layerAndKind are 3 and attn_q of blk.3.attn_q.weight.
func layerAndKind(name string) (layer int, kind string) {
	layer = -1
	if found := layerPattern.FindStringSubmatch(name); found != nil {
		if n, err := strconv.Atoi(found[1]); err == nil {
			layer = n
		}
	}
	parts := strings.Split(name, ".")
	if i := slices.Index(parts, "weight"); i > 0 {
		return layer, parts[i-1]
	}
	return layer, name
}

// similarity is the cosine between the sums of a tensor and those of its namesake a layer
// before.
func (m *Matrix) similarity(name string) float64 {
	at := layerPattern.FindStringSubmatchIndex(name)
	if at == nil {
		return 0
	}
	layer, err := strconv.Atoi(name[at[2]:at[3]])
	if err != nil {
		return 0
	}
	before := m.Entries[name[:at[2]]+strconv.Itoa(layer-1)+name[at[3]:]]
	if before == nil || len(before.Sums) != len(m.Entries[name].Sums) {
		return 0
	}
	var product, a, b float64
	for i, x := range m.Entries[name].Sums {
		y := before.Sums[i]
		product += float64(x) * float64(y)
		a += float64(x) * float64(x)
		b += float64(y) * float64(y)
	}
	if a == 0 || b == 0 {
		return 0
	}
	return product / math.Sqrt(a*b)
}

// Layers are the means of the layers, in order.
func Layers(all []Statistic) []LayerStatistic {
	var layers []LayerStatistic
	columns := map[int]float64{}
	sums := map[int]LayerStatistic{}
	for _, s := range all {
		if s.Layer < 0 {
			continue
		}
		n := float64(s.Columns)
		columns[s.Layer] += n
		l := sums[s.Layer]
		sums[s.Layer] = LayerStatistic{s.Layer, l.Sum + n*s.Sum, l.Outliers + n*s.Outliers, l.Similarity + n*s.Similarity}
	}
	for layer, l := range sums {
		n := columns[layer]
		layers = append(layers, LayerStatistic{layer, l.Sum / n, l.Outliers / n, l.Similarity / n})
	}
	slices.SortFunc(layers, func(a, b LayerStatistic) int { return cmp.Compare(a.Layer, b.Layer) })
	return layers
}
