// The engine's own reading of hyper-parameters, without tensors and vocabulary, and the
// memory that it would make of them: for the tests of package gguf. It uses the
// engine's private headers, as nothing else here does.
#include "reference.h"

#include "../guard.h"

#include "llama-arch.h"
#include "llama-cparams.h"
#include "llama-memory.h"
#include "llama-model-loader.h"
#include "llama-model.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace {

struct lines {
    std::string text;

    void add(const char * name, double value) {
        char b[64];
        snprintf(b, sizeof b, "%.9g", value);
        add(name, std::string(b));
    }
    void add(const char * name, const std::string & value) { text += std::string(name) + " " + value + "\n"; }

    // One number for each layer.
    template <class F> void each(const char * name, uint32_t n, F && f) {
        std::string row;
        for (uint32_t il = 0; il < n; il++) {
            row += (il ? "," : "") + std::to_string((long long) f(il));
        }
        add(name, row);
    }
};

void sizes(lines & out, const llama_model & model) {
    const llama_hparams & h = model.hparams;
    out.add("context", h.n_ctx_train);
    out.add("embedding", h.n_embd);
    out.add("embedding_in", h.n_embd_inp());
    out.add("embedding_encoder", h.n_embd_inp_enc());
    out.add("embedding_out", h.n_embd_out());
    out.add("embedding_per_layer", h.n_embd_per_layer);
    out.add("layers", h.n_layer_all);
    out.add("nextn", h.n_layer_nextn);
    out.add("decoder_layers", h.dec_n_layer);
    out.add("leading_dense", h.n_layer_dense_lead);
    out.add("first_with_kv", h.n_layer_kv_from_start);
    out.add("labels", h.n_cls_out);
    out.add("pooling", h.pooling_type);
    out.add("causal", h.causal_attn);
    out.add("norm_eps", h.f_norm_eps);
    out.add("rms_eps", h.f_norm_rms_eps);
    out.add("group_eps", h.f_norm_group_eps);
    out.add("norm_groups", h.n_norm_groups);
    out.add("experts", h.n_expert);
    out.add("shared", h.n_expert_shared);
    out.add("shared_ff", h.n_ff_shexp);
    out.add("chunk_ff", h.n_ff_chexp);
    out.add("per_group", h.n_group_experts);
    out.add("groups", h.n_expert_groups);
    out.add("groups_used", h.n_group_used);
    out.add("latent", h.n_expert_latent + h.moe_latent_size); // no architecture reads both
    out.add("every", h.n_moe_layer_step + h.moe_every_n_layers);
}

void attention(lines & out, const llama_model & model) {
    const llama_hparams & h = model.hparams;
    out.add("window_kind", h.swa_type);
    out.add("window", h.n_swa);
    out.add("q_rank", h.n_lora_q);
    out.add("kv_rank", h.n_lora_kv);
    out.add("key_mla", h.n_embd_head_k_mla_impl);
    out.add("value_mla", h.n_embd_head_v_mla_impl);
    out.add("kv_rank_window", h.n_lora_kv_swa);
    out.add("key_mla_window", h.n_embd_head_k_mla_swa);
    out.add("value_mla_window", h.n_embd_head_v_mla_swa);
    out.add("output_rank", h.dsv4_o_lora_rank);
    out.add("output_groups", h.dsv4_o_group_count);
    out.add("hyper_connections", h.dsv4_hc_mult);
    out.add("indexer_heads", h.indexer_n_head);
    out.add("indexer_key", h.indexer_head_size);
    out.add("indexer_top_k", h.indexer_top_k);
    out.add("indexer_block", h.indexer_block_size);
    out.add("indexer_local", h.indexer_local_blocks);
    out.add("rope", h.rope_type);
    out.add("rope_dimensions", h.n_rot_full);
    out.add("rope_base", h.rope_freq_base_train);
    out.add("rope_base_window", h.rope_freq_base_train_swa);
    out.add("rope_scale", h.rope_freq_scale_train);
    out.add("rope_scale_window", h.rope_freq_scale_train_swa);
    out.add("rope_scaling", h.rope_scaling_type_train);
    out.add("rope_attn_factor", h.rope_attn_factor);
    out.add("rope_context", h.n_ctx_orig_yarn);
    out.add("rope_finetuned", h.rope_finetuned);
    out.each("rope_sections", 4, [&](uint32_t i) { return h.rope_sections[i]; });
}

void states(lines & out, const llama_model & model) {
    const llama_hparams & h = model.hparams;
    out.add("rolling", h.n_embd_r());
    out.add("state", h.n_embd_s());
    out.add("ssm_conv", h.ssm_d_conv);
    out.add("ssm_inner", h.ssm_d_inner);
    out.add("ssm_state", h.ssm_d_state);
    out.add("ssm_rank", h.ssm_dt_rank);
    out.add("ssm_groups", h.ssm_n_group);
    out.add("wkv_head", h.wkv_head_size);
    out.add("token_shift", h.token_shift_count);
    out.add("decay_rank", h.n_lora_decay);
    out.add("learning_rank", h.n_lora_iclr);
    out.add("value_rank", h.n_lora_value_res_mix);
    out.add("gate_rank", h.n_lora_gate);
    out.add("mix_rank", h.time_mix_extra_dim);
    out.add("time_decay_rank", h.time_decay_extra_dim);
    out.add("short_conv", h.n_shortconv_l_cache);
    out.add("kda_head", h.n_embd_head_kda);
    out.add("linear_head", h.n_embd_head_la);
    out.add("ple_conv", h.ple_conv_state());
    out.add("posnet_embedding", h.posnet.n_embd);
    out.add("posnet_layers", h.posnet.n_layer);
    out.add("convnext_embedding", h.convnext.n_embd);
    out.add("convnext_layers", h.convnext.n_layer);
}

