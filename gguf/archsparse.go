package gguf

// What the architectures with latent or sparse attention do by themselves: each from
// its file in src/models@v0.5.0.

// gatingSqrtSoftplus is the only router that DeepSeek 4 has.
const gatingSqrtSoftplus = 4

// deepseekLite: models of these sizes have no rank for queries.
func deepseekLite(r *hyperReader) {
	switch n := r.h.Main(); {
	case n == 26 || n == 27 || n == 48 && r.h.Vocabulary == 128256:
		r.h.MLA.QRank = 0
	default:
		r.need(kQRank)
	}
}

// deepseek4Predictor: layers that predict ahead count only where their tensors are.
func deepseek4Predictor(r *hyperReader) {
	h := r.h
	if h.NextN > 0 && !r.f.hasTensor(blockTensor(h.Main(), "nextn.eh_proj.weight")) {
		h.NextN = 0
	}
}

func deepseek4(r *hyperReader) {
	h := r.h
	h.EmbeddingOut = h.MLA.HyperConnections * h.Embedding
	if n := r.value(kCompressRatios).Len(); n < len(h.Layers) {
		r.fail(kCompressRatios, "has %d elements for %d layers", n, len(h.Layers))
	}
	r.list(kCompressRatios, len(h.Layers), func(i, n int) { h.Layers[i].Compress = n })
	r.softplus()
	allWindow(r)
}

func (r *hyperReader) softplus() {
	if n := r.count(kExpertGatingFunc, 0); n != gatingSqrtSoftplus {
		r.fail(kExpertGatingFunc, "is %d, must be %d", n, gatingSqrtSoftplus)
	}
}

// allWindow: also the layers that predict ahead have a window.
func allWindow(r *hyperReader) {
	for i := range r.h.Layers {
		r.h.Layers[i].Window = true
	}
}

// draft is DFlash: a draft of its own kind, or stages of DeepSeek 4.
func draft(r *hyperReader) {
	h := r.h
	h.EmbeddingEncoder = r.value(kTargetLayers).Len() * h.Embedding
	if h.MLA.HyperConnections == 0 {
		h.MLA = MLA{}
		h.Experts.Shared = 0
		for i := range h.Layers {
			h.Layers[i].ExpertFeedForward = 0
		}
		if h.Window.Size > 0 {
			h.Window.Kind = WindowStandard
			r.windowRoPE(ropeSame)
			r.windowLayers(&windowRule{list: true})
		}
		return
	}
	for _, k := range [...]key{kQRank, kWindow, kExpertFF, kExpertSharedCount, kExpertWeightsScale, kExpertWeightsNorm, kExpertGatingFunc,
		kSwiGLUClampExpert, kOutputGroupCount, kOutputLoRARank, kHyperConnectionSinkhornIterations, kHyperConnectionEpsilon} {
		r.need(k)
	}
	r.softplus()
	for _, k := range [...]key{kOutputGroupCount, kWindow} {
		if r.count(k, 0) == 0 {
			r.fail(k, "is 0")
		}
	}
	r.list(kCompressRatios, len(h.Layers), func(i, n int) {
		if n != 0 {
			r.fail(kCompressRatios, "layer %d is compressed", i)
		}
	})
	h.memory = memoryAttention
	if h.RoPE.Kind == RoPENeoX {
		h.RoPE.Kind = RoPENorm
	}
	h.Window.Kind = WindowStandard
	r.windowRoPE(ropeSame)
	allWindow(r)
}

// indexerTypes: which layers select tokens themselves.
func (r *hyperReader) indexerTypes() {
	r.layers(kIndexerTypes, r.h.Main(), func(l *Layer, n int) { l.Indexer = n != 0 })
}

func dots3(r *hyperReader) {
	h := r.h
	r.list(kIndexerTypes, len(h.Layers), func(i, n int) { h.Layers[i].Indexer = n != 0 })
}

func deepseek32(r *hyperReader) {
	for i := range r.h.Layers {
		r.h.Layers[i].Indexer = i < r.h.Main()
	}
}

// glmIndexer: without a list, all layers of models up to 5.1, and one in four of 5.2.
func glmIndexer(r *hyperReader) {
	const context52, listed52 = 1048576, 78
	for i := range r.h.Layers {
		r.h.Layers[i].Indexer = r.h.Context < context52 || i < 2 || i < listed52 && i%4 == 2
	}
	r.indexerTypes()
}

