package gguf

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// FileType names a mix of tensor types: enum llama_ftype of ggml-org/llama.cpp
// include/llama.h@v0.5.0. The numbers are those of general.file_type.
type FileType int32

// FileTypeGuessed is added to a type that the file does not say.
const FileTypeGuessed FileType = 1024

// fileTypes are the names of llama_ftype_name, src/llama-model-loader.cpp@v0.5.0, with
// the tensor type that stands for each where the file does not say; notATensor: none does.
var fileTypes = map[FileType]struct {
	name string
	most TensorType
}{
	0: {"all F32", F32}, 1: {"F16", F16}, 32: {"BF16", BF16}, 40: {"Q1_0", Q1_0}, 41: {"Q2_0", Q2_0},
	2: {"Q4_0", Q4_0}, 3: {"Q4_1", Q4_1}, 8: {"Q5_0", Q5_0}, 9: {"Q5_1", Q5_1}, 7: {"Q8_0", Q8_0},
	38: {"MXFP4 MoE", notATensor}, 39: {"NVFP4", NVFP4},
	10: {"Q2_K - Medium", Q2_K}, 21: {"Q2_K - Small", notATensor},
	11: {"Q3_K - Small", notATensor}, 12: {"Q3_K - Medium", Q3_K}, 13: {"Q3_K - Large", notATensor},
	14: {"Q4_K - Small", notATensor}, 15: {"Q4_K - Medium", Q4_K},
	16: {"Q5_K - Small", notATensor}, 17: {"Q5_K - Medium", Q5_K}, 18: {"Q6_K", Q6_K},
	36: {"TQ1_0 - 1.69 bpw ternary", TQ1_0}, 37: {"TQ2_0 - 2.06 bpw ternary", TQ2_0},
	19: {"IQ2_XXS - 2.0625 bpw", IQ2_XXS}, 20: {"IQ2_XS - 2.3125 bpw", IQ2_XS},
	28: {"IQ2_S - 2.5 bpw", IQ2_S}, 29: {"IQ2_M - 2.7 bpw", notATensor},
	22: {"IQ3_XS - 3.3 bpw", notATensor}, 23: {"IQ3_XXS - 3.0625 bpw", IQ3_XXS},
	24: {"IQ1_S - 1.5625 bpw", IQ1_S}, 31: {"IQ1_M - 1.75 bpw", IQ1_M},
	25: {"IQ4_NL - 4.5 bpw", IQ4_NL}, 30: {"IQ4_XS - 4.25 bpw", IQ4_XS},
	26: {"IQ3_S - 3.4375 bpw", IQ3_S}, 27: {"IQ3_S mix - 3.66 bpw", notATensor},
}

const notATensor TensorType = tensorTypes

// String is the engine's name.
func (t FileType) String() string {
	name := "unknown, may not work"
	if row, ok := fileTypes[t&^FileTypeGuessed]; ok {
		name = row.name
	}
	if t&FileTypeGuessed != 0 {
		return "(guessed) " + name
	}
	return name
}

// Short is the name that people use, such as Q4_K_M; empty where the engine knows none.
func (t FileType) Short() string {
	row, ok := fileTypes[t&^FileTypeGuessed]
	name, size, _ := strings.Cut(row.name, " - ")
	switch {
	case !ok:
		return ""
	case name == "all F32":
		return "F32"
	case name == "MXFP4 MoE":
		return "MXFP4_MOE"
	case name == "IQ3_S mix":
		return "IQ3_M"
	case name == "Q2_K" && size == "Medium":
		return "Q2_K"
	case size == "Small" || size == "Medium" || size == "Large":
		return name + "_" + size[:1]
	}
	return name
}

// FileType is general.file_type, or a guess by the tensor type that most tensors have,
// as the engine makes it.
func (f *File) FileType() FileType {
	if v, ok := f.Lookup("general.file_type"); ok && v.Type == Uint32 {
		return FileType(v.bits)
	}
	most := f.mostTensors()
	for t, row := range fileTypes {
		if row.most == most {
			return t | FileTypeGuessed
		}
	}
	return FileTypeGuessed
}

// mostTensors is the type of most tensors. Of several, it is the one that is first to
// have so many in the engine's order: by layer, then by name.
func (f *File) mostTensors() TensorType {
	counts := map[TensorType]int{}
	most := 0
	for i := range f.Tensors {
		counts[f.Tensors[i].Type]++
		most = max(most, counts[f.Tensors[i].Type])
	}
	var first []TensorType
	for t, n := range counts {
		if n == most {
			first = append(first, t)
		}
	}
	switch len(first) {
	case 0:
		return F32
	case 1:
		return first[0]
	}
	ordered := slices.Clone(f.Tensors)
	slices.SortFunc(ordered, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(layerOf(a.Name), layerOf(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	clear(counts)
	for _, t := range ordered {
		if counts[t.Type]++; counts[t.Type] == most {
			return t.Type
		}
	}
	return F32
}

// layerOf a tensor, by its name; -1: of none.
func layerOf(name string) int {
	rest, ok := strings.CutPrefix(name, "blk.")
	number, _, dot := strings.Cut(rest, ".")
	if n, err := strconv.Atoi(number); ok && dot && err == nil {
		return n
	}
	return -1
}
