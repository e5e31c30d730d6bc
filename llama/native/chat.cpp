// Chat templates, by the engine's own jinja. All contact with upstream's chat.h is in
// this file and in reply.cpp.
#include "guard.h"
#include "handles.h"
#include "nesting.h"

#include "chat.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <memory>
#include <stdexcept>

struct llm_chat {
    common_chat_templates_ptr templates;
    size_t                    bytes; // of their sources
};

namespace {

// The engine's parser and evaluator of templates recurse without a limit, on a
// stack that is small on some systems.
constexpr size_t max_template_bytes = 512 << 10;
constexpr int    max_template_depth = 128;
// Operators nest without brackets. No template in use has a tenth of that.
constexpr size_t max_code_bytes = 4096;
constexpr int    max_elifs      = 2048;

bool begins_block(const char * p) {
    for (const char * word : { "for", "if", "macro", "call", "filter", "block", "generation" }) {
        const size_t n = strlen(word);
        if (strncmp(p, word, n) == 0 && !isalnum((unsigned char) p[n]) && p[n] != '_') {
            return true;
        }
    }
    return false;
}

// The bytes of the longest piece of code in a template, without strings and blanks.
size_t longest_code(const char * p) {
    size_t longest = 0;
    while (*p) {
        if (p[0] == '{' && p[1] == '#') {
            const char * end = strstr(p, "#}");
            p                = end ? end + 2 : p + strlen(p);
            continue;
        }
        if (p[0] != '{' || (p[1] != '{' && p[1] != '%')) {
            p++;
            continue;
        }
        const char close = p[1] == '{' ? '}' : '%';
        size_t     n     = 0;
        for (p += 2; *p && !(p[0] == close && p[1] == '}'); p++) {
            if (*p == '"' || *p == '\'') {
                const char quote = *p;
                for (p++; *p && *p != quote; p++) {
                    p += *p == '\\' && p[1];
                }
                if (!*p) {
                    break;
                }
            } else {
                n += !isspace((unsigned char) *p);
            }
        }
        longest = std::max(longest, n);
    }
    return longest;
}

// Refuses templates that are far larger or deeper than any that is in use.
void check_template(const char * source) {
    const size_t size = strlen(source);
    if (size > max_template_bytes) {
        throw std::runtime_error("the template has " + std::to_string(size) + " bytes; the limit is " + std::to_string(max_template_bytes));
    }
    if (const size_t n = longest_code(source); n > max_code_bytes) {
        throw std::runtime_error("the template has a piece of code of " + std::to_string(n) + " characters; the limit is " + std::to_string(max_code_bytes));
    }
    int brackets = 0, blocks = 0, elifs = 0;
    for (const char * p = source; *p; p++) {
        if (strchr("([{", *p)) {
            brackets++;
        } else if (strchr(")]}", *p)) {
            brackets -= brackets > 0;
        }
        if (p[0] == '{' && p[1] == '%') {
            const char * word = p + 2;
            word += strspn(word, "-+ \t\r\n");
            if (strncmp(word, "end", 3) == 0) {
                blocks -= blocks > 0;
            } else if (begins_block(word)) {
                blocks++;
            }
            elifs += strncmp(word, "elif", 4) == 0;
        }
        if (brackets > max_template_depth || blocks > max_template_depth || elifs > max_elifs) {
            throw std::runtime_error("the template nests deeper than " + std::to_string(max_template_depth) + " levels");
        }
    }
}

std::string template_error(const llm_model * model, const char * source, const char * fallback) {
    // common_chat_templates_init rethrows a sliced exception: its text is gone. The
    // parser itself still knows.
    try {
        const char * text = source ? source : llama_model_chat_template(model->model, nullptr);
        common_chat_template probe(text ? text : "", "", "");
    } catch (const std::exception & e) {
        return e.what();
    }
    return fallback;
}

common_chat_templates_inputs read_request(const common_json & request) {
    common_chat_templates_inputs in;
    in.messages              = common_chat_msgs_parse_oaicompat(request.at("messages"));
    in.add_generation_prompt = request.value("add_generation_prompt", true);
    in.enable_thinking       = request.value("enable_thinking", true);
    in.parallel_tool_calls   = request.value("parallel_tool_calls", false);
    in.reasoning_format      = COMMON_REASONING_FORMAT_AUTO;
    in.json_schema           = request.value("json_schema", "");
    if (request.contains("tools")) {
        in.tools       = common_chat_tools_parse_oaicompat(request.at("tools"));
        in.tool_choice = common_chat_tool_choice_parse_oaicompat(request.value("tool_choice", "auto"));
    }
    return in;
}

// What begins a lazy grammar: {"pattern"}, a regular expression whose first group, or
// all of it, is where the grammar begins, or {"text"}.
common_json triggers(const common_chat_params & p) {
    common_json all = common_json::array();
    for (const auto & t : p.grammar_triggers) {
        switch (t.type) {
            case COMMON_GRAMMAR_TRIGGER_TYPE_TOKEN:
            case COMMON_GRAMMAR_TRIGGER_TYPE_WORD:
                all.push_back({ { "text", t.value } });
                break;
            case COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN:
                all.push_back({ { "pattern", t.value } });
                break;
            case COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN_FULL:
                all.push_back({ { "pattern", "^(?:" + t.value + ")$" } });
                break;
        }
    }
    return all;
}

} // namespace

