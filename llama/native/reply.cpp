// The parsers of replies: upstream has them in C++ only, and they know the formats of
// hundreds of models.
#include "budget.h"
#include "guard.h"
#include "nesting.h"

#include "chat.h"

#include <algorithm>
#include <memory>
#include <stdexcept>

struct llm_reply {
    common_chat_parser_params params;
    std::string               text;
    common_chat_msg           known;          // what was handed out
    size_t                    sound  = 0;     // bytes of text that follow the syntax
    bool                      broken = false; // the text left it: what follows is text
};

namespace {

// A parser may reject text that ends inside a mark and take it with the next
// character; a rejection that lasts longer than this is taken for final.
constexpr size_t max_unsound_bytes = 64;

// Of a reply that ends in what may begin a mark, so much is text: "A" is a whole answer,
// also where "Action:" would begin a call.
constexpr size_t max_short_text = 2;

// No mark of any format has this character.
constexpr char probe_char = '\x01';

bool begins(const std::string & beginning, const std::string & text) {
    return text.compare(0, beginning.size(), beginning) == 0;
}

// Whether the first n bytes of text end with the ending.
bool ends(const std::string & text, size_t n, const std::string & ending) {
    return n >= ending.size() && text.compare(n - ending.size(), ending.size(), ending) == 0;
}

// What was handed out cannot be taken back.
bool extends(const common_chat_msg & known, const common_chat_msg & now) {
    if (!begins(known.content, now.content) || !begins(known.reasoning_content, now.reasoning_content) ||
        known.tool_calls.size() > now.tool_calls.size()) {
        return false;
    }
    for (size_t i = 0; i < known.tool_calls.size(); i++) {
        const auto & k = known.tool_calls[i];
        const auto & n = now.tool_calls[i];
        if (k.name != n.name || !begins(k.arguments, n.arguments) || (!k.id.empty() && k.id != n.id)) {
            return false;
        }
    }
    return true;
}

// Parses the first n bytes of the reply. false: they do not follow its syntax, or
// contradict what was handed out.
bool parse_reply(const llm_reply & reply, size_t n, common_chat_msg & msg) {
    try {
        // As a whole, not as a part: of parts that it rejects, upstream returns what is
        // left of the message, mostly nothing. It holds back half marks in both cases.
        msg = llm::within(llm::limits_of_work_on(n), [&] { return common_chat_parse(reply.text.substr(0, n), false, reply.params); });
    } catch (const std::runtime_error &) {
        return false;
    }
    // A name at the very end may be the beginning of a longer one.
    if (!msg.tool_calls.empty() && ends(reply.text, n, msg.tool_calls.back().name)) {
        msg.tool_calls.pop_back();
    }
    return extends(reply.known, msg);
}

void push_text(common_json & pieces, const std::string & text) {
    if (!text.empty()) {
        pieces.push_back({ { "text", text } });
    }
}

// Appends what is new to the pieces. upstream's compute_diffs repeats the name of a
// call when its id comes later, and forgets what was known when a parse fails.
void hand_out(llm_reply & reply, common_chat_msg && now, common_json & pieces) {
    const auto & known = reply.known;
    if (now.reasoning_content.size() > known.reasoning_content.size()) {
        pieces.push_back({ { "reasoning", now.reasoning_content.substr(known.reasoning_content.size()) } });
    }
    push_text(pieces, now.content.substr(known.content.size()));
    for (size_t i = 0; i < now.tool_calls.size(); i++) {
        common_chat_tool_call call = now.tool_calls[i];
        if (i < known.tool_calls.size()) {
            const auto & k = known.tool_calls[i];
            if (call == k) {
                continue;
            }
            call.name.clear();
            call.id = k.id.empty() ? call.id : "";
            call.arguments.erase(0, k.arguments.size());
        }
        pieces.push_back({ { "call", i }, { "id", call.id }, { "name", call.name }, { "arguments", call.arguments } });
    }
    reply.known = std::move(now);
}

// The last place from n on, and not far behind it, where a character would be shown as
// text; n when there is none.
size_t text_place(const llm_reply & reply, const common_chat_msg & said, size_t n, size_t end) {
    llm_reply probe = reply;
    size_t    place = n;
    for (size_t at = n; at <= std::min(end, n + max_unsound_bytes); at++) {
        common_chat_msg msg;
        probe.text = reply.text.substr(0, at) + probe_char;
        if (parse_reply(probe, at + 1, msg) && msg.content == said.content + probe_char) {
            place = at;
        }
    }
    return place;
}

// Looks for the place where the reply left its syntax; hands out what was said until
// there, and the rest as text.
void break_reply(llm_reply & reply, common_json & pieces) {
    common_chat_msg msg, said = reply.known;
    size_t good = reply.sound, bad = reply.text.size();
    while (bad - good > 1) {
        const size_t middle = good + (bad - good) / 2;
        if (parse_reply(reply, middle, msg)) {
            good = middle;
            said = msg;
        } else {
            bad = middle;
        }
    }
    // The shortest beginning that says the same: after it nothing was said.
    size_t low = 0, high = good;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (parse_reply(reply, middle, msg) && msg == said) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    const size_t rest = text_place(reply, said, high, good);
    hand_out(reply, std::move(said), pieces);
    push_text(pieces, reply.text.substr(rest));
    reply.broken = true;
}

// What a finished reply says beyond the parsed message, as text.
std::string remainder(const llm_reply & reply) {
    if (reply.params.parser.empty()) {
        return "";
    }
    const size_t             prompt = reply.params.generation_prompt.size();
    common_peg_parse_context ctx(reply.params.generation_prompt + reply.text, COMMON_PEG_PARSE_FLAG_LENIENT);
    const auto               result = llm::within(llm::limits_of_work_on(reply.text.size()), [&] { return reply.params.parser.parse(ctx); });
    if (result.success()) { // some parsers look no further than their syntax goes
        const bool blank = ctx.input.find_first_not_of(" \t\r\n", result.end) == std::string::npos;
        return blank ? "" : ctx.input.substr(std::max(result.end, prompt));
    }
    // It waits for more: what would be text if another character came than it waits for?
    llm_reply       probe  = reply;
    common_json     pieces = common_json::array();
    common_chat_msg msg;
    probe.text += probe_char;
    if (parse_reply(probe, probe.text.size(), msg)) {
        hand_out(probe, std::move(msg), pieces);
    } else {
        break_reply(probe, pieces);
    }
    std::string held;
    for (const auto & piece : pieces) {
        held += piece.value("text", std::string(max_short_text + 1, ' ')); // no text: nothing is held
    }
    if (!held.empty() && held.back() == probe_char) {
        held.pop_back();
    }
    return probe.known.tool_calls.empty() && held.size() <= max_short_text ? held : "";
}

} // namespace

