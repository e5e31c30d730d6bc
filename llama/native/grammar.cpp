// Grammars: checked, compiled, made from JSON schemas.
#include "grammar.h"

#include "guard.h"
#include "nesting.h"

#include "json-schema-to-grammar.h"

#include <cctype>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

namespace llm {

// The engine's parser recurses at each parenthesis.
constexpr size_t max_grammar_bytes = 1 << 20;
constexpr int    max_grammar_depth = 256;
// It looks for left recursion by recursion over the rules, without allocating.
constexpr size_t max_grammar_rules = 20000;

static std::string place(const std::string & text, size_t at) {
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at && i < text.size(); i++) {
        column = text[i] == '\n' ? 1 : column + 1;
        line += text[i] == '\n';
    }
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

// The end of a literal or of a character class that begins at p.
static const char * skip_quoted(const char * p) {
    const char end = *p == '"' ? '"' : ']';
    for (p++; *p && *p != end; p++) {
        if (*p == '\\' && p[1]) {
            p++;
        }
    }
    return p;
}

// The engine takes a repetition of more than this for one without end.
constexpr long max_repetition = 2000;

// The numbers of a repetition {m,n} that begins at p.
static void check_repetition(const std::string & text, const char * p) {
    const char * begin = p;
    for (; *p && *p != '}'; p++) {
        if (isdigit((unsigned char) *p)) {
            char * end = nullptr;
            if (strtol(p, &end, 10) > max_repetition) {
                throw std::runtime_error("it repeats something more than " + std::to_string(max_repetition) + " times (" +
                                         place(text, begin - text.c_str()) + ")");
            }
            p = end - 1;
        }
    }
}

static void check_depth(const std::string & text) {
    if (text.size() > max_grammar_bytes) {
        throw std::runtime_error("it has " + std::to_string(text.size()) + " bytes; the limit is " + std::to_string(max_grammar_bytes));
    }
    int depth = 0;
    for (const char * p = text.c_str(); *p; p++) {
        if (*p == '#') {
            p += strcspn(p, "\r\n");
        } else if (*p == '"' || *p == '[') {
            p = skip_quoted(p);
        } else if (*p == '(' && ++depth > max_grammar_depth) {
            throw std::runtime_error("it nests deeper than " + std::to_string(max_grammar_depth) + " parentheses (" +
                                     place(text, p - text.c_str()) + ")");
        } else if (*p == ')') {
            depth--;
        } else if (*p == '{') {
            check_repetition(text, p);
        }
        if (!*p) {
            break;
        }
    }
}

// What the engine's parse does, except that its report of an error stays ours.
static void parse(llama_grammar_parser & parser, const std::string & text) {
    const char * p = text.c_str();
    while (*p && strchr(" \t\r\n#", *p)) {
        p += *p == '#' ? strcspn(p, "\r\n") : 1;
    }
    try {
        while (*p) {
            p = parser.parse_rule(p);
        }
    } catch (const std::runtime_error & e) {
        // The engine ends its message with all that follows the error.
        std::string  what = e.what();
        const size_t at   = what.find(" at ");
        if (at == std::string::npos || what.size() - at - 4 > text.size()) {
            throw;
        }
        const size_t rest = what.size() - at - 4;
        throw std::runtime_error(what.substr(0, at) + " at " + place(text, text.size() - rest));
    }
    if (parser.rules.size() > max_grammar_rules) {
        throw std::runtime_error("it has " + std::to_string(parser.rules.size()) + " rules, repetitions counted out; the limit is " +
                                 std::to_string(max_grammar_rules));
    }
    for (const auto & [name, id] : parser.symbol_ids) {
        if (id >= parser.rules.size() || parser.rules[id].empty()) {
            throw std::runtime_error("the rule \"" + name + "\" is used and not defined");
        }
    }
    if (parser.symbol_ids.count("root") == 0) {
        throw std::runtime_error("it has no rule \"root\"");
    }
}

static grammar compile(const llm_model * model, const std::string & text) {
    llama_grammar_parser parser(model->vocab);
    parse(parser, text);
    std::vector<const llama_grammar_element *> rules = parser.c_rules();
    grammar g(llama_grammar_init_impl(model->vocab, rules.data(), rules.size(), parser.symbol_ids.at("root")), llama_grammar_free_impl);
    if (!g) {
        const scope * s = scope::current();
        throw std::runtime_error(s && !s->errors().empty() ? s->errors() : "a rule refers to itself before it takes a character (left recursion)");
    }
    return g;
}

grammar compile_grammar(const llm_model * model, const std::string & text) {
    check_depth(text);
    return within(grammar_limits, [&] { return compile(model, text); });
}

} // namespace llm

extern "C" int llm_schema_to_grammar(const char * schema, char ** grammar, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!schema || !grammar) {
            return llm::fail(err, LLM_EINVAL, "a schema and a place for the result are needed");
        }
        if (const int code = llm::check_nesting(schema, err)) {
            return code;
        }
        *grammar = llm::copy(llm::within(llm::grammar_limits, [&] { return json_schema_to_grammar(common_json::parse(schema), true); }));
        return *grammar ? LLM_OK : llm::fail(err, LLM_EENGINE, "out of memory");
    });
}

extern "C" int llm_grammar_check(const llm_model * model, const char * grammar, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!model || !grammar) {
            return llm::fail(err, LLM_EINVAL, "a model and a grammar are needed");
        }
        llm::compile_grammar(model, grammar);
        return LLM_OK;
    });
}
