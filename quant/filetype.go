package quant

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// The file types that the engine's quantizer makes: enum llama_ftype of
// include/llama.h@v0.5.0.
const (
	F32       gguf.FileType = 0
	F16       gguf.FileType = 1
	Q4_0      gguf.FileType = 2
	Q4_1      gguf.FileType = 3
	Q8_0      gguf.FileType = 7
	Q5_0      gguf.FileType = 8
	Q5_1      gguf.FileType = 9
	Q2_K      gguf.FileType = 10
	Q3_K_S    gguf.FileType = 11
	Q3_K_M    gguf.FileType = 12
	Q3_K_L    gguf.FileType = 13
	Q4_K_S    gguf.FileType = 14
	Q4_K_M    gguf.FileType = 15
	Q5_K_S    gguf.FileType = 16
	Q5_K_M    gguf.FileType = 17
	Q6_K      gguf.FileType = 18
	IQ2_XXS   gguf.FileType = 19
	IQ2_XS    gguf.FileType = 20
	Q2_K_S    gguf.FileType = 21
	IQ3_XS    gguf.FileType = 22
	IQ3_XXS   gguf.FileType = 23
	IQ1_S     gguf.FileType = 24
	IQ4_NL    gguf.FileType = 25
	IQ3_S     gguf.FileType = 26
	IQ3_M     gguf.FileType = 27
	IQ2_S     gguf.FileType = 28
	IQ2_M     gguf.FileType = 29
	IQ4_XS    gguf.FileType = 30
	IQ1_M     gguf.FileType = 31
	BF16      gguf.FileType = 32
	TQ1_0     gguf.FileType = 36
	TQ2_0     gguf.FileType = 37
	MXFP4_MOE gguf.FileType = 38
	Q1_0      gguf.FileType = 40
	Q2_0      gguf.FileType = 41
)

// FileType is what is known of a file type.
type FileType struct {
	Number      gguf.FileType
	Name        string   // as llama-quantize prints it
	Aliases     []string // other names that it takes
	Most        gguf.TensorType
	Description string
	// Caveat says which models it is for, where it spoils others.
	Caveat string
}

const threeValues = "rounds every weight to one of three values: for models trained so"

