package gguf

// key is a hyper-parameter: what follows the architecture and a dot in its name.
type key uint8

// The first keys are read of every model, the others of some architectures.
const (
	kContext key = iota
	kEmbedding
	kEmbeddingOut
	kCausal
	kPoolingType
	kBlockCount
	kNextNPredictLayers
	kExpertCount
	kExpertUsedCount
	kExpertGroupCount
	kExpertGroupUsedCount
	kFF
	kHeadCount
	kHeadCountKV
	kRoPEScalingFinetuned
	kRoPEScalingOrigContext
	kRoPEBase
	kRoPEScalingType
	kRoPEScalingFactor
	kRoPEScaleLinear
	kRoPEScalingAttnFactor
	kRoPEScalingAlpha
	kKeyLength
	kValueLength
	kRoPEDimensionCount
	kKeyLengthWindow
	kValueLengthWindow
	kRoPEDimensionCountWindow
	kClassifierOutputLabels
	kVocabSize

	kActivationSituBeta
	kActivationSituLinearBeta
	kAdapterCount
	kAdapterLoRARank
	kAdapterRouterGain
	kAdapterTokenIDsActivate
	kAdapterTokenIDsSubstitute
	kClampKQV
	kCompressRatios
	kCompressRoPEBase
	kDecayLoRARank
	kGateLoRARank
	kGroupEps
	kNormGroups
	kIclrLoRARank
	kIndexerBlockSize
	kIndexerHeadCount
	kIndexerKeyLength
	kIndexerLocalBlocks
	kIndexerTopK
	kIndexerTypes
	kKeyLengthMLA
	kKeyLengthMLAWindow
	kKVRank
	kKVLoRARankWindow
	kNormEps
	kRMSEps
	kMaxAlibiBias
	kOutputGroupCount
	kOutputLoRARank
	kOutputScale
	kQRank
	kRecurrentLayers
	kRelativeBucketsCount
	kRoPEPattern
	kAttentionScale
	kSharedKVLayers
	kWindow
	kPattern
	kTemperatureLength
	kTemperatureScale
	kValueLengthMLA
	kValueLengthMLAWindow
	kValueResidualMixLoRARank
	kValueScale
	kAttnLogitSoftcapping
	kAttnResBlockSize
	kDraftBlockSize
	kDraftConvGroupSize
	kDraftConvKernelSize
	kConvnextBlockCount
	kConvnextEmbeddingLength
	kDecoderBlockCount
	kDecoderStartTokenID
	kDeepstackMapping
	kDense2FeatIn
	kDense2FeatOut
	kDense3FeatIn
	kDense3FeatOut
	kEmbeddingPerLayer
	kEmbeddingScale
	kChunkFF
	kExpertFF
	kExpertGatingFunc
	kExpertGroupScale
	kExpertLatentLength
	kExpertSharedCount
	kSharedFF
	kExpertWeightsNorm
	kExpertWeightsScale
	kExpertsPerGroup
	kFeaturesLength
	kFinalLogitSoftcapping
	kFullAttentionInterval
	kHashLayerCount
	kHiddenAct
	kHRMHCycles
	kHRMLCycles
	kHRMLayersPerStack
	kHRMPrefixLM
	kHyperConnectionCount
	kHyperConnectionEpsilon
	kHyperConnectionLowRank
	kHyperConnectionMagnitude
	kHyperConnectionSinkhornIterations
	kInterleaveMoELayerStep
	kKDAGateLowerBound
	kKDAHeadDim
	kKDASafeGate
	kLeadingDense
	kLogitScale
	kMoEEveryNLayers
	kMoELatentSize
	kNumDeepstackLayers
	kNormBeforeFc
	kNormBeforeResidual
	kNumLoops
	kPLEConvKernel
	kPLEEosTokenID
	kPLEHeadOffsets
	kPLEHeadVocabSizes
	kPLEHeadsPerNgram
	kPLEImageTokenID
	kPLELayerMultipliers
	kPLELayers
	kPLENgramSize
	kPosnetBlockCount
	kPosnetEmbeddingLength
	kRescaleEveryNLayers
	kResidualScale
	kRoPEDimensionSections
	kRoPEBaseWindow
	kRoPEScalingYarnAttnFactor
	kRoPEScalingYarnBetaFast
	kRoPEScalingYarnBetaSlow
	kRoPEScalingYarnExtFactor
	kRoPEScalingYarnLogMul
	kRouterLogitSoftcapping
	kDraftSelectorRank
	kDraftSelectorTopK
	kShortconvLCache
	kSkipLoopFinalNorm
	kSSMConvKernel
	kSSMDTBCRms
	kSSMGroupCount
	kSSMInnerSize
	kSSMStateSize
	kSSMTimeStepRank
	kSwiGLUClampExpert
	kSwiGLUClampShared
	kSwinNorm
	kTargetHiddenSize
	kTargetLayers
	kTimeDecayExtraDim
	kTimeMixExtraDim
	kTokenShiftCount
	kUseParallelResidual
	kWKVHeadSize
	kXIELUAlphaN
	kXIELUAlphaP
	kXIELUBeta
	kXIELUEps
	keyCount

	lastGeneralKey = kVocabSize
)

