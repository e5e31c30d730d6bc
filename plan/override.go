package plan

import (
	"strconv"
	"strings"
)

// ExpertWeights are the tensors of experts that a router chooses: LLM_FFN_EXPS_REGEX of
// common/common.h@v0.5.0.
const ExpertWeights = `\.ffn_(up|down|gate|gate_up)_(ch|)exps`

// maxLayers is more than any model has: LLAMA_MAX_LAYERS of src/llama-hparams.h@v0.5.0.
const maxLayers = 512

// ExpertsOnHost keeps the weights of experts in host memory: those of the first layers,
// negative: of all.
func ExpertsOnHost(layers int) Override {
	if layers < 0 || layers >= maxLayers {
		return Override{Pattern: ExpertWeights, Buffer: "CPU"}
	}
	numbers := make([]string, layers)
	for i := range numbers {
		numbers[i] = strconv.Itoa(i)
	}
	return Override{Pattern: `blk\.(` + strings.Join(numbers, "|") + ")" + ExpertWeights, Buffer: "CPU"}
}

// ExpertLayers is how many of a model's layers, from the first, keep their experts on the host
// by overrides of [ExpertsOnHost].
func ExpertLayers(overrides []Override, layers int) (n int) {
	for _, o := range overrides {
		if o == ExpertsOnHost(-1) {
			return layers
		}
		if k := strings.Count(o.Pattern, "|") - strings.Count(ExpertWeights, "|") + 1; k > 0 && o == ExpertsOnHost(k) {
			n = max(n, min(k, layers))
		}
	}
	return n
}
