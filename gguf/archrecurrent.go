package gguf

// recurrentArchitectures are what has layers with a state:
// src/models/NAME.cpp of ggml-org/llama.cpp@v0.5.0, or the file named behind the row.
var recurrentArchitectures = []architecture{
	{
		name: "arwkv7", kind: KindRecurrent, memory: memoryRecurrent, recurrent: recurrentAll,
		need: []key{kWKVHeadSize, kDecayLoRARank, kIclrLoRARank, kValueResidualMixLoRARank},
		may:  []key{kNormEps, kRMSEps, kGateLoRARank, kTokenShiftCount},
	},
	{
		name: "bailingmoe3", kind: KindHybrid, memory: memoryHybrid,
		cache: cacheAttention, rope: RoPENorm, recurrent: recurrentNoKV, then: bailing3,
		need: []key{kRMSEps, kKeyLengthMLA, kValueLengthMLA, kKVRank, kSSMConvKernel, kKDAHeadDim, kKDAGateLowerBound, kExpertFF,
			kExpertSharedCount, kLeadingDense, kExpertGatingFunc},
		may: []key{kQRank, kKDASafeGate, kSharedFF, kExpertWeightsScale, kExpertWeightsNorm, kSwiGLUClampExpert,
			kSwiGLUClampShared},
	},
	{
		name: "falcon-h1", kind: KindHybrid, memory: memoryHybrid, cache: cacheAll, rope: RoPENeoX, recurrent: recurrentAll,
		need: []key{kRMSEps, kSSMConvKernel, kSSMInnerSize, kSSMStateSize, kSSMTimeStepRank, kSSMGroupCount},
	},
	{
		name: "granitehybrid", kind: KindHybrid, memory: memoryHybrid,
		cache: cacheAttention, rope: RoPENorm, ropeSwitch: true, recurrent: recurrentNoKV,
		need: []key{kRMSEps, kSSMConvKernel, kSSMInnerSize, kSSMStateSize, kSSMTimeStepRank, kSSMGroupCount},
		may:  []key{kLogitScale, kResidualScale, kEmbeddingScale, kAttentionScale, kSharedFF},
	}, // granite-hybrid.cpp
	{
		name: "jamba", kind: KindHybrid, memory: memoryHybrid, cache: cacheAttention, recurrent: recurrentNoKV,
		need: []key{kSSMConvKernel, kSSMInnerSize, kSSMStateSize, kSSMTimeStepRank, kRMSEps},
	},
	{
		name: "kimi-k3", kind: KindHybrid, memory: memoryHybrid,
		cache: cacheAttention, recurrent: recurrentNoKV, then: kimiValues,
		need: []key{kRMSEps, kKeyLengthMLA, kValueLengthMLA, kKVRank, kSSMConvKernel, kKDAHeadDim, kExpertFF, kExpertSharedCount,
			kExpertGatingFunc, kAttnResBlockSize, kActivationSituBeta, kActivationSituLinearBeta},
		may: []key{kQRank, kKDAGateLowerBound, kLeadingDense, kExpertWeightsScale, kExpertWeightsNorm, kExpertLatentLength},
	},
	{
		name: "kimi-linear", kind: KindHybrid, memory: memoryHybrid, cache: cacheAttention, recurrent: recurrentNoKV,
		need: []key{kRMSEps, kKeyLengthMLA, kValueLengthMLA, kKVRank, kSSMConvKernel, kKDAHeadDim, kExpertFF, kExpertSharedCount,
			kExpertGatingFunc},
		may: []key{kLeadingDense, kExpertWeightsScale},
	},
	{
		name: "lfm2", kind: KindHybrid, memory: memoryHybrid,
		cache: cacheAttention, rope: RoPENeoX, recurrent: recurrentNoKV, then: lfmDense,
		window: &windowRule{kind: WindowStandard, when: windowIfSize, attention: true},
		need:   []key{kShortconvLCache, kRMSEps},
		may:    []key{kWindow},
	},
	{
		name: "lfm2moe", kind: KindHybrid, memory: memoryHybrid,
		cache: cacheAttention, rope: RoPENeoX, recurrent: recurrentNoKV,
		need: []key{kShortconvLCache, kRMSEps, kExpertFF, kExpertGatingFunc},
		may:  []key{kLeadingDense},
	},
	{
		name: "mamba", kind: KindRecurrent, memory: memoryRecurrent, recurrent: recurrentAll,
		need: []key{kSSMConvKernel, kSSMInnerSize, kSSMStateSize, kSSMTimeStepRank, kRMSEps},
		may:  []key{kSSMDTBCRms},
	},
	{
		name: "mamba2", kind: KindRecurrent, memory: memoryRecurrent, recurrent: recurrentAll,
		need: []key{kSSMConvKernel, kSSMInnerSize, kSSMStateSize, kSSMTimeStepRank, kSSMGroupCount, kRMSEps},
	},
	{
		name: "minimax-01", kind: KindHybrid, memory: memoryHybrid,
		cache: cacheMainAttention, rope: RoPENeoX, recurrent: recurrentInterval, interval: 8,
		then: lightningHead,
		need: []key{kRMSEps, kResidualScale},
		may:  []key{kRecurrentLayers, kFullAttentionInterval},
	},
	{
		name: "nemotron_h", kind: KindHybrid, memory: memoryHybrid,
		cache: cacheAttentionAlone, recurrent: recurrentNoKVNoFF, then: nemotronNorms,
		need: []key{kSSMConvKernel, kSSMInnerSize, kSSMStateSize, kSSMTimeStepRank, kSSMGroupCount, kNormEps},
		may:  []key{kRMSEps, kExpertFF, kSharedFF, kExpertSharedCount, kExpertWeightsNorm, kExpertWeightsScale, kMoELatentSize},
	},
	{
		name: "nemotron_h_moe", kind: KindHybrid, memory: memoryHybrid,
		cache: cacheAttentionAlone, recurrent: recurrentNoKVNoFF, then: nemotronNorms,
		need: []key{kSSMConvKernel, kSSMInnerSize, kSSMStateSize, kSSMTimeStepRank, kSSMGroupCount, kNormEps},
		may:  []key{kRMSEps, kExpertFF, kSharedFF, kExpertSharedCount, kExpertWeightsNorm, kExpertWeightsScale, kMoELatentSize},
	}, // nemotron-h.cpp
	{
		name: "plamo2", kind: KindHybrid, memory: memoryHybrid,
		cache: cacheAttention, rope: RoPENeoX, recurrent: recurrentNoKV, then: plamoHeads,
		need: []key{kRMSEps, kSSMConvKernel, kSSMInnerSize, kSSMStateSize, kSSMTimeStepRank, kSSMGroupCount},
	},
	{
		name: "qwen35", kind: KindHybrid, memory: memoryHybrid,
		cache: cacheMainAttention, rope: RoPEIMRoPE, recurrent: recurrentInterval, interval: 4,
		need: []key{kRMSEps, kRoPEDimensionSections, kSSMConvKernel, kSSMInnerSize, kSSMStateSize, kSSMTimeStepRank,
			kSSMGroupCount},
		may: []key{kRecurrentLayers, kFullAttentionInterval},
	},
	{
		name: "qwen35moe", kind: KindHybrid, memory: memoryHybrid,
		cache: cacheMainAttention, rope: RoPEIMRoPE, recurrent: recurrentInterval, interval: 4,
		need: []key{kRMSEps, kRoPEDimensionSections, kSSMConvKernel, kSSMInnerSize, kSSMStateSize, kSSMTimeStepRank,
			kSSMGroupCount},
		may: []key{kExpertFF, kSharedFF, kRecurrentLayers, kFullAttentionInterval},
	},
	{
		name: "qwen3next", kind: KindHybrid, memory: memoryHybrid,
		cache: cacheMainAttention, rope: RoPENeoX, recurrent: recurrentInterval, interval: 4,
		need: []key{kRMSEps, kSSMConvKernel, kSSMInnerSize, kSSMStateSize, kSSMTimeStepRank, kSSMGroupCount},
		may:  []key{kExpertFF, kSharedFF, kRecurrentLayers, kFullAttentionInterval},
	},
	{
		name: "qwen4exp", kind: KindHybrid, memory: memoryHybridIndexer,
		cache: cacheMainAttention, rope: RoPEIMRoPE, recurrent: recurrentInterval, interval: 4,
		first: qwen4Keys, then: qwen4,
		need: []key{kRMSEps, kRoPEDimensionSections, kSSMConvKernel, kSSMInnerSize, kSSMStateSize, kSSMTimeStepRank,
			kSSMGroupCount, kHyperConnectionCount, kHyperConnectionLowRank, kIndexerHeadCount, kIndexerKeyLength, kIndexerTopK},
		may: []key{kExpertFF, kSharedFF, kCompressRatios, kRecurrentLayers, kFullAttentionInterval},
		late: []key{kPLELayers, kPLENgramSize, kPLEHeadsPerNgram, kPLEConvKernel, kPLEEosTokenID, kEmbeddingPerLayer,
			kPLELayerMultipliers, kPLEHeadOffsets, kPLEHeadVocabSizes, kPLEImageTokenID},
	},
	{
		name: "rwkv6", kind: KindRecurrent, memory: memoryRecurrent, recurrent: recurrentAll,
		need: []key{kWKVHeadSize, kTimeMixExtraDim, kTimeDecayExtraDim},
		may:  []key{kNormEps, kRMSEps, kRescaleEveryNLayers, kTokenShiftCount},
	},
	{
		name: "rwkv6qwen2", kind: KindRecurrent, memory: memoryRecurrent, recurrent: recurrentAll,
		need: []key{kWKVHeadSize, kTimeMixExtraDim, kTimeDecayExtraDim},
		may:  []key{kNormEps, kRMSEps, kRescaleEveryNLayers, kTokenShiftCount},
	},
	{
		name: "rwkv7", kind: KindRecurrent, memory: memoryRecurrent, recurrent: recurrentAll,
		need: []key{kWKVHeadSize, kDecayLoRARank, kIclrLoRARank, kValueResidualMixLoRARank},
		may:  []key{kNormEps, kRMSEps, kGateLoRARank, kTokenShiftCount},
	},
}
