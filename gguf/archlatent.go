package gguf

// latentArchitectures are what has latent or sparse attention:
// src/models/NAME.cpp of ggml-org/llama.cpp@v0.5.0, or the file named behind the row.
var latentArchitectures = []architecture{
	{
		name: "deepseek2", rope: RoPENorm, then: deepseekLite,
		need: []key{kRMSEps, kKVRank, kExpertFF, kExpertSharedCount},
		may: []key{kVocabSize, kLeadingDense, kKeyLengthMLA, kValueLengthMLA, kExpertWeightsScale, kExpertWeightsNorm, kExpertGatingFunc,
			kRoPEScalingYarnLogMul, kTemperatureScale, kTemperatureLength, kQRank},
	},
	{
		name: "deepseek32", memory: memoryIndexer, rope: RoPENorm, normEpsilon: 1e-6, then: allIndexers,
		need: []key{kExpertFF, kRMSEps, kExpertSharedCount, kQRank, kKVRank, kIndexerHeadCount, kIndexerKeyLength, kIndexerTopK,
			kExpertGatingFunc},
		may: []key{kRoPEDimensionSections, kLeadingDense, kExpertWeightsScale, kExpertWeightsNorm, kKeyLengthMLA,
			kValueLengthMLA, kRoPEScalingYarnLogMul},
	},
	{
		name: "deepseek4", memory: memoryCompressed, rope: RoPENorm, first: deepseek4Predictor, then: deepseek4,
		need: []key{kRMSEps, kQRank, kWindow, kExpertFF, kExpertSharedCount, kExpertWeightsScale, kExpertWeightsNorm,
			kSwiGLUClampExpert, kIndexerHeadCount, kIndexerKeyLength, kIndexerTopK, kOutputGroupCount, kOutputLoRARank,
			kCompressRoPEBase, kHyperConnectionCount, kHyperConnectionSinkhornIterations, kHyperConnectionEpsilon, kHashLayerCount,
			kCompressRatios, kExpertGatingFunc},
		may: []key{kSwiGLUClampShared},
	},
	{
		name: "dots3note", memory: memoryIndexer, rope: RoPENorm, normEpsilon: 1e-6, then: dots3,
		window: &windowRule{kind: WindowStandard, list: true},
		need: []key{kRMSEps, kExpertSharedCount, kExpertFF, kLeadingDense, kExpertGatingFunc, kQRank, kKVRank, kKeyLengthMLA,
			kValueLengthMLA, kKVLoRARankWindow, kKeyLengthMLAWindow, kValueLengthMLAWindow, kWindow, kRoPEBaseWindow, kPattern,
			kIndexerHeadCount, kIndexerKeyLength, kIndexerTopK, kIndexerTypes},
		may: []key{kExpertWeightsScale, kExpertWeightsNorm},
	},
	{
		name: "glm-dsa", memory: memoryIndexer, rope: RoPENorm, then: glmIndexer,
		need: []key{kExpertFF, kRMSEps, kExpertSharedCount, kQRank, kKVRank, kIndexerHeadCount, kIndexerKeyLength, kIndexerTopK},
		may: []key{kRoPEDimensionSections, kLeadingDense, kExpertWeightsScale, kExpertWeightsNorm, kKeyLengthMLA,
			kValueLengthMLA, kExpertGatingFunc, kIndexerTypes},
	},
	{
		name: "hy_v4", memory: memoryIndexer, cache: cacheAll, rope: RoPENorm, then: hunyuan4,
		need: []key{kRMSEps, kQRank, kKVRank, kKeyLengthMLA, kValueLengthMLA, kExpertFF, kExpertSharedCount,
			kHyperConnectionCount, kHyperConnectionEpsilon, kHyperConnectionMagnitude},
		may: []key{kLeadingDense, kExpertWeightsScale, kExpertWeightsNorm, kExpertGatingFunc, kSwiGLUClampExpert,
			kIndexerHeadCount, kIndexerKeyLength, kIndexerTopK, kIndexerTypes},
	},
	{name: "minicpm3", rope: RoPENeoX, need: []key{kRMSEps, kQRank, kKVRank}},
	{
		name: "minimax-m3", memory: memoryIndexer, cache: cacheAll, rope: RoPENeoX, then: minimaxBlocks,
		need: []key{kRMSEps, kExpertFF, kExpertSharedCount, kExpertGatingFunc, kIndexerHeadCount, kIndexerKeyLength,
			kIndexerTopK, kIndexerBlockSize, kIndexerLocalBlocks},
		may: []key{kLeadingDense, kExpertWeightsScale, kExpertWeightsNorm},
	},
	{
		name: "mistral4", rope: RoPENorm, then: deepseekLite,
		need: []key{kRMSEps, kKVRank, kExpertFF, kExpertSharedCount},
		may: []key{kVocabSize, kLeadingDense, kKeyLengthMLA, kValueLengthMLA, kExpertWeightsScale, kExpertWeightsNorm, kExpertGatingFunc,
			kRoPEScalingYarnLogMul, kTemperatureScale, kTemperatureLength, kQRank},
	}, // deepseek2.cpp
	{name: "plm", rope: RoPENorm, need: []key{kRMSEps, kKVRank}},
}
