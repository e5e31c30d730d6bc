package gguf

import "math"

// What only one or two architectures do: each from its file in src/models@v0.5.0.

// codecSizes: what is called the embedding goes out, features go in.
func codecSizes(r *hyperReader) {
	r.h.EmbeddingOut = r.h.Embedding
	r.h.Embedding = r.count(kFeaturesLength, 0)
	for _, k := range [...]key{kPosnetBlockCount, kConvnextBlockCount} {
		if n := r.count(k, 0); n > len(r.h.Layers) {
			r.fail(k, "is %d, more than the %d layers", n, len(r.h.Layers))
		}
	}
}

// hunyuanBase is NTK-aware scaling of the base.
func hunyuanBase(r *hyperReader) {
	if alpha := r.float(kRoPEScalingAlpha, 0); alpha > 0 {
		power := float32(r.keys) / float32(r.keys-2)
		r.h.RoPE.Base *= float32(math.Pow(float64(alpha), float64(power)))
	}
}

// deepstackCount: as many embeddings of vision come in beside that of the token.
func deepstackCount(r *hyperReader) {
	r.h.EmbeddingIn = r.h.Embedding * (1 + r.count(kNumDeepstackLayers, 0))
}

// deepstackMapping: as many as the list has different indices that are not negative.
func deepstackMapping(r *hyperReader) {
	if !r.has(kDeepstackMapping) || r.value(kDeepstackMapping).Type != Array {
		return
	}
	var seen [maxLayers + 1]bool
	n := 0
	r.list(kDeepstackMapping, maxLayers, func(_, index int) {
		if index > maxLayers {
			r.fail(kDeepstackMapping, "has the index %d", index)
		} else if index >= 0 && !seen[index] {
			seen[index] = true
			n++
		}
	})
	for i := n + 1; i <= maxLayers; i++ {
		if seen[i] {
			r.fail(kDeepstackMapping, "has the index %d of %d", i, n)
		}
	}
	r.h.EmbeddingIn = r.h.Embedding * (1 + n)
}

// graniteRouter adds a layer of one head behind the others, which chooses adapters.
func graniteRouter(r *hyperReader) {
	h := r.h
	n := r.count(kAdapterCount, 0)
	for _, k := range [...]key{kAdapterCount, kAdapterLoRARank} {
		if r.count(k, 0) > 4096 {
			r.fail(k, "is %d, the limit is 4096", r.count(k, 0))
		}
	}
	for _, k := range [...]key{kAdapterTokenIDsActivate, kAdapterTokenIDsSubstitute} {
		if r.has(k) && r.value(k).Len() != n {
			r.fail(k, "has %d elements for %d adapters", r.value(k).Len(), n)
		}
	}
	if h.Main() >= maxLayers {
		r.fail(kBlockCount, "is %d, must be below %d", h.Main(), maxLayers)
		return
	}
	used := 0 // as it was for a layer that predicts ahead
	if h.NextN > 0 {
		used = h.Layers[h.Main()].ExpertsUsed
	}
	h.Layers = append(h.Layers[:h.Main()], Layer{Heads: 1, KVHeads: 1, ExpertsUsed: used})
	h.NextN = 1
}

// nanbeigeLoops: the layers run several times, each time with a KV cache of their own.
func nanbeigeLoops(r *hyperReader) {
	h := r.h
	loops := r.count(kNumLoops, 1)
	if loops < 1 || h.Main()*loops > maxLayers {
		r.fail(kNumLoops, "is %d, with %d layers", loops, h.Main())
		return
	}
	if loops == 1 {
		return
	}
	all := make([]Layer, 0, h.Main()*loops)
	for range loops {
		all = append(all, h.Layers[:h.Main()]...)
	}
	for i := h.Main(); i < len(all); i++ {
		if i < len(h.Layers) {
			all[i].ExpertsUsed = h.Layers[i].ExpertsUsed
		} else {
			all[i].ExpertsUsed = 0
		}
	}
	h.Layers = all
}

