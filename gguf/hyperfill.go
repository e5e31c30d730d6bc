package gguf

// read is llama_model_base::load_hparams of src/llama-model.cpp@v0.5.0, and after it
// what load_arch_hparams of src/models does, which the architecture's row says.
func (r *hyperReader) read() {
	r.readSize()
	if r.err == nil && r.arch.first != nil {
		r.arch.first(r)
	}
	r.readExperts()
	r.readHeads()
	r.readRoPE()
	r.readParts()
	r.readRecurrent()
	if r.err == nil && r.arch.then != nil {
		r.arch.then(r)
	}
	r.readRecurrentLayers()
	r.readWindow()
	r.finish()
}

func (r *hyperReader) readSize() {
	h := r.h
	for _, k := range [...]key{kContext, kEmbedding, kBlockCount} {
		r.need(k)
	}
	h.Kind, h.memory, h.cache = r.arch.kind, r.arch.memory, r.arch.cache
	h.Context = r.count(kContext, 0)
	h.Embedding = r.count(kEmbedding, 0)
	h.EmbeddingOut = r.count(kEmbeddingOut, 0)
	h.Causal = r.flag(kCausal, true) && !r.arch.notCausal
	h.Pooling = PoolingUnspecified
	if r.has(kPoolingType) { // the engine's own files say "unspecified" with all bits set
		h.Pooling = Pooling(int32(r.value(kPoolingType).bits))
	}
	layers := r.count(kBlockCount, 0)
	if r.has(kBlockCount) && (layers == 0 || layers > maxLayers) {
		r.fail(kBlockCount, "is %d, must be 1 to %d", layers, maxLayers)
	}
	h.NextN = r.count(kNextNPredictLayers, 0)
	if h.NextN > layers {
		r.fail(kNextNPredictLayers, "is %d, more than the %d layers", h.NextN, layers)
	}
	if r.err != nil {
		layers, h.NextN = min(layers, maxLayers), min(h.NextN, layers, maxLayers)
	}
	h.Layers = make([]Layer, layers, layers+1)
	if r.has(kVocabSize) && r.value(kVocabSize).Type == Uint32 {
		h.Vocabulary = r.count(kVocabSize, 0)
	} else if tokens, ok := r.f.Lookup(keyTokens); ok {
		h.Vocabulary = tokens.Len()
	}
	if labels := kClassifierOutputLabels; r.has(labels) && r.value(labels).Len() > 0 {
		h.Labels = r.value(labels).Len()
	}
}

func (r *hyperReader) readExperts() {
	e := &r.h.Experts
	used := 0
	e.Count = r.count(kExpertCount, 0)
	e.Groups = r.count(kExpertGroupCount, 0)
	e.GroupsUsed = r.count(kExpertGroupUsedCount, 0)
	few := r.arch.oneExpertIsNone && e.Count <= 1
	r.layers(kExpertUsedCount, len(r.h.Layers), func(l *Layer, n int) {
		if !few {
			l.ExpertsUsed, used = n, max(used, n)
		}
	})
	if few {
		e.Count = 0
	}
	switch {
	case e.Count > maxExperts:
		r.fail(kExpertCount, "is %d, the limit is %d", e.Count, maxExperts)
	case used > e.Count:
		r.fail(kExpertUsedCount, "is %d, of %d experts", used, e.Count)
	case e.Count == 0 && e.Groups != 0:
		r.fail(kExpertGroupCount, "is %d, without experts", e.Groups)
	case e.Count == 0:
	case used == 0 && r.has(kExpertUsedCount):
		r.fail(kExpertUsedCount, "is 0, of %d experts", e.Count)
	case used == 0:
		r.fail(kExpertUsedCount, missing)
	case e.Groups >= e.Count:
		r.fail(kExpertGroupCount, "is %d, for %d experts", e.Groups, e.Count)
	case e.Groups > 1 && e.Count%e.Groups != 0:
		r.fail(kExpertGroupCount, "is %d, which does not divide %d experts", e.Groups, e.Count)
	case e.Groups > 1 && (e.GroupsUsed == 0 || e.GroupsUsed >= e.Groups):
		r.fail(kExpertGroupUsedCount, "is %d, of %d groups", e.GroupsUsed, e.Groups)
	}
}

// readHeads has the sizes that most layers have; what differs by layer is done last.
func (r *hyperReader) readHeads() {
	h, n := r.h, len(r.h.Layers)
	r.layers(kFF, n, func(l *Layer, n int) { l.FeedForward = n })
	r.layers(kHeadCount, n, func(l *Layer, n int) { l.Heads, l.KVHeads = n, n })
	r.layers(kHeadCountKV, n, func(l *Layer, n int) { l.KVHeads = n })
	if heads := h.First().Heads; heads > 0 {
		r.keys = r.count(kKeyLength, h.Embedding/heads)
		r.values = r.count(kValueLength, h.Embedding/heads)
		r.rotated = r.count(kRoPEDimensionCount, r.keys)
		if r.arch.wholeHeads && r.rotated != r.keys {
			r.fail(kRoPEDimensionCount, "is %d, must be %d, the whole head", r.rotated, r.keys)
		}
	}
	r.keysWindow = r.count(kKeyLengthWindow, r.keys)
	r.valuesWindow = r.count(kValueLengthWindow, r.values)
	r.rotatedWindow = r.count(kRoPEDimensionCountWindow, r.rotated)
}

