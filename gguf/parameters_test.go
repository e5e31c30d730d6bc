package gguf

import (
	"reflect"
	"testing"
)

func TestParameters(t *testing.T) {
	f := &File{Tensors: []Tensor{
		{Name: "token_embd.weight", Type: Q8_0, Dims: []uint64{64, 10}},
		{Name: "blk.0.ffn_up_exps.weight", Type: Q4_0, Dims: []uint64{64, 32, 8}},
		{Name: "blk.0.ffn_up.3.weight", Type: Q4_0, Dims: []uint64{64, 32}},
		{Name: "blk.0.ffn_norm_exps.weight", Type: F32, Dims: []uint64{64}},
		{Name: "blk.0.ffn_up_shexp.weight", Type: F16, Dims: []uint64{64, 32}},
		{Name: "blk.1.ffn_up.weight", Type: F16, Dims: []uint64{1 << 62, 32}}, // its size does not fit
	}}
	h := &Hyper{Experts: Experts{Count: 8}, Layers: []Layer{{ExpertsUsed: 2}, {ExpertsUsed: 2}}}
	const embedding, experts, one, norm, shared = 640, 64 * 32 * 8, 64 * 32, 64, 64 * 32
	got := f.Parameters(h)
	want := Parameters{
		Total:  embedding + experts + one + norm + shared,
		Active: embedding + experts/4 + one/4 + norm + shared,
		Bytes:  embedding/32*34 + (experts+one)/32*18 + norm*4 + shared*2,
		Types: []TypeUse{
			{Q4_0, 2, experts + one, (experts + one) / 32 * 18}, {F16, 2, shared, shared * 2},
			{Q8_0, 1, embedding, embedding / 32 * 34}, {F32, 1, norm, norm * 4},
		},
	}
	want.BitsPerWeight = 8 * float64(want.Bytes) / float64(want.Total)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if p := f.Parameters(nil); p.Active != p.Total {
		t.Errorf("%d of %d are active where nothing is known", p.Active, p.Total)
	}
}

func TestFileType(t *testing.T) {
	tensors := func(types ...TensorType) (all []Tensor) {
		for i, typ := range types {
			all = append(all, Tensor{Name: blockTensor(20-i, "attn_q.weight"), Type: typ})
		}
		return all
	}
	for _, c := range []struct {
		tensors []Tensor
		want    string
	}{
		{nil, "(guessed) all F32"},
		{tensors(Q4_K, Q6_K, Q4_K), "(guessed) Q4_K - Medium"},
		{tensors(Q4_K, Q6_K, Q6_K, Q4_K), "(guessed) Q6_K"}, // layers 18 and 19 come before layer 20
		{tensors(I32), "(guessed) all F32"},
	} {
		if got := (&File{Tensors: c.tensors}).FileType().String(); got != c.want {
			t.Errorf("%v: %s", c.tensors, got)
		}
	}
	f := &File{Keys: []Key{{"general.file_type", Value{Type: Uint32, bits: 15}}}}
	if got := f.FileType().String(); got != "Q4_K - Medium" {
		t.Error(got)
	}
	if got := FileType(999).String(); got != "unknown, may not work" {
		t.Error(got)
	}
}

// TestFileTypeShort: the names that files on hubs end in.
func TestFileTypeShort(t *testing.T) {
	want := map[FileType]string{0: "F32", 1: "F16", 7: "Q8_0", 10: "Q2_K", 13: "Q3_K_L", 15: "Q4_K_M", 18: "Q6_K", 21: "Q2_K_S",
		27: "IQ3_M", 30: "IQ4_XS", 36: "TQ1_0", 38: "MXFP4_MOE", 15 | FileTypeGuessed: "Q4_K_M", 99: ""}
	for number, name := range want {
		if got := number.Short(); got != name {
			t.Errorf("%d: %q, not %q", number, got, name)
		}
	}
}
