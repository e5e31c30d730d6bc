package llama_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/llama"
)

// replyGuards give parsers of replies a syntax that the engine did not write.
var replyGuards = map[string]guardCase{
	"syntaxes that are none": {llama.ErrEngine, func(g *guarded) (errs []error) {
		for _, syntax := range []string{"", "{", "7", "[]", "null", "{}", `{"format":"x"}`, `{"format":null}`, `{"format":2,"parser":7}`, `{"format":2,"parser":"{"}`, `{"format":2,"parser":"7"}`, `{"format":2,"parser":"{}"}`,
			`{"format":0,"tools":"x"}`, `{"format":0,"generation_prompt":7}`, "{\"format\":0,\"generation_prompt\":\"\xff\"}"} {
			errs = append(errs, g.reply(syntax, "x"))
		}
		for _, parsers := range []string{`7`, `{}`, `[7]`, `[{}]`, `[{"type":"nosuch"}]`, `[{"type":7}]`, `[{"type":"sequence"}]`, `[{"type":"sequence","children":7}]`, `[{"type":"sequence","children":["x"]}]`, `[{"type":"literal"}]`,
			`[{"type":"repetition","child":0}]`, `[{"type":"string","delimiter":""}]`, `[{"type":"ac","child":0,"delimiters":[]}]`} {
			errs = append(errs, g.reply(arena(parsers, `{}`, "0"), "x"))
		}
		return append(errs, g.reply(arena(`[{"type":"any"}]`, `{"a":9}`, "0"), "x"), g.reply(arena(`[{"type":"any"}]`, `{}`, "7"), "x"), g.reply(arena(`[{"type":"any"}]`, `7`, "0"), "x"))
	}},
	"formats that are none": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		for _, format := range []string{"-1", "99", "2147483647"} {
			errs = append(errs, g.reply(`{"format":`+format+`}`, "x"))
		}
		return append(errs, g.reply("{\"format\":0}\x00", "x"))
	}},
	"syntaxes that point nowhere": {llama.ErrEngine, func(g *guarded) (errs []error) {
		for _, parser := range []string{`{"type":"sequence","children":[9]}`, `{"type":"choice","children":[9]}`, `{"type":"repetition","child":9,"min_count":0,"max_count":-1}`, `{"type":"and","child":9}`, `{"type":"not","child":9}`,
			`{"type":"tag","child":9,"tag":"content"}`, `{"type":"atomic","child":9}`, `{"type":"rule","name":"a","child":9,"trigger":false}`, `{"type":"schema","child":9,"name":"a","raw":false}`} {
			errs = append(errs, g.reply(arena("["+parser+"]", `{}`, "0"), "x"))
		}
		return errs
	}},
	"syntaxes that are cut or damaged": {nil, func(g *guarded) []error {
		templates := g.templates()
		defer templates.Close()
		p, err := templates.Apply([]byte(withTools(`[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}}]`)))
		g.must(err)
		const text = "<think>x</think>a<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"b\"}}\n</tool_call>"
		g.must(g.reply(p.Syntax, text))
		refused := 0
		for i := 0; i < len(p.Syntax); i += 7 {
			if g.reply(p.Syntax[:i], text) != nil {
				refused++
			}
			for _, c := range []byte{'0', '"', '}', 'x'} {
				g.reply(p.Syntax[:i]+string(c)+p.Syntax[i+1:], text)
			}
		}
		if refused != (len(p.Syntax)+6)/7 {
			g.Errorf("%d of the %d cut syntaxes were refused", refused, (len(p.Syntax)+6)/7)
		}
		return []error{nil}
	}},
	"deep syntaxes": {llama.ErrLimit, func(g *guarded) (errs []error) {
		for _, n := range []int{10000, 300000} {
			deep := strings.Repeat("[", n) + strings.Repeat("]", n)
			errs = append(errs, g.reply(deep, "x"), g.reply(`{"format":2,"parser":`+deep+`}`, "x"), g.reply(`{"format":2,"parser":"`+deep+`"}`, "x"), g.reply(arena("["+deep+"]", `{}`, "0"), "x"))
		}
		return errs
	}},
	"a reply that goes on after its end": {nil, func(g *guarded) []error {
		r, err := llama.NewReply(`{"format":0}`)
		g.must(err)
		defer r.Close()
		_, first := r.Add("x", true)
		_, second := r.Add("y", true)
		_, third := r.Add("", true)
		_, bytes := r.Add("\xff\xfe\x00", false)
		return []error{first, second, third, bytes}
	}},
	"a reply with deep arguments": {nil, func(g *guarded) []error {
		templates := g.templates()
		defer templates.Close()
		p, err := templates.Apply([]byte(withTools(`[{"type":"function","function":{"name":"f","parameters":{}}}]`)))
		g.must(err)
		for _, n := range []int{1000, 10000, 100000} {
			for _, nest := range [][2]string{{"[", "]"}, {`{"a":`, "}"}, {"<think>", "</think>"}, {"<tool_call>", "</tool_call>"}} {
				err := g.reply(p.Syntax, `<tool_call>{"name": "f", "arguments": {"a":`+strings.Repeat(nest[0], n)+strings.Repeat(nest[1], n)+`}}</tool_call>`)
				g.Logf("%d %s: %v", n, nest[0], err)
			}
		}
		return []error{nil}
	}},
}

// reply is why a reply cannot be read with a syntax.
func (g *guarded) reply(syntax, text string) error {
	r, err := llama.NewReply(syntax)
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := r.Add(text, false); err != nil {
		return err
	}
	_, err = r.Add("", true)
	return err
}

// arena is a syntax with these parsers.
func arena(parsers, rules, root string) string {
	text, _ := json.Marshal(fmt.Sprintf(`{"parsers":%s,"rules":%s,"root":%s}`, parsers, rules, root))
	return `{"format":2,"parser":` + string(text) + `}`
}