// hrmSlots: a layer runs several times, and there is a block for each.
func hrmSlots(r *hyperReader) {
	stack, high, low := r.count(kHRMLayersPerStack, 0), r.count(kHRMHCycles, 0), r.count(kHRMLCycles, 0)
	for _, k := range [...]key{kHRMLayersPerStack, kHRMHCycles, kHRMLCycles} {
		if r.count(k, 0) == 0 {
			r.fail(k, "is 0")
		}
	}
	if float64(stack)*float64(high)*float64(low+1) != float64(r.h.Main()) {
		r.fail(kBlockCount, "is %d, must be %d × %d × (%d + 1)", r.h.Main(), stack, high, low)
	}
}

// sharedFromExpert: where the shared experts' width is absent, it is that of the others.
func sharedFromExpert(r *hyperReader) {
	e := &r.h.Experts
	if e.SharedFeedForward == 0 {
		e.SharedFeedForward = r.h.First().ExpertFeedForward * e.Shared
	}
}

func bailing3(r *hyperReader) {
	e := &r.h.Experts
	if e.SharedFeedForward == 0 {
		e.SharedFeedForward = r.h.First().ExpertFeedForward * max(1, e.Shared)
	}
	if !r.flag(kKDASafeGate, true) {
		r.fail(kKDASafeGate, "must be true")
	}
	if !(r.float(kKDAGateLowerBound, 0) < 0) {
		r.fail(kKDAGateLowerBound, "must be below 0")
	}
}

// kimiValues: the cache holds the compressed latent, whatever the key says.
func kimiValues(r *hyperReader) {
	r.values = r.h.MLA.KVRank
	r.h.ResidualBlock = r.count(kAttnResBlockSize, 0)
}

// lightningHead: the state is of the size of a head.
func lightningHead(r *hyperReader) { r.h.Recurrent.LinearHead = r.keys }

// plamoHeads: the keys count although the first layer has no heads.
func plamoHeads(r *hyperReader) {
	r.keys, r.values = r.count(kKeyLength, r.keys), r.count(kValueLength, r.values)
}

func lfmDense(r *hyperReader) { r.h.LeadingDense = r.h.Main() }

// cohereNorms: one of the two is enough.
func cohereNorms(r *hyperReader) {
	if !r.has(kNormEps) && !r.has(kRMSEps) {
		r.fail(kNormEps, missing)
	}
}

func nemotronNorms(r *hyperReader) { r.h.RMSNormEpsilon = r.float(kRMSEps, r.h.NormEpsilon) }

// stepHalf: layers without a window turn half of what the key says.
func stepHalf(r *hyperReader) { r.rotated /= 2 }

func gemmaN(r *hyperReader) { r.h.FirstWithKV = 20 }

func gemma4(r *hyperReader) { r.h.FirstWithKV = len(r.h.Layers) - r.count(kSharedKVLayers, 0) }

func gemmaAssistant(r *hyperReader) {
	r.h.EmbeddingIn = r.h.EmbeddingOut
	if r.h.EmbeddingIn == 0 {
		r.h.EmbeddingIn = r.h.Embedding
	}
}

func gemmaDense(r *hyperReader) {
	for _, k := range [...]key{kDense2FeatIn, kDense3FeatOut} {
		if n := r.count(k, 0); n != 0 && n != r.h.Embedding {
			r.fail(k, "is %d, must be the embedding's %d", n, r.h.Embedding)
		}
	}
}

func mistralTemperature(r *hyperReader) {
	if r.float(kTemperatureScale, 0) != 0 && r.h.RoPE.OrigContext == 0 {
		r.fail(kRoPEScalingOrigContext, "is 0")
	}
}

// eagleEmbedding: features of three layers of the other model go in.
func eagleEmbedding(r *hyperReader) {
	if n := r.value(kTargetLayers).Len(); n != 3 {
		r.fail(kTargetLayers, "has %d elements, must have 3", n)
	}
	r.h.EmbeddingEncoder = 3 * r.count(kTargetHiddenSize, 0)
}
