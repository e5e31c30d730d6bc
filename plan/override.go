package plan

import (
	"strconv"
	"strings"
)

// expertWeights are the tensors of experts that a router chooses: LLM_FFN_EXPS_REGEX of
// common/common.h@v0.5.0.
const expertWeights = `\.ffn_(up|down|gate|gate_up)_(ch|)exps`

// maxLayers is more than any model has: LLAMA_MAX_LAYERS of src/llama-hparams.h@v0.5.0.
const maxLayers = 512

// ExpertsOnHost keeps the weights of experts in host memory: those of the first layers,
// negative: of all.
func ExpertsOnHost(layers int) Override {
	if layers < 0 || layers >= maxLayers {
		return Override{Pattern: expertWeights, Buffer: "CPU"}
	}
	numbers := make([]string, layers)
	for i := range numbers {
		numbers[i] = strconv.Itoa(i)
	}
	return Override{Pattern: `blk\.(` + strings.Join(numbers, "|") + ")" + expertWeights, Buffer: "CPU"}
}
