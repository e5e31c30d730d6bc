package quant

import "github.com/seed-f87006eb/llm/gguf"

// Quality is what somebody measured of a level, against the same model in 16 bits.
type Quality struct {
	Perplexity float64 // times as much; 0: not measured
	Divergence float64 // of Kullback and Leibler, the mean over tokens, in nats; 0: not measured
	Model      string  // that it was measured on
	Source     string  // where it is published
	Own        bool    // it was measured on this machine, with the model that it stands for
}

// published are measurements of one model, each with and without an importance matrix, on
// the test part of Wikitext-2. The ratio is of the perplexities in the table.
const (
	publishedModel  = "Llama 3 8B"
	publishedSource = "llama.cpp tools/perplexity/README.md@v0.5.0, LLaMA 3 8b Scoreboard"
)

var published = []struct {
	fileType               gguf.FileType
	imatrix                bool
	perplexity, divergence float64
}{
	{F16, false, 1.000245, 0.000551},
	{Q8_0, false, 1.000425, 0.001355},
	{Q6_K, false, 1.003490, 0.005452},
	{Q5_K_M, false, 1.009143, 0.010762},
	{Q5_K_S, false, 1.016844, 0.016595},
	{Q5_1, false, 1.017046, 0.018045},
	{Q5_0, false, 1.021117, 0.022239},
	{Q4_K_M, true, 1.024280, 0.028152},
	{Q4_K_M, false, 1.028160, 0.031273},
	{Q4_K_S, true, 1.028574, 0.031951},
	{IQ4_NL, true, 1.035939, 0.035742},
	{IQ4_XS, true, 1.036599, 0.036334},
	{Q4_K_S, false, 1.043150, 0.043136},
	{Q4_1, false, 1.072389, 0.071683},
	{Q4_0, false, 1.075183, 0.071940},
	{Q3_K_L, true, 1.070542, 0.073077},
	{Q3_K_M, true, 1.080657, 0.084358},
	{Q3_K_L, false, 1.089261, 0.087176},
	{Q3_K_M, false, 1.105408, 0.101913},
	{IQ3_M, true, 1.106985, 0.102534},
	{IQ3_S, true, 1.117765, 0.111278},
	{IQ3_XS, true, 1.149465, 0.138693},
	{IQ3_XXS, true, 1.196867, 0.183625},
	{Q3_K_S, true, 1.220046, 0.199821},
	{Q3_K_S, false, 1.261914, 0.228217},
	{IQ2_M, true, 1.380184, 0.325989},
	{Q2_K, true, 1.387730, 0.332223},
	{Q2_K_S, true, 1.496201, 0.403360},
	{IQ2_S, true, 1.548676, 0.439197},
	{Q2_K, false, 1.564849, 0.445132},
	{IQ2_XS, true, 1.726903, 0.546290},
	{IQ2_XXS, true, 2.261330, 0.812022},
	{IQ1_M, true, 4.091018, 1.393084},
	{IQ1_S, true, 9.739756, 2.254554},
}

// Published is what was published of a file type, made with or without an importance matrix.
// It is of another model than the one at hand: a guide to the order of types, no more.
// False: nothing that is known here.
func Published(t gguf.FileType, imatrix bool) (Quality, bool) {
	for _, p := range published {
		if p.fileType == t && p.imatrix == imatrix {
			return Quality{Perplexity: p.perplexity, Divergence: p.divergence, Model: publishedModel, Source: publishedSource}, true
		}
	}
	return Quality{}, false
}
