package plan

import "github.com/seed-f87006eb/llm/gguf"

// form is how an architecture puts its layers together, where the names of the weights do not
// say it: what src/models/*.cpp@v0.5.0 hard-code. The zero value is most of them.
type form struct {
	layerNorm   bool // norms of layers are layer norms, which cannot work in place
	headNorm    bool // those of queries and keys too
	plainNorm   bool // norms have no weights
	noNorm      bool // nothing is normed before attention
	noCache     bool // attention sees the batch alone
	noHead      bool // no logits
	noRope      bool
	ropeSwitch  bool // a key says whether anything is rotated
	routesInput bool // experts are chosen by the input of the layer
	ropeFirst   bool // queries and keys are normed after they are rotated
	ropeEvery   int  // one layer in so many is not rotated
	ropeLead    bool // layers without experts at the start are rotated in any case
	ropeFour    bool // where there are windows, one layer in four is not rotated, the first being one
	ropeWindow  bool // only layers with a window are rotated, where there are windows
	splitFirst  bool // queries, keys and values are not seen as heads before their norms

	parallel parallel
	rows     rowsRule
	normAll  bool // the norm of attention's output comes before rows are chosen
	hidden   bool // the last hidden state is an output as well
	embNorm  bool // embeddings are normed without weights
	clamped  bool // activations of feed-forward layers are clamped

	softmaxOfChosen bool // weights of experts are those of the chosen alone
	weighBefore     bool // experts get weighed input
	looseExperts    bool // the weights of the chosen do not add up to one

	noDense        bool // experts alone, whatever else the layer has
	noExperts      bool // those that the file may have are not used
	sumFirst       bool // the residual is the first operand where attention is added: its memory is taken
	addFirst       bool // and where the feed-forward part is
	single         bool // a layer is one of: recurrent, attention, feed-forward
	normedResidual bool // what is added to is normed
	early          bool // the norm before attention is computed before all else
	// both runs beside attention.
	both func(l *layer, x *tensor) *tensor
	// mixer replaces attention where it is set and the layer is recurrent.
	mixer func(l *layer, x *tensor) *tensor
	// attention replaces the usual one.
	attention func(l *layer, x *tensor) *tensor
	// whole replaces all of it.
	whole func(g *graph)
}

// parallel says how attention and feed-forward come together.
type parallel uint8

const (
	sequential  parallel = iota
	besideFirst          // feed-forward of the same normed input; attention is added first
	besideAfter          // the same, but feed-forward is computed first
	besideLast           // attention is added last
	besideInput          // the same input, and the residual as usual
)

// rowsRule says where the rows with outputs are picked.
type rowsRule uint8

const (
	rowsLast   rowsRule = iota // in the last layer
	rowsBefore                 // before the last norm
	rowsAfter                  // after it
	rowsNone
)

var layerNorms = form{layerNorm: true}