extern "C" {

int llm_reply_new(const char * syntax, llm_reply ** out, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!syntax || !out) {
            return llm::fail(err, LLM_EINVAL, "a syntax and a place for the result are needed");
        }
        if (const int code = llm::check_nesting(syntax, err)) {
            return code;
        }
        const common_json s      = common_json::parse(syntax);
        const int         format = s.at("format").get<int>();
        if (format < 0 || format >= COMMON_CHAT_FORMAT_COUNT) {
            return llm::fail(err, LLM_EINVAL, "reply format %d", format);
        }
        auto reply                      = std::make_unique<llm_reply>();
        reply->params.format            = (common_chat_format) format;
        reply->params.reasoning_format  = COMMON_REASONING_FORMAT_AUTO;
        reply->params.generation_prompt = s.value("generation_prompt", "");
        reply->params.parse_tool_calls  = s.value("tools", false);
        const std::string parser        = s.value("parser", "");
        if (!parser.empty()) {
            if (const int code = llm::check_nesting(parser.c_str(), err)) {
                return code;
            }
            reply->params.parser.load(parser);
        }
        *out = reply.release();
        return LLM_OK;
    });
}

void llm_reply_free(llm_reply * reply) {
    delete reply;
}

// Pieces: {"text"}, {"reasoning"}, or {"call" (index), "id", "name", "arguments"};
// id and name once, arguments in fragments.
int llm_reply_add(llm_reply * reply, const char * text, size_t len, bool final, char ** pieces, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!reply || !pieces || (len > 0 && !text)) {
            return llm::fail(err, LLM_EINVAL, "a reply, text and a place for the result are needed");
        }
        common_json     all = common_json::array();
        common_chat_msg now;
        reply->text.append(text ? text : "", len);
        if (reply->broken) {
            push_text(all, std::string(text ? text : "", len));
        } else if (parse_reply(*reply, reply->text.size(), now)) {
            reply->sound = reply->text.size();
            hand_out(*reply, std::move(now), all);
            if (final) {
                push_text(all, remainder(*reply));
            }
        } else if (final || reply->text.size() - reply->sound > max_unsound_bytes) {
            break_reply(*reply, all);
        }
        *pieces = llm::copy(all.dump_safe());
        return *pieces ? LLM_OK : llm::fail(err, LLM_EENGINE, "out of memory");
    });
}

} // extern "C"
