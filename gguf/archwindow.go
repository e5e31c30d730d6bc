package gguf

// windowArchitectures are what has layers with a sliding window:
// src/models/NAME.cpp of ggml-org/llama.cpp@v0.5.0, or the file named behind the row.
var windowArchitectures = []architecture{
	{
		name: "afmoe", rope: RoPENeoX,
		window: &windowRule{kind: WindowStandard, when: windowIfSize, pattern: 4, rope: ropeSame},
		need:   []key{kRMSEps, kExpertFF, kExpertSharedCount},
		may:    []key{kLeadingDense, kExpertGatingFunc, kExpertWeightsScale, kExpertWeightsNorm, kWindow, kRoPEBaseWindow, kPattern},
	},
	{
		name: "cohere2", rope: RoPENorm,
		window: &windowRule{kind: WindowStandard, pattern: 4, rope: ropeSame},
		need:   []key{kWindow, kLogitScale, kNormEps},
		may:    []key{kRoPEBaseWindow, kPattern},
	},
	{
		name: "cohere2moe", rope: RoPENorm, then: cohereNorms,
		window: &windowRule{kind: WindowStandard, pattern: 4, denseFirst: true, rope: ropeSame},
		need:   []key{kWindow, kLogitScale, kLeadingDense, kExpertFF},
		may: []key{kNormEps, kRMSEps, kSharedFF, kExpertSharedCount, kExpertWeightsNorm, kExpertWeightsScale, kExpertGatingFunc,
			kRoPEBaseWindow, kPattern},
	},
	{
		name: "exaone-moe", rope: RoPENeoX,
		window: &windowRule{kind: WindowStandard, size: 128, pattern: 4, rope: ropeSame},
		need:   []key{kWindow, kRMSEps, kExpertFF, kExpertGatingFunc},
		may: []key{kRoPEBaseWindow, kExpertSharedCount, kSharedFF, kExpertWeightsScale, kExpertWeightsNorm, kLeadingDense,
			kPattern},
	},
	{
		name: "exaone4", rope: RoPENeoX,
		window: &windowRule{kind: WindowStandard, when: windowLayers64, size: 4096, pattern: 4, rope: ropeSame},
		need:   needRMS,
		may:    []key{kRoPEBaseWindow, kWindow, kPattern},
	},
	{
		name: "gemma2", rope: RoPENeoX,
		window: &windowRule{kind: WindowStandard, size: 4096, pattern: 2, rope: ropeSame},
		need:   needRMS,
		may:    []key{kRoPEBaseWindow, kWindow, kAttnLogitSoftcapping, kFinalLogitSoftcapping, kPattern},
	},
	{
		name: "gemma3", rope: RoPENeoX,
		window: &windowRule{kind: WindowStandard, when: windowIfSize, pattern: 6},
		need:   needRMS,
		may:    []key{kWindow, kRoPEBaseWindow, kFinalLogitSoftcapping, kPattern},
	},
	{
		name: "gemma3n", rope: RoPENeoX, then: gemmaN,
		window: &windowRule{kind: WindowStandard, pattern: 5},
		need:   []key{kWindow, kRMSEps},
		may:    []key{kRoPEBaseWindow, kPattern},
	},
	{
		name: "gemma4", rope: RoPENeoX, then: gemma4,
		window: &windowRule{kind: WindowStandard, list: true},
		need:   []key{kPattern, kWindow, kRMSEps, kEmbeddingPerLayer, kKeyLengthWindow, kValueLengthWindow},
		may:    []key{kSharedKVLayers, kRoPEBaseWindow, kExpertFF, kFinalLogitSoftcapping},
	},
	{
		name: "gpt-oss", rope: RoPENeoX,
		window: &windowRule{kind: WindowStandard, pattern: 2, rope: ropeSame},
		need:   []key{kRMSEps, kExpertFF, kWindow},
		may:    []key{kRoPEBaseWindow, kPattern},
	}, // openai-moe.cpp
	{
		name: "granite_swa", rope: RoPENorm, then: deepstackMapping,
		window: &windowRule{kind: WindowStandard, list: true},
		need:   []key{kRMSEps, kLogitScale, kPattern, kWindow},
		may:    []key{kResidualScale, kEmbeddingScale, kAttentionScale, kDeepstackMapping, kRoPEPattern, kSharedFF},
	},
	{
		name: "laguna", rope: RoPENeoX, sharedExperts: 1, then: sharedFromExpert,
		window: &windowRule{kind: WindowStandard, when: windowIfSize, pattern: 4, denseFirst: true, rope: ropeBase},
		need:   []key{kRMSEps, kLeadingDense, kExpertFF},
		may: []key{kExpertGatingFunc, kExpertWeightsScale, kExpertWeightsNorm, kExpertSharedCount, kSharedFF, kWindow,
			kRoPEBaseWindow, kPattern},
	},
	{
		name: "llama4", rope: RoPENorm,
		window: &windowRule{kind: WindowChunked, when: windowNotZero, size: 8192, fixed: true, pattern: 4, rope: ropeSame},
		need:   []key{kRMSEps, kExpertFF, kInterleaveMoELayerStep},
		may:    []key{kWindow, kRoPEBaseWindow, kPattern},
	},
	{
		name: "maple", rope: RoPENeoX,
		window: &windowRule{kind: WindowStandard, list: true, rope: ropeSame},
		need:   []key{kRMSEps, kWindow, kExpertFF, kPattern, kSwiGLUClampExpert},
		may:    []key{kRoPEBaseWindow},
	},
	{
		name: "mellum", rope: RoPENeoX,
		window: &windowRule{kind: WindowStandard, when: windowIfSize, pattern: 4, rope: ropeSame},
		need:   []key{kRMSEps, kExpertFF},
		may:    []key{kWindow, kRoPEBaseWindow, kPattern},
	},
	{
		name: "mimo2", rope: RoPENeoX,
		window: &windowRule{kind: WindowStandard, list: true},
		need:   []key{kRMSEps, kExpertFF, kWindow, kPattern},
		may:    []key{kRoPEBaseWindow, kValueScale},
	},
	{
		name: "muse-glimmer", rope: RoPENorm,
		window: &windowRule{kind: WindowStandard, pattern: 4, rope: ropeBase},
		need:   []key{kRMSEps, kWindow, kLogitScale},
		may:    []key{kFinalLogitSoftcapping, kRoPEBaseWindow, kPattern},
	},
	{
		name: "olmo2", rope: RoPENeoX,
		window: &windowRule{kind: WindowStandard, when: windowIfSize, pattern: 4, rope: ropeBase},
		need:   needRMS,
		may:    []key{kWindow, kRoPEBaseWindow, kPattern},
	},
	{name: "phi3", rope: RoPENeoX, window: &windowRule{when: windowNever}, need: needRMS, may: []key{kWindow}},
	{
		name: "plamo3", rope: RoPENeoX,
		window: &windowRule{kind: WindowStandard, when: windowIfSize, pattern: 8},
		need:   needRMS,
		may:    []key{kWindow, kRoPEBaseWindow, kPattern},
	},
	{
		name: "smallthinker", rope: RoPENeoX,
		window: &windowRule{kind: WindowStandard, when: windowIfSize, size: 4096, fixed: true, pattern: 4, denseFirst: true,
			rope: ropeSame},
		need: needRMS,
		may:  []key{kWindow, kRoPEBaseWindow, kExpertFF, kExpertGatingFunc, kPattern},
	},
	{
		name: "spark2_5", rope: RoPENeoX,
		window: &windowRule{kind: WindowStandard, list: true, rope: ropeSame},
		need:   []key{kRMSEps, kWindow, kPattern},
		may:    []key{kRoPEBaseWindow},
	},
	{
		name: "step35", rope: RoPENeoX, then: stepHalf,
		window: &windowRule{kind: WindowStandard, list: true},
		need:   []key{kRMSEps, kExpertFF, kWindow, kPattern},
		may: []key{kSharedFF, kExpertGatingFunc, kExpertWeightsScale, kExpertWeightsNorm, kRoPEBaseWindow, kSwiGLUClampExpert,
			kSwiGLUClampShared},
	},
}