func (r *hyperReader) readRoPE() {
	p := &r.h.RoPE
	p.Kind = r.arch.rope
	p.Base = r.float(kRoPEBase, 10000)
	p.BaseWindow, p.ScaleWindow = 10000, 1
	factor := r.float(kRoPEScaleLinear, 0)
	factor = r.float(kRoPEScalingFactor, factor)
	p.Scale = 1
	if factor != 0 {
		p.Scale = 1 / factor
	}
	p.Scaling = "linear"
	if r.has(kRoPEScalingType) {
		p.Scaling = r.value(kRoPEScalingType).text
	}
	switch p.Scaling {
	case "none", "linear", "yarn", "longrope":
	default:
		r.fail(kRoPEScalingType, "is %s, must be none, linear, yarn or longrope", Quote(p.Scaling))
	}
	p.AttnFactor = r.float(kRoPEScalingAttnFactor, 1)
	p.OrigContext = r.count(kRoPEScalingOrigContext, r.h.Context)
	p.Finetuned = r.flag(kRoPEScalingFinetuned, r.arch.ropeSwitch)
	if !r.has(kRoPEDimensionSections) {
		return
	}
	if v := r.value(kRoPEDimensionSections); v.Type != Array {
		n := r.count(kRoPEDimensionSections, 0)
		p.Sections = [4]int{n, n, n, n}
	} else if v.count != 4 {
		r.fail(kRoPEDimensionSections, "has %d elements, must have 4", v.count)
	}
	r.list(kRoPEDimensionSections, 4, func(i, n int) { p.Sections[i] = n })
	switch s := p.Sections; r.arch.sections {
	case sectionsFirstTwo:
		if s[0] > 0 && s[1] > 0 {
			p.Kind = RoPEMRoPE
		}
	case sectionsAny:
		if s != [4]int{} {
			p.Kind = RoPEMRoPE
		}
	}
}

// readParts has what is read in the same way by all architectures that read it.
func (r *hyperReader) readParts() {
	h := r.h
	h.NormEpsilon = r.float(kNormEps, r.arch.normEpsilon)
	h.RMSNormEpsilon = r.float(kRMSEps, 0)
	h.GroupNormEpsilon = r.float(kGroupEps, 0)
	h.NormGroups = r.count(kNormGroups, 0)
	h.EmbeddingPerLayer = r.count(kEmbeddingPerLayer, 0)
	h.LeadingDense = r.count(kLeadingDense, 0)
	h.Window.Size = r.count(kWindow, 0)
	e := &h.Experts
	e.Shared = r.count(kExpertSharedCount, r.arch.sharedExperts)
	e.SharedFeedForward = r.count(kSharedFF, 0)
	e.ChunkFeedForward = r.count(kChunkFF, 0)
	e.PerGroup = r.count(kExpertsPerGroup, 0)
	e.Loose = !r.flag(kExpertWeightsNorm, !r.reads(kExpertWeightsNorm))
	e.Latent = r.count(kExpertLatentLength, r.count(kMoELatentSize, 0))
	e.Every = r.count(kInterleaveMoELayerStep, r.count(kMoEEveryNLayers, 0))
	for _, k := range [...]key{kSwiGLUClampExpert, kSwiGLUClampShared} {
		r.perLayer(k, len(h.Layers))
	}
	for _, k := range [...]key{kXIELUAlphaN, kXIELUAlphaP, kXIELUBeta, kXIELUEps} {
		r.perLayer(k, h.Main())
	}
	r.layers(kExpertFF, len(h.Layers), func(l *Layer, n int) { l.ExpertFeedForward = n })
	h.MLA = MLA{
		QRank: r.count(kQRank, 0), KVRank: r.count(kKVRank, 0),
		Key: r.count(kKeyLengthMLA, 0), Value: r.count(kValueLengthMLA, 0),
		KVRankWindow: r.count(kKVLoRARankWindow, 0),
		KeyWindow:    r.count(kKeyLengthMLAWindow, 0), ValueWindow: r.count(kValueLengthMLAWindow, 0),
		OutputRank: r.count(kOutputLoRARank, 0), OutputGroups: r.count(kOutputGroupCount, 0),
		HyperConnections: r.count(kHyperConnectionCount, 0),
	}
	h.Indexer = Indexer{
		Heads: r.count(kIndexerHeadCount, 0), KeyLength: r.count(kIndexerKeyLength, 0), TopK: r.count(kIndexerTopK, 0),
		Block: r.count(kIndexerBlockSize, 0), LocalBlocks: r.count(kIndexerLocalBlocks, 0),
	}
	h.Codec = Codec{
		PosNetEmbedding: r.count(kPosnetEmbeddingLength, 0), PosNetLayers: r.count(kPosnetBlockCount, 0),
		ConvNextEmbedding: r.count(kConvnextEmbeddingLength, 0), ConvNextLayers: r.count(kConvnextBlockCount, 0),
	}
	if h.Kind == KindEncoderDecoder {
		h.DecoderLayers = r.count(kDecoderBlockCount, h.Main())
	}
}

// finish has what follows from all the rest.
func (r *hyperReader) finish() {
	h := r.h
	h.RoPE.Dimensions = r.rotated
	for i := range h.Layers {
		l := &h.Layers[i]
		l.KeyLength, l.ValueLength, l.RoPE = r.keys, r.values, r.rotated
		if l.Window {
			l.KeyLength, l.ValueLength, l.RoPE = r.keysWindow, r.valuesWindow, r.rotatedWindow
		}
		l.KV = h.FirstWithKV < 0 || i < h.FirstWithKV
	}
	if h.EmbeddingIn == 0 {
		h.EmbeddingIn = h.Embedding
	}
	if h.EmbeddingOut == 0 {
		h.EmbeddingOut = h.Embedding
	}
	if h.EmbeddingEncoder == 0 {
		h.EmbeddingEncoder = h.EmbeddingIn
	}
	r.finishState()
}
