package gguf

import (
	"math"
	"slices"
)

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
	r.list(kCompressRatios, len(h.Layers), func(i, n int) {
		h.Layers[i].Compress, h.Layers[i].Indexer = n, n == compressFew
	})
	r.softplus()
	h.Window.Kind = WindowStandard
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

// forget makes late keys as if they were absent, but for some.
func (r *hyperReader) forget(but ...key) {
	for _, k := range r.arch.late {
		if !slices.Contains(but, k) {
			r.at[k] = 0
		}
	}
}

// draftKeys: DFlash is a draft of its own kind, or stages of DeepSeek 4.
func draftKeys(r *hyperReader) {
	switch {
	case r.count(kHyperConnectionCount, 0) > 0:
		for _, k := range [...]key{kQRank, kWindow, kExpertFF, kExpertSharedCount, kExpertWeightsScale, kExpertWeightsNorm, kExpertGatingFunc,
			kSwiGLUClampExpert, kOutputGroupCount, kOutputLoRARank, kHyperConnectionSinkhornIterations, kHyperConnectionEpsilon} {
			r.need(k)
		}
		r.at[kPattern] = 0
	case r.count(kWindow, 0) > 0:
		r.forget(kPattern)
	default:
		r.forget()
	}
}

func draft(r *hyperReader) {
	h := r.h
	h.EmbeddingEncoder = r.value(kTargetLayers).Len() * h.Embedding
	stages := h.MLA.HyperConnections > 0
	if r.has(kHiddenAct) {
		switch name := r.value(kHiddenAct).text; name {
		case "silu", "gelu", "gelu_pytorch_tanh":
		default:
			r.fail(kHiddenAct, "is %s, must be silu, gelu or gelu_pytorch_tanh", Quote(name))
		}
	}
	if h.Window.Size > 0 {
		h.Window.Kind = WindowStandard
		h.RoPE.BaseWindow, h.RoPE.ScaleWindow = h.RoPE.Base, h.RoPE.Scale
		if !stages {
			r.windowLayers(&windowRule{list: true})
		}
	}
	if !stages {
		return
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
	h.cache = cacheAll
	if h.RoPE.Kind == RoPENeoX {
		h.RoPE.Kind = RoPENorm
	}
	allWindow(r)
}

// indexerTypes: which layers select tokens themselves.
func (r *hyperReader) indexerTypes() {
	r.layers(kIndexerTypes, r.h.Main(), func(l *Layer, n int) { l.Indexer = n != 0 })
}

func dots3(r *hyperReader) {
	if r.value(kIndexerTypes).Type != Array {
		r.fail(kIndexerTypes, "is no array")
	}
	r.list(kIndexerTypes, r.h.Main(), func(i, n int) { r.h.Layers[i].Indexer = n != 0 })
}

// allIndexers: each layer has its own.
func allIndexers(r *hyperReader) {
	for i := range r.h.Main() {
		r.h.Layers[i].Indexer = true
	}
}

// glmIndexer: without a list, all layers of models up to 5.1, and one in four of 5.2.
func glmIndexer(r *hyperReader) {
	const context52, listed52 = 1048576, 78
	for i := range r.h.Main() {
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
	for i := range r.h.Layers {
		r.h.Layers[i].Indexer = i >= r.h.LeadingDense
	}
}

// qwen4Keys: those of the hashes count where there is a layer for them.
func qwen4Keys(r *hyperReader) {
	switch {
	case !r.has(kPLELayers):
		r.forget()
	case r.value(kPLELayers).Type != Array:
		r.fail(kPLELayers, "is no array")
	case r.value(kPLELayers).Len() == 0:
		r.forget()
	default:
		for _, k := range [...]key{kPLELayers, kPLENgramSize, kPLEHeadsPerNgram, kPLEConvKernel, kPLEEosTokenID, kEmbeddingPerLayer,
			kPLELayerMultipliers, kPLEHeadOffsets, kPLEHeadVocabSizes} {
			r.need(k)
		}
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
	if r.has(kPLELayers) {
		qwen4Hashes(r)
	}
}

func qwen4Hashes(r *hyperReader) {
	const maxNgram, maxHeads = 8, 64
	h := r.h
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
	var offsets [maxHeads]int
	r.list(kPLEHeadOffsets, min(heads, maxHeads), func(i, n int) { offsets[i] = r.whole(kPLEHeadOffsets, int64(n)) })
	r.list(kPLEHeadVocabSizes, min(heads, maxHeads), func(i, n int) {
		if r.whole(kPLEHeadVocabSizes, int64(n)) == 0 || offsets[i]+n > math.MaxInt32 {
			r.fail(kPLEHeadVocabSizes, "has %d rows from %d on", n, offsets[i])
		}
	})
	r.list(kPLELayers, 1, func(_, layer int) {
		if layer < 0 || layer >= len(h.Layers) {
			r.fail(kPLELayers, "layer %d of %d", layer, len(h.Layers))
			return
		}
		h.Recurrent.PLELayer = layer
		h.Recurrent.PLEConv = product(kernel-1, ngram, h.MLA.HyperConnections, h.Embedding)
	})
}

// length fails when an array has fewer elements.
func (r *hyperReader) length(k key, n int) {
	if r.err == nil && r.value(k).Len() < n {
		r.fail(k, "has %d elements, must have %d", r.value(k).Len(), n)
	}
}
