package gguf

// graph is what the engine asserts while it builds the graph of an architecture.
type graph uint8

const (
	sameHeads graph = 1 << iota // keys and values of a head have the same length
	wholeRope                   // all numbers of a head are rotated
)

const whole = sameHeads | wholeRope

// graphs are ggml-org/llama.cpp src/models/*.cpp@v0.5.0. What is not here asserts nothing
// of this kind. A test holds it to the engine's source.
var graphs = map[string]graph{
	"afmoe": sameHeads, "apertus": whole, "arcee": whole, "arctic": whole, "baichuan": whole, "bailingmoe2": sameHeads,
	"bert": sameHeads, "bitnet": sameHeads, "bloom": sameHeads, "chameleon": whole, "chatglm": sameHeads,
	"codeshell": whole, "cogvlm": whole, "cohere2": sameHeads, "cohere2moe": whole, "command-r": sameHeads,
	"dbrx": whole, "deci": whole, "deepseek": whole, "dots1": whole, "dream": whole, "ernie4_5": whole,
	"ernie4_5-moe": whole, "eurobert": sameHeads, "exaone": whole, "exaone-moe": whole, "exaone4": whole,
	"falcon": whole, "glm4": sameHeads, "glm4moe": sameHeads, "gpt2": sameHeads, "gptneox": sameHeads,
	"granite": whole, "granite_swa": whole, "granitehybrid": sameHeads, "graniteswitch": whole, "grok": whole,
	"grovemoe": whole, "hunyuan-moe": whole, "hunyuan_vl": whole, "hy_v3": whole, "internlm2": whole,
	"jais": sameHeads, "jais2": whole, "laguna": sameHeads, "llada": whole, "llada-moe": whole, "llama": whole,
	"llama4": whole, "maincoder": whole, "maple": sameHeads, "mellum": whole, "minimax-m2": sameHeads,
	"minimax-m3": sameHeads, "mistral3": whole, "modern-bert": sameHeads, "mpt": sameHeads, "muse-glimmer": sameHeads,
	"nanbeige": sameHeads, "nemotron": sameHeads, "nemotron_h": sameHeads,
	"nemotron_h_moe": sameHeads, "neo-bert": sameHeads, "olmo": whole, "olmo2": whole, "olmoe": whole,
	"openelm": sameHeads, "orion": whole, "paddleocr": whole, "pangu-embedded": whole, "phi2": sameHeads,
	"phi3": sameHeads, "plamo": whole, "qwen": sameHeads, "qwen2": whole, "qwen2moe": whole, "qwen2vl": whole,
	"qwen3": whole, "qwen3moe": whole, "qwen3vl": whole, "qwen3vlmoe": whole, "qwen35": sameHeads,
	"qwen35moe": sameHeads, "qwen3next": sameHeads, "qwen4exp": sameHeads,
	"refact": sameHeads, "rnd1": whole, "seed_oss": whole, "smallthinker": whole, "smollm3": whole,
	"spark2_5": sameHeads, "stablelm": sameHeads, "starcoder": sameHeads, "starcoder2": whole, "t5": sameHeads,
	"talkie": whole, "xverse": whole,
}
