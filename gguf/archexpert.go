package gguf

// expertArchitectures are mixtures of experts with attention over all tokens:
// src/models/NAME.cpp of ggml-org/llama.cpp@v0.5.0, or the file named behind the row.
var expertArchitectures = []architecture{
	{
		name: "bailingmoe", rope: RoPENorm,
		need: []key{kRMSEps, kExpertFF, kExpertSharedCount},
		may:  []key{kLeadingDense, kExpertWeightsScale, kExpertWeightsNorm},
	},
	{
		name: "bailingmoe2", rope: RoPENeoX,
		need: []key{kRMSEps, kExpertFF, kExpertSharedCount, kExpertGatingFunc},
		may:  []key{kLeadingDense, kSharedFF, kExpertWeightsScale, kExpertWeightsNorm},
	},
	{
		name: "deepseek", rope: RoPENorm,
		need: []key{kRMSEps, kExpertFF, kExpertSharedCount},
		may:  []key{kLeadingDense, kExpertWeightsScale},
	},
	{
		name: "deepseek2-ocr", rope: RoPENorm,
		need: []key{kRMSEps, kExpertFF, kExpertSharedCount},
		may:  []key{kLeadingDense, kExpertWeightsScale, kExpertWeightsNorm, kExpertGatingFunc},
	}, // deepseek2ocr.cpp
	{
		name: "dots1", rope: RoPENeoX,
		need: []key{kRMSEps, kExpertFF, kExpertSharedCount},
		may:  []key{kLeadingDense, kExpertWeightsScale, kExpertWeightsNorm, kExpertGatingFunc},
	},
	{
		name: "ernie4_5-moe", rope: RoPENorm,
		need: []key{kRMSEps, kExpertFF, kInterleaveMoELayerStep},
		may:  []key{kRoPEDimensionSections, kSharedFF, kLeadingDense},
	}, // ernie4-5.cpp
	{
		name: "glm4moe", rope: RoPENeoX, sections: sectionsFirstTwo,
		need: []key{kExpertFF, kRMSEps, kExpertSharedCount},
		may:  []key{kRoPEDimensionSections, kLeadingDense, kExpertWeightsScale, kExpertWeightsNorm, kExpertGatingFunc},
	}, // glm4-moe.cpp
	{
		name: "granite", rope: RoPENorm, ropeSwitch: true, then: deepstackMapping,
		need: []key{kRMSEps, kLogitScale},
		may:  []key{kResidualScale, kEmbeddingScale, kAttentionScale, kDeepstackMapping, kSharedFF},
	},
	{
		name: "granitemoe", rope: RoPENorm,
		need: []key{kRMSEps, kLogitScale},
		may:  []key{kResidualScale, kEmbeddingScale, kAttentionScale, kSharedFF},
	}, // granite-moe.cpp
	{
		name: "graniteswitch", cache: cacheAll, rope: RoPENorm, ropeSwitch: true, then: graniteRouter,
		need: []key{kRMSEps, kLogitScale, kAdapterCount, kAdapterLoRARank, kAdapterTokenIDsActivate, kAdapterTokenIDsSubstitute},
		may:  []key{kResidualScale, kEmbeddingScale, kAttentionScale, kSharedFF, kAdapterRouterGain},
	}, // granite-switch.cpp
	{
		name: "grok", rope: RoPENeoX,
		need: needRMS,
		may: []key{kExpertFF, kLogitScale, kEmbeddingScale, kOutputScale, kAttnLogitSoftcapping, kRouterLogitSoftcapping,
			kFinalLogitSoftcapping, kTemperatureLength, kRoPEScalingYarnExtFactor, kRoPEScalingYarnAttnFactor,
			kRoPEScalingYarnBetaFast, kRoPEScalingYarnBetaSlow},
	},
	{name: "grovemoe", rope: RoPENeoX, need: []key{kExpertFF, kExpertGroupScale, kExpertsPerGroup, kRMSEps}, may: []key{kChunkFF}},
	{name: "hunyuan-moe", rope: RoPENeoX, need: []key{kRMSEps, kExpertFF}, may: []key{kSharedFF}},
	{
		name: "hy_v3", rope: RoPENeoX,
		need: []key{kRMSEps, kExpertFF},
		may:  []key{kSharedFF, kExpertGatingFunc, kExpertWeightsScale, kExpertWeightsNorm},
	},
	{name: "minimax-m2", rope: RoPENeoX, need: []key{kRMSEps, kExpertFF}, may: []key{kExpertGatingFunc}},
	{name: "qwen2moe", rope: RoPENeoX, need: needRMS, may: []key{kExpertFF, kSharedFF}},
	{name: "qwen3moe", rope: RoPENeoX, need: needRMS, may: []key{kExpertFF}},
	{name: "qwen3vlmoe", rope: RoPEIMRoPE, then: deepstackCount, need: needSections, may: []key{kNumDeepstackLayers, kExpertFF}},
}