void layers(lines & out, const llama_model & model) {
    const llama_hparams & h = model.hparams;
    const uint32_t        n = h.n_layer_all;
    out.each("heads", n, [&](uint32_t il) { return h.n_head(il); });
    out.each("kv_heads", n, [&](uint32_t il) { return h.n_head_kv(il); });
    out.each("key_length", n, [&](uint32_t il) { return h.n_embd_head_k(il); });
    out.each("value_length", n, [&](uint32_t il) { return h.n_embd_head_v(il); });
    out.each("key_width", n, [&](uint32_t il) { return h.n_embd_k_gqa(il); });
    out.each("value_width", n, [&](uint32_t il) { return h.n_embd_v_gqa(il); });
    out.each("ff", n, [&](uint32_t il) { return h.n_ff(il); });
    out.each("expert_ff", n, [&](uint32_t il) { return h.n_ff_exp(il); });
    out.each("experts_used", n, [&](uint32_t il) { return h.n_expert_used(il); });
    out.each("rot", n, [&](uint32_t il) { return h.n_rot(il); });
    out.each("compress", n, [&](uint32_t il) { return h.dsv4_compress_ratios[il]; });
    out.each("window_layers", n, [&](uint32_t il) { return h.is_swa(il); });
    out.each("recurrent", n, [&](uint32_t il) { return h.is_recr(il); });
    out.each("kv", n, [&](uint32_t il) { return h.has_kv(il); });
    out.each("indexer", h.n_layer(), [&](uint32_t il) { return h.is_indexer_full(il); });
    out.each("ple", n, [&](uint32_t il) { return h.is_ple(il); });
}

// The bytes of the memory of one sequence, as llama_context makes it by default, but
// with windows no larger than they need be.
size_t memory(const llama_model & model, int n_ctx, int type_k, int type_v) {
    llama_cparams c = {};
    c.n_seq_max     = 1;
    c.n_ctx = c.n_ctx_seq = GGML_PAD((uint32_t) n_ctx, 256u);
    c.n_batch       = model.hparams.causal_attn ? std::min(n_ctx, 2048) : 2048;
    c.n_ubatch      = std::min(c.n_batch, 512u);
    c.causal_attn   = model.hparams.causal_attn;
    c.flash_attn    = true;
    c.kv_unified    = true;
    c.ctx_type      = LLAMA_CONTEXT_TYPE_DEFAULT;
    llama_memory_params params = {};
    params.type_k              = (ggml_type) type_k;
    params.type_v              = (ggml_type) type_v;
    std::unique_ptr<llama_memory_i> made(model.create_memory(params, c));
    size_t                          bytes = 0;
    if (made) {
        for (const auto & part : made->memory_breakdown()) {
            bytes += part.second;
        }
    }
    return bytes;
}

int read(const char * path, int n_ctx, int type_k, int type_v, char ** text) {
    std::vector<std::string> splits;
    llama_model_params       params = llama_model_default_params();
    params.no_alloc                 = true;
    llama_model_loader ml(nullptr, nullptr, nullptr, path, splits, nullptr, LLAMA_LOAD_MODE_NONE, false, true, false, nullptr, nullptr);
    std::unique_ptr<llama_model> model(llama_model_create(ml, params));
    auto *                       base = dynamic_cast<llama_model_base *>(model.get());
    if (!base) {
        throw std::runtime_error("no model");
    }
    base->hparams.no_alloc = true;
    base->load_hparams(ml);
    lines out;
    out.add("elements", std::to_string(ml.n_elements));
    out.add("bytes", std::to_string(ml.n_bytes));
    out.add("ftype", ml.ftype_name());
    sizes(out, *model);
    attention(out, *model);
    states(out, *model);
    layers(out, *model);
    if (n_ctx > 0) {
        char *    err  = nullptr;
        size_t    size = 0;
        const int code = llm::guard(&err, [&](llm::scope &) {
            size = memory(*model, n_ctx, type_k, type_v);
            return LLM_OK;
        });
        out.add("memory", code == LLM_OK ? std::to_string(size) : "- " + std::string(err ? err : ""));
        free(err);
    }
    *text = strdup(out.text.c_str());
    return LLM_OK;
}

} // namespace

extern "C" int llm_reference_hparams(const char * path, int n_ctx, int type_k, int type_v, char ** text, char ** err) {
    *text = nullptr;
    return llm::guard(err, [&](llm::scope &) { return read(path, n_ctx, type_k, type_v, text); });
}

extern "C" const char * llm_reference_architecture(int i) {
    return i >= 0 && i < LLM_ARCH_UNKNOWN ? llm_arch_name((llm_arch) i) : nullptr;
}

extern "C" char * llm_reference_key(int i) {
    if (i < 0 || i > LLM_KV_DENSE_3_FEAT_OUT) {
        return nullptr;
    }
    try {
        return strdup(LLM_KV(LLM_ARCH_LLAMA)((llm_kv) i).c_str());
    } catch (const std::exception &) {
        return strdup(""); // it has no name any more
    }
}
