package testgguf

import (
	"fmt"
	"math"
	"strings"
)

// blocks are GGML's types: how many numbers and bytes a block has.
var blocks = []struct {
	kind           uint32
	numbers, bytes int
}{
	{1, 1, 2}, {30, 1, 2}, {28, 1, 8}, {24, 1, 1}, {25, 1, 2}, {26, 1, 4}, {27, 1, 8}, // F16, BF16, F64, I8 to I64
	{2, 32, 18}, {3, 32, 20}, {6, 32, 22}, {7, 32, 24}, {8, 32, 34}, {9, 32, 36}, // Q4_0 to Q8_1
	{10, 256, 84}, {12, 256, 144}, {15, 256, 292}, {20, 32, 18}, {39, 32, 17}, {40, 64, 36}, {42, 64, 18}, // Q2_K, Q4_K, Q8_K, IQ4_NL, MXFP4, NVFP4, Q2_0
}

// tensorTypes gives each kind of tensor each type.
func (c *cases) tensorTypes() {
	tensors := map[string][]string{
		"decoder":   {"token_embd.weight", "output.weight", "output_norm.weight", "blk.0.attn_norm.weight", "blk.1.attn_q.weight", "blk.0.ffn_down.weight"},
		"windowed":  {"token_embd.weight", "blk.0.post_attention_norm.weight"},
		"mixture":   {"blk.0.ffn_gate_inp.weight", "blk.1.ffn_up_exps.weight"},
		"recurrent": {"blk.0.ssm_conv1d.weight", "blk.0.ssm_conv1d.bias", "blk.0.ssm_x.weight", "blk.0.ssm_dt.weight", "blk.0.ssm_dt.bias", "blk.0.ssm_a", "blk.0.ssm_d", "blk.0.ssm_out.weight"},
		"encoder":   {"token_types.weight", "position_embd.weight", "token_embd_norm.weight", "token_embd_norm.bias", "blk.0.attn_q.bias", "blk.0.ffn_up.weight"},
	}
	for _, base := range []string{"decoder", "windowed", "mixture", "recurrent", "encoder"} {
		for _, name := range tensors[base] {
			shape := c.base[base].Shape(name)
			for _, b := range blocks {
				if shape[0]%b.numbers == 0 {
					c.add(base, fmt.Sprintf("%s of type %d", name, b.kind), func(f *File) {
						f.Retype(name, b.kind, product(shape)/b.numbers*b.bytes)
					})
				}
			}
		}
	}
	for _, kind := range []uint32{4, 5, 31, 36, 38, 43, 1 << 31, math.MaxUint32, 12} {
		c.add("decoder", fmt.Sprintf("unknown type, or rows that are not whole blocks: %d", kind), func(f *File) {
			f.Retype("blk.0.attn_q.weight", kind, 4096)
		})
	}
	c.add("decoder", "rope_freqs of F16", func(f *File) {
		f.Add("rope_freqs.weight", filled(headSize/2, float32(1)), headSize/2)
		f.Retype("rope_freqs.weight", 1, headSize)
	})
	c.add("decoder", "rope_freqs of zeros", func(f *File) { f.Add("rope_freqs.weight", filled(headSize/2, float32(0)), headSize/2) })
	c.add("decoder", "bias of F16", func(f *File) {
		f.Add("blk.0.attn_output.bias", filled(Embedding, float32(1)), Embedding)
		f.Retype("blk.0.attn_output.bias", 1, 2*Embedding)
	})
	for i, x := range []float64{math.NaN(), math.Inf(1), math.MaxFloat32} {
		for _, name := range []string{"token_embd.weight", "output_norm.weight", "output.weight"} {
			c.add("decoder", fmt.Sprintf("%s of %v (%d)", name, x, i), func(f *File) {
				f.change(name, func(t *tensor) { t.data = filled(t.size/4, float32(x)) })
			})
		}
	}
}

// tensorTable breaks the table of tensors.
func (c *cases) tensorTable() {
	for _, base := range []string{"decoder", "mixture", "recurrent", "encoder"} {
		for _, name := range c.base[base].Tensors() {
			if strings.HasPrefix(name, "blk.1.") {
				continue
			}
			shape := c.base[base].Shape(name)
			c.add(base, "no "+name, func(f *File) { f.RemoveTensor(name) })
			c.add(base, name+" turned round", func(f *File) { f.Reshape(name, reversed(shape)...) })
		}
	}
	const q = "blk.0.attn_q.weight"
	for _, shape := range [][]int{{}, {0}, {0, 64}, {64, 0}, {64}, {4096}, {64, 64, 1, 1}, {1, 64, 64}, {64, 65}, {64, 1 << 40},
		{1 << 32, 1 << 32}, {1 << 62, 4}, {-1, 1}, {-64, -64}, {64, 64, 1 << 31, 1 << 31}, {1, 1, 1, 1, 1}, make([]int, 100)} {
		c.add("decoder", fmt.Sprintf("attn_q of %.60s", fmt.Sprint(shape)), func(f *File) { f.Reshape(q, shape...) })
	}
	for _, n := range []int{1, 4, 16, 32, -32, 1 << 40, -1 << 62, 1 << 20} {
		c.add("decoder", fmt.Sprintf("attn_q moved by %d", n), func(f *File) { f.Shift(q, n) })
	}
	for _, name := range []string{"", strings.Repeat("n", 63), strings.Repeat("n", 64), strings.Repeat("n", 70000), "a\x00b", "\xff\xfe", "token_embd.weight", "blk.0.attn_k.weight", "blk.99999999999.x"} {
		c.add("decoder", fmt.Sprintf("attn_q named %.20q (%d)", name, len(name)), func(f *File) { f.Rename(q, name) })
		c.add("decoder", fmt.Sprintf("another tensor named %.20q (%d)", name, len(name)), func(f *File) { f.Add(name, make([]float32, 8), 8) })
	}
	for _, n := range []any{uint32(0), uint32(1), uint32(2), uint32(3), uint32(4), uint32(8), uint32(16), uint32(33), uint32(64), uint32(4096), uint32(1 << 31), int32(32), uint64(32), "32", []uint32{32}} {
		c.set("decoder", "general.alignment", n)
		if bytes, ok := n.(uint32); ok && bytes > 0 && bytes <= 4096 {
			c.add("decoder", fmt.Sprintf("aligned to %d", bytes), func(f *File) { f.Set("general.alignment", n).Pack(int(bytes)) })
			c.add("decoder", fmt.Sprintf("aligned to %d, in the second place", bytes), func(f *File) {
				f.Set("general.alignment", n).Set("general.padding", "x").Pack(int(bytes))
			})
		}
	}
	c.add("decoder", "no tensors", func(f *File) { f.tensors = nil })
	c.add("decoder", "the last layer is cut off", func(f *File) {
		for _, name := range f.Tensors() {
			if strings.HasPrefix(name, "blk.1.") {
				f.RemoveTensor(name)
			}
		}
	})
}

func reversed(shape []int) []int {
	r := make([]int, 0, len(shape))
	for i := len(shape) - 1; i >= 0; i-- {
		r = append(r, shape[i])
	}
	if len(r) == 1 {
		r = []int{1, r[0]}
	}
	return r
}