// form is what type a value must have. The engine takes no other.
type form uint8

const (
	formCount  form = iota // uint32
	formCounts             // uint32 for all layers, or an array of uint32, int32 or bool with one for each
	formInts               // the same, but int32 for all
	formFloat
	formFloats
	formFlag
	formText
	formTexts  // an array of strings, not read
	formList   // an array of uint32 or int32
	formList64 // an array of uint64
)

// hyperKeys are LLM_KV_NAMES of ggml-org/llama.cpp src/llama-arch.cpp@v0.5.0.
var hyperKeys = [keyCount]struct {
	name string
	form form
}{
	kContext:                           {"context_length", formCount},
	kEmbedding:                         {"embedding_length", formCount},
	kEmbeddingOut:                      {"embedding_length_out", formCount},
	kCausal:                            {"attention.causal", formFlag},
	kPoolingType:                       {"pooling_type", formCount},
	kBlockCount:                        {"block_count", formCount},
	kNextNPredictLayers:                {"nextn_predict_layers", formCount},
	kExpertCount:                       {"expert_count", formCount},
	kExpertUsedCount:                   {"expert_used_count", formCounts},
	kExpertGroupCount:                  {"expert_group_count", formCount},
	kExpertGroupUsedCount:              {"expert_group_used_count", formCount},
	kFF:                                {"feed_forward_length", formCounts},
	kHeadCount:                         {"attention.head_count", formCounts},
	kHeadCountKV:                       {"attention.head_count_kv", formCounts},
	kRoPEScalingFinetuned:              {"rope.scaling.finetuned", formFlag},
	kRoPEScalingOrigContext:            {"rope.scaling.original_context_length", formCount},
	kRoPEBase:                          {"rope.freq_base", formFloat},
	kRoPEScalingType:                   {"rope.scaling.type", formText},
	kRoPEScalingFactor:                 {"rope.scaling.factor", formFloat},
	kRoPEScaleLinear:                   {"rope.scale_linear", formFloat},
	kRoPEScalingAttnFactor:             {"rope.scaling.attn_factor", formFloat},
	kRoPEScalingAlpha:                  {"rope.scaling.alpha", formFloat},
	kKeyLength:                         {"attention.key_length", formCount},
	kValueLength:                       {"attention.value_length", formCount},
	kRoPEDimensionCount:                {"rope.dimension_count", formCount},
	kKeyLengthWindow:                   {"attention.key_length_swa", formCount},
	kValueLengthWindow:                 {"attention.value_length_swa", formCount},
	kRoPEDimensionCountWindow:          {"rope.dimension_count_swa", formCount},
	kClassifierOutputLabels:            {"classifier.output_labels", formTexts},
	kVocabSize:                         {"vocab_size", formCount},
	kActivationSituBeta:                {"activation.situ_beta", formFloat},
	kActivationSituLinearBeta:          {"activation.situ_linear_beta", formFloat},
	kAdapterCount:                      {"adapters.count", formCount},
	kAdapterLoRARank:                   {"adapters.lora_rank", formCount},
	kAdapterRouterGain:                 {"adapters.router_gain", formFloat},
	kAdapterTokenIDsActivate:           {"adapters.token_ids_activate", formList},
	kAdapterTokenIDsSubstitute:         {"adapters.token_ids_substitute", formList},
	kClampKQV:                          {"attention.clamp_kqv", formFloat},
	kCompressRatios:                    {"attention.compress_ratios", formCounts},
	kCompressRoPEBase:                  {"attention.compress_rope_freq_base", formFloat},
	kDecayLoRARank:                     {"attention.decay_lora_rank", formCount},
	kGateLoRARank:                      {"attention.gate_lora_rank", formCount},
	kGroupEps:                          {"attention.group_norm_epsilon", formFloat},
	kNormGroups:                        {"attention.group_norm_groups", formCount},
	kIclrLoRARank:                      {"attention.iclr_lora_rank", formCount},
	kIndexerBlockSize:                  {"attention.indexer.block_size", formCount},
	kIndexerHeadCount:                  {"attention.indexer.head_count", formCount},
	kIndexerKeyLength:                  {"attention.indexer.key_length", formCount},
	kIndexerLocalBlocks:                {"attention.indexer.local_blocks", formCount},
	kIndexerTopK:                       {"attention.indexer.top_k", formCount},
	kIndexerTypes:                      {"attention.indexer.types", formCounts},
	kKeyLengthMLA:                      {"attention.key_length_mla", formCount},
	kKeyLengthMLAWindow:                {"attention.key_length_mla_swa", formCount},
	kKVRank:                            {"attention.kv_lora_rank", formCount},
	kKVLoRARankWindow:                  {"attention.kv_lora_rank_swa", formCount},
	kNormEps:                           {"attention.layer_norm_epsilon", formFloat},
	kRMSEps:                            {"attention.layer_norm_rms_epsilon", formFloat},
	kMaxAlibiBias:                      {"attention.max_alibi_bias", formFloat},
	kOutputGroupCount:                  {"attention.output_group_count", formCount},
	kOutputLoRARank:                    {"attention.output_lora_rank", formCount},
	kOutputScale:                       {"attention.output_scale", formFloat},
	kQRank:                             {"attention.q_lora_rank", formCount},
	kRecurrentLayers:                   {"attention.recurrent_layers", formCounts},
	kRelativeBucketsCount:              {"attention.relative_buckets_count", formCount},
	kRoPEPattern:                       {"attention.rope_pattern", formList},
	kAttentionScale:                    {"attention.scale", formFloat},
	kSharedKVLayers:                    {"attention.shared_kv_layers", formCount},
	kWindow:                            {"attention.sliding_window", formCount},
	kPattern:                           {"attention.sliding_window_pattern", formCounts},
	kTemperatureLength:                 {"attention.temperature_length", formCount},
	kTemperatureScale:                  {"attention.temperature_scale", formFloat},
	kValueLengthMLA:                    {"attention.value_length_mla", formCount},
	kValueLengthMLAWindow:              {"attention.value_length_mla_swa", formCount},
	kValueResidualMixLoRARank:          {"attention.value_residual_mix_lora_rank", formCount},
	kValueScale:                        {"attention.value_scale", formFloat},
	kAttnLogitSoftcapping:              {"attn_logit_softcapping", formFloat},
	kAttnResBlockSize:                  {"attn_res.block_size", formCount},
	kDraftBlockSize:                    {"block_size", formCount},
	kDraftConvGroupSize:                {"conv_group_size", formCount},
	kDraftConvKernelSize:               {"conv_kernel_size", formCount},
	kConvnextBlockCount:                {"convnext.block_count", formCount},
	kConvnextEmbeddingLength:           {"convnext.embedding_length", formCount},
	kDecoderBlockCount:                 {"decoder_block_count", formCount},
	kDecoderStartTokenID:               {"decoder_start_token_id", formCount},
	kDeepstackMapping:                  {"deepstack_mapping", formList},
	kDense2FeatIn:                      {"dense_2_feat_in", formCount},
	kDense2FeatOut:                     {"dense_2_feat_out", formCount},
	kDense3FeatIn:                      {"dense_3_feat_in", formCount},
	kDense3FeatOut:                     {"dense_3_feat_out", formCount},
	kEmbeddingPerLayer:                 {"embedding_length_per_layer_input", formCount},
	kEmbeddingScale:                    {"embedding_scale", formFloat},
	kChunkFF:                           {"expert_chunk_feed_forward_length", formCount},
	kExpertFF:                          {"expert_feed_forward_length", formCounts},
	kExpertGatingFunc:                  {"expert_gating_func", formCount},
	kExpertGroupScale:                  {"expert_group_scale", formFloat},
	kExpertLatentLength:                {"expert_latent_length", formCount},
	kExpertSharedCount:                 {"expert_shared_count", formCount},
	kSharedFF:                          {"expert_shared_feed_forward_length", formCount},
	kExpertWeightsNorm:                 {"expert_weights_norm", formFlag},
	kExpertWeightsScale:                {"expert_weights_scale", formFloat},
	kExpertsPerGroup:                   {"experts_per_group", formCount},
	kFeaturesLength:                    {"features_length", formCount},
	kFinalLogitSoftcapping:             {"final_logit_softcapping", formFloat},
	kFullAttentionInterval:             {"full_attention_interval", formCount},
	kHashLayerCount:                    {"hash_layer_count", formCount},
	kHiddenAct:                         {"hidden_activation", formText},
	kHRMHCycles:                        {"hrm.h_cycles", formCount},
	kHRMLCycles:                        {"hrm.l_cycles", formCount},
	kHRMLayersPerStack:                 {"hrm.layers_per_stack", formCount},
	kHRMPrefixLM:                       {"hrm.prefix_lm", formFlag},
	kHyperConnectionCount:              {"hyper_connection.count", formCount},
	kHyperConnectionEpsilon:            {"hyper_connection.epsilon", formFloat},
	kHyperConnectionLowRank:            {"hyper_connection.low_rank", formCount},
	kHyperConnectionMagnitude:          {"hyper_connection.magnitude", formFloat},
	kHyperConnectionSinkhornIterations: {"hyper_connection.sinkhorn_iterations", formCount},
	kInterleaveMoELayerStep:            {"interleave_moe_layer_step", formCount},
	kKDAGateLowerBound:                 {"kda.gate_lower_bound", formFloat},
	kKDAHeadDim:                        {"kda.head_dim", formCount},
	kKDASafeGate:                       {"kda.safe_gate", formFlag},
	kLeadingDense:                      {"leading_dense_block_count", formCount},
	kLogitScale:                        {"logit_scale", formFloat},
	kMoEEveryNLayers:                   {"moe_every_n_layers", formCount},
	kMoELatentSize:                     {"moe_latent_size", formCount},
	kNumDeepstackLayers:                {"n_deepstack_layers", formCount},
	kNormBeforeFc:                      {"norm_before_fc", formFlag},
	kNormBeforeResidual:                {"norm_before_residual", formFlag},
	kNumLoops:                          {"num_loops", formCount},
	kPLEConvKernel:                     {"ple.conv_kernel", formCount},
	kPLEEosTokenID:                     {"ple.eos_token_id", formCount},
	kPLEHeadOffsets:                    {"ple.head_offsets", formList64},
	kPLEHeadVocabSizes:                 {"ple.head_vocab_sizes", formList64},
	kPLEHeadsPerNgram:                  {"ple.heads_per_ngram", formCount},
	kPLEImageTokenID:                   {"ple.image_token_id", formCount},
	kPLELayerMultipliers:               {"ple.layer_multipliers", formList64},
	kPLELayers:                         {"ple.layers", formList},
	kPLENgramSize:                      {"ple.ngram_size", formCount},
	kPosnetBlockCount:                  {"posnet.block_count", formCount},
	kPosnetEmbeddingLength:             {"posnet.embedding_length", formCount},
	kRescaleEveryNLayers:               {"rescale_every_n_layers", formCount},
	kResidualScale:                     {"residual_scale", formFloat},
	kRoPEDimensionSections:             {"rope.dimension_sections", formInts},
	kRoPEBaseWindow:                    {"rope.freq_base_swa", formFloat},
	kRoPEScalingYarnAttnFactor:         {"rope.scaling.yarn_attn_factor", formFloat},
	kRoPEScalingYarnBetaFast:           {"rope.scaling.yarn_beta_fast", formFloat},
	kRoPEScalingYarnBetaSlow:           {"rope.scaling.yarn_beta_slow", formFloat},
	kRoPEScalingYarnExtFactor:          {"rope.scaling.yarn_ext_factor", formFloat},
	kRoPEScalingYarnLogMul:             {"rope.scaling.yarn_log_multiplier", formFloat},
	kRouterLogitSoftcapping:            {"router_logit_softcapping", formFloat},
	kDraftSelectorRank:                 {"selector_rank", formCount},
	kDraftSelectorTopK:                 {"selector_top_k", formCount},
	kShortconvLCache:                   {"shortconv.l_cache", formCount},
	kSkipLoopFinalNorm:                 {"skip_loop_final_norm", formFlag},
	kSSMConvKernel:                     {"ssm.conv_kernel", formCount},
	kSSMDTBCRms:                        {"ssm.dt_b_c_rms", formFlag},
	kSSMGroupCount:                     {"ssm.group_count", formCount},
	kSSMInnerSize:                      {"ssm.inner_size", formCount},
	kSSMStateSize:                      {"ssm.state_size", formCount},
	kSSMTimeStepRank:                   {"ssm.time_step_rank", formCount},
	kSwiGLUClampExpert:                 {"swiglu_clamp_exp", formFloats},
	kSwiGLUClampShared:                 {"swiglu_clamp_shexp", formFloats},
	kSwinNorm:                          {"swin_norm", formFlag},
	kTargetHiddenSize:                  {"target_hidden_size", formCount},
	kTargetLayers:                      {"target_layers", formList},
	kTimeDecayExtraDim:                 {"time_decay_extra_dim", formCount},
	kTimeMixExtraDim:                   {"time_mix_extra_dim", formCount},
	kTokenShiftCount:                   {"token_shift_count", formCount},
	kUseParallelResidual:               {"use_parallel_residual", formFlag},
	kWKVHeadSize:                       {"wkv.head_size", formCount},
	kXIELUAlphaN:                       {"xielu.alpha_n", formFloats},
	kXIELUAlphaP:                       {"xielu.alpha_p", formFloats},
	kXIELUBeta:                         {"xielu.beta", formFloats},
	kXIELUEps:                          {"xielu.eps", formFloats},
}

// keyByName finds a key.
var keyByName = func() map[string]key {
	m := make(map[string]key, keyCount)
	for k := range keyCount {
		m[hyperKeys[k].name] = k
	}
	return m
}()