// fileTypes in the order in which they are listed: from large to small. Most is
// llama_ftype_get_default_type, the names are QUANT_OPTIONS of
// tools/quantize/quantize.cpp@v0.5.0.
var fileTypes = []FileType{
	{F32, "F32", nil, gguf.F32, "32-bit floats", ""},
	{F16, "F16", nil, gguf.F16, "16-bit floats", ""},
	{BF16, "BF16", nil, gguf.BF16, "16-bit floats with the range of 32-bit ones", ""},
	{Q8_0, "Q8_0", nil, gguf.Q8_0, "8 bits, a scale for 32 weights", ""},
	{Q6_K, "Q6_K", nil, gguf.Q6_K, "6 bits, scales in two levels", ""},
	{Q5_K_M, "Q5_K_M", []string{"Q5_K"}, gguf.Q5_K, "5 bits, scales in two levels; 6 where it matters most", ""},
	{Q5_K_S, "Q5_K_S", nil, gguf.Q5_K, "5 bits, scales in two levels", ""},
	{Q5_1, "Q5_1", nil, gguf.Q5_1, "5 bits, a scale and an offset for 32 weights", ""},
	{Q5_0, "Q5_0", nil, gguf.Q5_0, "5 bits, a scale for 32 weights", ""},
	{Q4_1, "Q4_1", nil, gguf.Q4_1, "4 bits, a scale and an offset for 32 weights", ""},
	{Q4_K_M, "Q4_K_M", []string{"Q4_K"}, gguf.Q4_K, "4 bits, scales in two levels; 6 where it matters most", ""},
	{Q4_K_S, "Q4_K_S", nil, gguf.Q4_K, "4 bits, scales in two levels; 5 in the first layers", ""},
	{Q4_0, "Q4_0", nil, gguf.Q4_0, "4 bits, a scale for 32 weights", ""},
	{IQ4_NL, "IQ4_NL", nil, gguf.IQ4_NL, "4 bits by a table of unequal steps, a scale for 32 weights", ""},
	{IQ4_XS, "IQ4_XS", nil, gguf.IQ4_XS, "4 bits by a table of unequal steps, scales in two levels", ""},
	{MXFP4_MOE, "MXFP4_MOE", nil, gguf.MXFP4, "experts in 4-bit floats, all else in 8 bits", "for models with experts, trained in 4-bit floats"},
	{Q3_K_L, "Q3_K_L", nil, gguf.Q3_K, "3 bits; 5 in about half of the tensors", ""},
	{Q3_K_M, "Q3_K_M", []string{"Q3_K"}, gguf.Q3_K, "3 bits; 4 and 5 in about half of the tensors", ""},
	{IQ3_M, "IQ3_M", nil, gguf.IQ3_S, "3 bits by a codebook; 4 where it matters most", ""},
	{IQ3_S, "IQ3_S", nil, gguf.IQ3_S, "3 bits by a codebook", ""},
	{Q3_K_S, "Q3_K_S", nil, gguf.Q3_K, "3 bits, scales in two levels", ""},
	{IQ3_XS, "IQ3_XS", nil, gguf.IQ3_S, "3 bits by codebooks of two sizes", ""},
	{IQ3_XXS, "IQ3_XXS", nil, gguf.IQ3_XXS, "3 bits by a small codebook", ""},
	{Q2_K, "Q2_K", nil, gguf.Q2_K, "2 bits; 3 in about half of the tensors", ""},
	{Q2_K_S, "Q2_K_S", nil, gguf.Q2_K, "2 bits, scales in two levels", ""},
	{Q2_0, "Q2_0", nil, gguf.Q2_0, "2 bits, a scale for 64 weights", "rounds every weight to one of four values: for models trained so"},
	{IQ2_M, "IQ2_M", nil, gguf.IQ2_S, "2 bits by a large codebook; 3 where it matters most", ""},
	{IQ2_S, "IQ2_S", nil, gguf.IQ2_XS, "2 bits by a codebook; 3 where it matters most", ""},
	{IQ2_XS, "IQ2_XS", nil, gguf.IQ2_XS, "2 bits by a codebook", ""},
	{IQ2_XXS, "IQ2_XXS", nil, gguf.IQ2_XXS, "2 bits by a small codebook", ""},
	{TQ2_0, "TQ2_0", nil, gguf.TQ2_0, "three values in 2 bits", threeValues},
	{TQ1_0, "TQ1_0", nil, gguf.TQ1_0, "three values in 1.6 bits", threeValues},
	{IQ1_M, "IQ1_M", nil, gguf.IQ1_M, "under 2 bits by a codebook, finer scales", ""},
	{IQ1_S, "IQ1_S", nil, gguf.IQ1_S, "under 2 bits by a codebook", ""},
	{Q1_0, "Q1_0", nil, gguf.Q1_0, "1 bit, a scale for 128 weights", "rounds every weight to one of two values: for models trained so"},
}

// FileTypes are all that the engine's quantizer makes, from large to small by the bits of
// most of their tensors. The list is the caller's.
func FileTypes() []FileType { return slices.Clone(fileTypes) }

// Lookup is what is known of a file type. False: the engine's quantizer does not make it,
// although it may read it.
func Lookup(t gguf.FileType) (FileType, bool) {
	for _, row := range fileTypes {
		if row.Number == t {
			return row, true
		}
	}
	return FileType{}, false
}

// ParseFileType is the file type of a name that llama-quantize takes, in any case, or of its
// number. COPY, with which that tool changes no tensor, is [Options.Copy] here.
func ParseFileType(name string) (gguf.FileType, error) {
	for _, row := range fileTypes {
		if strings.EqualFold(name, row.Name) || slices.ContainsFunc(row.Aliases, func(a string) bool { return strings.EqualFold(name, a) }) {
			return row.Number, nil
		}
	}
	if n, err := strconv.ParseUint(name, 10, 31); err == nil {
		if _, ok := Lookup(gguf.FileType(n)); ok {
			return gguf.FileType(n), nil
		}
	}
	switch {
	case strings.EqualFold(name, "COPY"):
		return 0, fmt.Errorf("file type %s: it keeps every tensor as it is, and is no level of quantization", gguf.Quote(name))
	case strings.EqualFold(name, "NVFP4"):
		return 0, fmt.Errorf("file type %s: the engine reads such files but does not make them; name one of %s", gguf.Quote(name), names())
	}
	return 0, fmt.Errorf("file type %s: there is none of this name; name one of %s", gguf.Quote(name), names())
}

func names() string {
	list := make([]string, len(fileTypes))
	for i, row := range fileTypes {
		list[i] = row.Name
	}
	return strings.Join(list, ", ")
}

// NeedsImatrix tells whether the engine makes the type of the models people use only with an
// importance matrix. Whether it asks for one depends on the tensors: see [Recipe.Imatrix].
func NeedsImatrix(t gguf.FileType) bool {
	switch t {
	case IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ2_M, IQ3_XXS, IQ3_XS, Q2_K_S:
		return true
	}
	return false
}
