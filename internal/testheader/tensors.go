package testheader

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// keptF32 are the matrices that converters leave as they are, by how their names end:
// conversion/base.py@v0.5.0.
var keptF32 = []string{
	"_norm.weight", ".ffn_gate_inp.weight", ".ffn_gate_inp_shexp.weight", "position_embd.weight", "token_types.weight",
	".ssm_conv1d.weight", ".ssm_conv1d_q.weight", ".ssm_conv1d_k.weight", ".ssm_conv1d_v.weight", ".shortconv.conv.weight",
	".time_mix_first.weight", ".time_mix_w1.weight", ".time_mix_w2.weight", ".time_mix_decay_w1.weight", ".time_mix_decay_w2.weight",
	".time_mix_lerp_fused.weight", ".altup_correct_coef.weight", ".altup_predict_coef.weight", ".indexer.proj.weight",
}

// convertedF16 is the type that a tensor has in a file that was converted to F16.
func convertedF16(name string, dims []uint64) gguf.TensorType {
	kept := slices.ContainsFunc(keptF32, func(end string) bool { return strings.HasSuffix(name, end) })
	if len(dims) < 2 || kept || !strings.HasSuffix(name, ".weight") {
		return gguf.F32
	}
	return gguf.F16
}

// tensors of the model as converters write it to F16; keys is a file with the model's keys.
func (m model) tensors(keys string) ([]gguf.Tensor, error) {
	shapes, err := reference.Tensors(keys)
	if err != nil {
		return nil, err
	}
	lacks, err := m.lacks()
	if err != nil {
		return nil, err
	}
	var tensors []gguf.Tensor
	for _, s := range shapes {
		if !lacks(s.Name) {
			tensors = append(tensors, gguf.Tensor{Name: s.Name, Dims: s.Dims, Type: convertedF16(s.Name, s.Dims)})
		}
	}
	return apart(tensors), nil
}

// apart has the experts' gates and what goes up in two tensors, as files have them; the
// engine takes one of both as well.
func apart(tensors []gguf.Tensor) (list []gguf.Tensor) {
	for _, x := range tensors {
		before, after, both := strings.Cut(x.Name, "ffn_gate_up_exps")
		if !both {
			list = append(list, x)
			continue
		}
		x.Dims = slices.Clone(x.Dims)
		x.Dims[1] /= 2
		for _, name := range []string{"ffn_gate_exps", "ffn_up_exps"} {
			x.Name = before + name + after
			list = append(list, x)
		}
	}
	return list
}

// quantize gives the tensors of the file the types that the engine's quantizer chooses,
// with an importance matrix where it refuses to do without.
func quantize(path string, fileType uint32, tensors []gguf.Tensor) ([]gguf.Tensor, error) {
	made, err := reference.Quantize(path, reference.Quantization{FileType: fileType})
	if err == nil && made.NeedsImatrix {
		made, err = reference.Quantize(path, reference.Quantization{FileType: fileType, Imatrix: true})
	}
	if err != nil {
		return nil, err
	}
	types := map[string]gguf.TensorType{}
	for _, t := range made.Types {
		types[t.Name] = gguf.TensorType(t.Type)
	}
	changed := slices.Clone(tensors)
	for i, t := range changed {
		typ, ok := types[t.Name]
		if !ok {
			return nil, fmt.Errorf("the quantizer says nothing of %s of %s", t.Name, path)
		}
		changed[i].Type = typ
	}
	return changed, nil
}
