package gguf

// otherArchitectures are encoders, diffusion, drafts, codecs, and what the engine does
// not run:
// src/models/NAME.cpp of ggml-org/llama.cpp@v0.5.0, or the file named behind the row.
var otherArchitectures = []architecture{
	{name: "bert", kind: KindEncoder, memory: memoryNone, rope: RoPENeoX, need: needNorm},
	{name: "clip", refused: true, memory: memoryNone},
	{
		name: "dflash", kind: KindDraft, rope: RoPENeoX, sections: sectionsAny, first: draftKeys, then: draft,
		need: []key{kRMSEps, kTargetLayers},
		may: []key{kWindow, kEmbeddingScale, kAttentionScale, kHiddenAct, kLogitScale, kFinalLogitSoftcapping, kRoPEDimensionSections,
			kDraftBlockSize, kDraftConvKernelSize, kDraftConvGroupSize, kDraftSelectorRank, kDraftSelectorTopK,
			kHyperConnectionCount},
		late: []key{kQRank, kExpertFF, kExpertSharedCount, kExpertWeightsScale, kExpertWeightsNorm, kExpertGatingFunc,
			kSwiGLUClampExpert, kOutputGroupCount, kOutputLoRARank, kHyperConnectionSinkhornIterations, kHyperConnectionEpsilon,
			kSwiGLUClampShared, kCompressRatios, kPattern},
	},
	{name: "dream", kind: KindDiffusion, memory: memoryNone, rope: RoPENeoX, notCausal: true, need: needRMS},
	{
		name: "eagle3", kind: KindDraft, rope: RoPENorm, then: eagleEmbedding,
		need: []key{kTargetLayers, kRMSEps, kTargetHiddenSize},
		may:  []key{kNormBeforeResidual, kNormBeforeFc},
	},
	{name: "eurobert", kind: KindEncoder, memory: memoryNone, rope: RoPENeoX, need: needRMS},
	{
		name: "gemma-embedding", kind: KindEncoder, memory: memoryNone, rope: RoPENeoX, notCausal: true, then: gemmaDense,
		window: &windowRule{kind: WindowSymmetric, pattern: 6},
		need:   []key{kWindow, kRMSEps},
		may:    []key{kRoPEBaseWindow, kDense2FeatIn, kDense2FeatOut, kDense3FeatIn, kDense3FeatOut, kPattern},
	},
	{
		name: "gemma4-assistant", kind: KindDraft, memory: memoryShared, rope: RoPENeoX, then: gemmaAssistant,
		window: &windowRule{kind: WindowStandard, list: true},
		need:   []key{kPattern, kWindow, kRMSEps, kKeyLengthWindow, kValueLengthWindow},
		may:    []key{kSharedKVLayers, kRoPEBaseWindow},
	},
	{name: "gptj", refused: true, memory: memoryNone},
	{name: "jina-bert-v2", kind: KindEncoder, memory: memoryNone, need: needNorm},
	{name: "jina-bert-v3", kind: KindEncoder, memory: memoryNone, rope: RoPENeoX, need: needNorm},
	{name: "llada", kind: KindDiffusion, memory: memoryNone, rope: RoPENorm, notCausal: true, need: needRMS},
	{
		name: "llada-moe", kind: KindDiffusion, memory: memoryNone, rope: RoPENeoX, notCausal: true,
		need: needRMS,
		may:  []key{kExpertFF},
	},
	{name: "llama-embed", kind: KindEncoder, rope: RoPENorm, wholeHeads: true, need: needRMS, may: []key{kVocabSize}}, // llama.cpp
	{
		name: "modern-bert", kind: KindEncoder, memory: memoryNone, rope: RoPENeoX,
		window: &windowRule{kind: WindowSymmetric, when: windowIfSize, pattern: 3, denseFirst: true},
		need:   needNorm,
		may:    []key{kWindow, kRoPEBaseWindow, kHiddenAct, kPattern},
	},
	{name: "neo-bert", kind: KindEncoder, memory: memoryNone, rope: RoPENorm, need: needRMS},
	{name: "nomic-bert", kind: KindEncoder, memory: memoryNone, rope: RoPENeoX, need: needNorm},
	{name: "nomic-bert-moe", kind: KindEncoder, memory: memoryNone, rope: RoPENeoX, need: needNorm, may: []key{kMoEEveryNLayers}},
	{name: "rnd1", kind: KindDiffusion, memory: memoryNone, rope: RoPENeoX, notCausal: true, need: needRMS, may: []key{kExpertFF}},
	{
		name: "t5", kind: KindEncoderDecoder,
		need: []key{kRMSEps, kRelativeBucketsCount},
		may:  []key{kDecoderStartTokenID, kDecoderBlockCount},
	},
	{name: "t5encoder", kind: KindEncoder, need: []key{kRMSEps, kRelativeBucketsCount}},
	{
		name: "wavtokenizer-dec", kind: KindCodec, memory: memoryNone, first: codecSizes,
		need: []key{kNormEps, kGroupEps, kNormGroups, kFeaturesLength, kPosnetEmbeddingLength, kPosnetBlockCount,
			kConvnextEmbeddingLength, kConvnextBlockCount},
	},
}
