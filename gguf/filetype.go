package gguf

// FileType is the mix of types that a model was quantized to, by its usual name, such as
// "Q4_K_M". It is what the key general.file_type says; where that is absent, guessed is
// true and it is the type that most tensors of several dimensions have, and empty where
// there are none. What the engine does not know is "unknown".
func (f *File) FileType() (name string, guessed bool) {
	n, ok := f.Uint("general.file_type")
	if !ok {
		return f.mostType(), true
	}
	if n < uint64(len(fileTypes)) && fileTypes[n] != "" {
		return fileTypes[n], false
	}
	return "unknown", false
}

// fileTypes are enum llama_ftype of ggml-org/llama.cpp include/llama.h@v0.5.0, by their
// numbers.
var fileTypes = [...]string{
	0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1",
	10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K",
	19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S",
	27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16",
	36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE", 39: "NVFP4", 40: "Q1_0", 41: "Q2_0",
}

func (f *File) mostType() string {
	counts := map[TensorType]int{}
	var most TensorType
	for _, t := range f.Tensors {
		if len(t.Dims) < 2 {
			continue
		}
		if counts[t.Type]++; counts[t.Type] > counts[most] {
			most = t.Type
		}
	}
	if len(counts) == 0 {
		return ""
	}
	return most.String()
}
