package imatrix_test

import (
	"math"
	"reflect"
	"testing"

	"github.com/seed-f87006eb/llm/internal/imatrix"
)

func TestStatistics(t *testing.T) {
	m := imatrix.New(4)
	m.Entries["blk.0.attn_q.weight"] = &imatrix.Entry{Sums: []float32{0, 2, 4, 10}, Counts: []int64{2}}
	m.Entries["blk.1.attn_q.weight"] = &imatrix.Entry{Sums: []float32{8, 8, 8, 8}, Counts: []int64{2}}
	m.Entries["blk.1.ffn_up_exps.weight"] = &imatrix.Entry{Sums: []float32{5, 5, 0, 0}, Counts: []int64{5, 0}}
	m.Entries["output.weight"] = &imatrix.Entry{Sums: []float32{1}, Counts: []int64{0}}
	got := m.Statistics()
	if len(got) != 3 {
		t.Fatalf("%d tensors, want 3: one saw nothing", len(got))
	}
	// Those of a kind together, the largest sum first.
	flat, uneven, experts := got[0], got[1], got[2]
	want := imatrix.Statistic{Tensor: "blk.1.attn_q.weight", Layer: 1, Kind: "attn_q", Columns: 4, Sum: 16, Min: 4, Max: 4, Mean: 4, Active: 1,
		Entropy: 2, EntropyShare: 1, Similarity: 16 / math.Sqrt(120*4)}
	if want.Similarity = math.Round(want.Similarity*1e12) / 1e12; math.Abs(flat.Similarity-want.Similarity) < 1e-9 {
		flat.Similarity = want.Similarity
	}
	if !reflect.DeepEqual(flat, want) {
		t.Errorf("got %+v, want %+v", flat, want)
	}
	// Means 0, 1, 2, 5: deviation √3.5, one of them above the mean by more.
	if uneven.Sum != 8 || uneven.Mean != 2 || math.Abs(uneven.Deviation-math.Sqrt(3.5)) > 1e-12 || uneven.Active != 0.75 || uneven.Outliers != 0.25 || uneven.Similarity != 0 {
		t.Errorf("got %+v", uneven)
	}
	entropy := -(1./8*math.Log2(1./8) + 2./8*math.Log2(2./8) + 5./8*math.Log2(5./8))
	if math.Abs(uneven.Entropy-entropy) > 1e-12 {
		t.Errorf("entropy %v, want %v", uneven.Entropy, entropy)
	}
	if experts.Columns != 2 || experts.Kind != "ffn_up_exps" || experts.Sum != 2 {
		t.Errorf("the expert that saw nothing counts: %+v", experts)
	}
	layers := imatrix.Layers(got)
	if len(layers) != 2 || layers[0].Sum != 8 || math.Abs(layers[1].Sum-(4*16+2*2)/6.) > 1e-12 {
		t.Errorf("layers %+v", layers)
	}
}