extern "C" {

int llm_chat_new(const llm_model * model, const char * source, llm_chat ** out, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!model || !out) {
            return llm::fail(err, LLM_EINVAL, "a model and a place for the result are needed");
        }
        const char * sources[] = { source, nullptr };
        if (!source) {
            sources[0] = llama_model_chat_template(model->model, nullptr);
            sources[1] = llama_model_chat_template(model->model, "tool_use");
        }
        if (!sources[0] && !sources[1]) {
            return llm::fail(err, LLM_EINVAL, "the model has no chat template");
        }
        size_t bytes = 0;
        for (const char * text : sources) {
            if (text) {
                check_template(text);
                bytes += strlen(text);
            }
        }
        auto chat = std::make_unique<llm_chat>();
        try {
            chat->templates = llm::within(llm::limits_of_work_on(bytes), [&] { return common_chat_templates_init(model->model, source ? source : ""); });
        } catch (const llm::assertion &) {
            throw;
        } catch (const llm::exhausted &) {
            throw;
        } catch (const std::exception & e) {
            return llm::fail(err, LLM_EENGINE, "%s", template_error(model, source, e.what()).c_str());
        }
        chat->bytes = bytes;
        *out        = chat.release();
        return LLM_OK;
    });
}

void llm_chat_free(llm_chat * chat) {
    delete chat;
}

char * llm_chat_source(const llm_chat * chat) {
    return llm::guard_value<char *>(nullptr, [&] { return chat ? llm::copy(common_chat_templates_source(chat->templates.get())) : nullptr; });
}

// Request: messages (OpenAI's shape), and optionally tools, tool_choice,
// parallel_tool_calls, json_schema (text), enable_thinking, add_generation_prompt.
// Result: prompt; stops (strings that end a reply, beside the end-of-generation
// tokens); syntax, what llm_reply_new takes, empty when replies are plain text;
// preserved, the control tokens whose text that parser must see; knows_tools, whether
// the template has a place for tools; grammar, what the reply must match, with lazy,
// triggers, begun and thinking_end.
int llm_chat_apply(const llm_chat * chat, const char * request, char ** result, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!chat || !request || !result) {
            return llm::fail(err, LLM_EINVAL, "a template, a request and a place for the result are needed");
        }
        if (const int code = llm::check_nesting(request, err)) {
            return code;
        }
        common_chat_templates_inputs in;
        const common_chat_params     p = llm::within(llm::limits_of_work_on(chat->bytes + strlen(request)), [&] {
            in = read_request(common_json::parse(request));
            return common_chat_templates_apply(chat->templates.get(), in);
        });

        const bool plain = in.tools.empty() && !p.supports_thinking && in.json_schema.empty();
        std::string syntax;
        if (!plain) {
            common_json s             = common_json::object();
            s["format"]               = (int) p.format;
            s["generation_prompt"]    = p.generation_prompt;
            s["parser"]               = p.parser;
            s["tools"]                = !in.tools.empty();
            syntax                    = s.dump_safe();
        }
        common_json r        = common_json::object();
        r["prompt"]          = p.prompt;
        r["stops"]           = p.additional_stops;
        r["syntax"]          = syntax;
        r["preserved"]       = plain ? std::vector<std::string>() : p.preserved_tokens;
        r["knows_tools"]     = common_chat_templates_get_caps(chat->templates.get())["supports_tools"];
        r["grammar"]         = p.grammar;
        r["lazy"]            = p.grammar_lazy;
        // What the template wrote of the reply, which the grammar expects to see.
        r["begun"]           = p.generation_prompt;
        r["triggers"]        = triggers(p);
        r["thinking_end"]    = p.thinking_end_tags;
        *result              = llm::copy(r.dump_safe());
        return *result ? LLM_OK : llm::fail(err, LLM_EENGINE, "out of memory");
    });
}

} // extern "C"