// forms are those that are not the usual one.
var forms = map[string]*form{
	"jais": {layerNorm: true, noRope: true}, "bloom": {layerNorm: true, noRope: true}, "gpt2": {layerNorm: true, noRope: true},
	"starcoder": {layerNorm: true, noRope: true}, "mpt": {layerNorm: true, headNorm: true, noRope: true},
	"jais2": &layerNorms, "nemotron": &layerNorms, "codeshell": &layerNorms, "orion": &layerNorms, "starcoder2": &layerNorms,
	"phi3": {addFirst: true}, "phimoe": {addFirst: true}, "openelm": {sumFirst: true},
	"dbrx": &layerNorms, "pockettts": &layerNorms,
	"refact": {noRope: true, noExperts: true},
	"olmo":   {layerNorm: true, plainNorm: true},
	"talkie": {plainNorm: true, ropeFirst: true, embNorm: true},

	"phi2": {layerNorm: true, parallel: besideFirst}, "falcon": {layerNorm: true, parallel: besideAfter}, "plamo": {parallel: besideAfter},
	"command-r": {layerNorm: true, headNorm: true, parallel: besideLast}, "cohere2": {layerNorm: true, parallel: besideLast, ropeWindow: true},
	"cohere2moe": {parallel: besideLast, ropeWindow: true, ropeLead: true, rows: rowsAfter, hidden: true},
	"gptneox":    {layerNorm: true}, "stablelm": {layerNorm: true, headNorm: true, parallel: besideInput},

	"olmo2": {noNorm: true, splitFirst: true}, "olmoe": {splitFirst: true, looseExperts: true}, "minimax-m2": {splitFirst: true},
	"exaone4": {noNorm: true, ropeWindow: true}, "exaone-moe": {ropeWindow: true}, "maple": {ropeWindow: true},
	"smollm3": {ropeEvery: 4}, "llama4": {ropeEvery: 4, weighBefore: true, looseExperts: true},
	"maincoder": {ropeFirst: true}, "hunyuan-moe": {ropeFirst: true}, "hunyuan-dense": {ropeFirst: true}, "hunyuan_vl": {ropeFirst: true},
	"afmoe": {normAll: true, ropeEvery: 4}, "muse-glimmer": {normAll: true, ropeWindow: true, embNorm: true},
	"gpt-oss": {softmaxOfChosen: true, looseExperts: true, rows: rowsBefore, hidden: true},
	"glm4moe": {hidden: true}, "hy_v3": {rows: rowsAfter, hidden: true, noDense: true},
	"step35":   {splitFirst: true, rows: rowsBefore, hidden: true},
	"cogvlm":   {rows: rowsNone},
	"qwen2moe": {looseExperts: true}, "deepseek": {looseExperts: true}, "deepseek2-ocr": {looseExperts: true}, "llada-moe": {looseExperts: true, noCache: true},
	"dream": {noCache: true}, "llada": {noCache: true}, "rnd1": {noCache: true},
	"mamba": {mixer: mamba}, "mamba2": {mixer: mamba2}, "jamba": {mixer: mamba, noRope: true, looseExperts: true, sumFirst: true, addFirst: true},
	"granite": {ropeSwitch: true}, "minicpm": {ropeSwitch: true}, "smallthinker": {routesInput: true, ropeFour: true},
	"granitehybrid": {mixer: mamba2, ropeSwitch: true}, "plamo2": {mixer: plamoMamba}, "falcon-h1": {both: mamba2},
	"nemotron_h": {mixer: mamba2, noRope: true, single: true, rows: rowsAfter, hidden: true}, "nemotron_h_moe": {mixer: mamba2, noRope: true, single: true, rows: rowsAfter, hidden: true},
	"lfm2": {mixer: shortConv, sumFirst: true, addFirst: true}, "lfm2moe": {mixer: shortConv, sumFirst: true, addFirst: true},
	"qwen3next": {mixer: deltaNet, attention: gatedAttention, rows: rowsAfter, hidden: true, early: true},
	"qwen35":    {mixer: deltaNet, attention: gatedAttention, rows: rowsAfter, hidden: true, early: true},
	"qwen35moe": {mixer: deltaNet, attention: gatedAttention, rows: rowsAfter, hidden: true, early: true},
	"deepseek2": {attention: latentAttention, hidden: true}, "mistral4": {attention: latentAttention, hidden: true},
	"minicpm3": {attention: latentAttention}, "plm": {attention: latentAttention},
	"deepseek32": {attention: sparseAttention, hidden: true}, "glm-dsa": {attention: sparseAttention, hidden: true}, "dots3note": {attention: sparseAttention},
	"kimi-k3":     {whole: kimi},
	"minimax-m3":  {attention: blockAttention},
	"hy_v4":       {whole: hunyuan4},
	"minimax-01":  {mixer: lightningAttention, normedResidual: true},
	"kimi-linear": {mixer: kda, attention: latentPlain, early: true}, "bailingmoe3": {mixer: kda, attention: latentAttention, rows: rowsAfter, hidden: true},
	"t5": {whole: decodeT5}, "t5encoder": {whole: encodeT5}, "gemma3n": {whole: gemma3n}, "gemma4": {whole: gemma4},
	"bert": {whole: bert, noCache: true}, "nomic-bert": {whole: bert, noCache: true}, "nomic-bert-moe": {whole: bert, noCache: true}, "jina-bert-v2": {whole: bert, noCache: true}, "jina-bert-v3": {whole: bert, noCache: true},
	"gemma-embedding": {noCache: true, noHead: true},
	"neo-bert":        {noCache: true, noHead: true}, "eurobert": {noCache: true, noHead: true},
	"modern-bert": {noCache: true, noHead: true, layerNorm: true},
}

var usual form

// cohereNorms is cohere2moe with the norms of Cohere's models before it.
var cohereNorms = form{layerNorm: true, parallel: besideLast, ropeWindow: true, ropeLead: true, rows: rowsAfter, hidden: true}

func formOf(h *gguf.Hyper) *form {
	if h.Architecture == "cohere2moe" && h.RMSNormEpsilon == 0 {
		return &cohereNorms
	}
	if f := forms[h.Architecture]; f != nil {
		return f
	}
	return &usual
}