func hunyuan4(r *hyperReader) {
	h := r.h
	if h.MLA.Key == 0 || h.MLA.Value == 0 {
		r.fail(kKeyLengthMLA, "and value_length_mla must not be 0")
	}
	if h.Indexer.TopK == 0 {
		h.memory = memoryAttention
		return
	}
	h.NormEpsilon = h.RMSNormEpsilon
	if h.Indexer.Heads == 0 {
		r.fail(kIndexerHeadCount, "is 0")
	}
	if h.Indexer.KeyLength <= r.rotated {
		r.fail(kIndexerKeyLength, "is %d, must be above %d, which is rotated", h.Indexer.KeyLength, r.rotated)
	}
	r.indexerTypes()
	if !h.First().Indexer {
		r.fail(kIndexerTypes, "the first layer must have one")
	}
}

func minimaxBlocks(r *hyperReader) {
	if r.h.Indexer.Block == 0 {
		r.fail(kIndexerBlockSize, "is 0")
	}
}

// qwen4 has hyper-connections, an indexer and one layer with hashed n-grams.
func qwen4(r *hyperReader) {
	h := r.h
	for _, k := range [...]key{kSSMConvKernel, kSSMInnerSize, kSSMStateSize, kSSMTimeStepRank, kSSMGroupCount,
		kHyperConnectionLowRank, kIndexerHeadCount, kIndexerKeyLength, kIndexerTopK} {
		if r.has(k) && r.count(k, 0) == 0 {
			r.fail(k, "is 0")
		}
	}
	if n := h.MLA.HyperConnections; n <= 1 {
		r.fail(kHyperConnectionCount, "is %d, must be above 1", n)
	}
	h.EmbeddingOut = h.MLA.HyperConnections * h.Embedding
	r.layers(kCompressRatios, len(h.Layers), func(l *Layer, n int) { l.Compress = n })
	if r.has(kPLELayers) && r.value(kPLELayers).Len() > 0 {
		qwen4Hashes(r)
	} else {
		h.EmbeddingPerLayer = 0
	}
}

func qwen4Hashes(r *hyperReader) {
	const maxNgram, maxHeads = 8, 64
	h := r.h
	for _, k := range [...]key{kPLENgramSize, kPLEHeadsPerNgram, kPLEConvKernel, kPLEEosTokenID, kEmbeddingPerLayer,
		kPLELayerMultipliers, kPLEHeadOffsets, kPLEHeadVocabSizes} {
		r.need(k)
	}
	if n := r.value(kPLELayers).Len(); n != 1 {
		r.fail(kPLELayers, "has %d elements, must have 1", n)
	}
	ngram, kernel := r.count(kPLENgramSize, 0), r.count(kPLEConvKernel, 0)
	for _, k := range [...]key{kPLEConvKernel, kEmbeddingPerLayer} {
		if r.count(k, 0) == 0 {
			r.fail(k, "is 0")
		}
	}
	if ngram < 2 || ngram > maxNgram {
		r.fail(kPLENgramSize, "is %d, must be 2 to %d", ngram, maxNgram)
	}
	heads := (ngram - 1) * r.count(kPLEHeadsPerNgram, 0)
	if heads < 1 || heads > maxHeads {
		r.fail(kPLEHeadsPerNgram, "makes %d heads, must be 1 to %d", heads, maxHeads)
	}
	r.length(kPLELayerMultipliers, ngram)
	r.length(kPLEHeadOffsets, heads)
	r.length(kPLEHeadVocabSizes, heads)
	r.list(kPLELayers, 1, func(_, layer int) {
		if layer < 0 || layer >= len(h.Layers) {
			r.fail(kPLELayers, "layer %d of %d", layer, len(h.Layers))
			return
		}
		h.Recurrent.PLELayer = layer
		h.Recurrent.PLEConv = (kernel - 1) * ngram * h.MLA.HyperConnections * h.Embedding
	})
}

// length fails when an array has another number of elements.
func (r *hyperReader) length(k key, n int) {
	if r.err == nil && r.value(k).Len() != n {
		r.fail(k, "has %d elements, must have %d", r.value(k).Len(), n)
	}
}
