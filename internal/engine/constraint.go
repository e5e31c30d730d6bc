package engine

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/sampler"
)

// constraint is what a reply must match: from its beginning, or, when it is lazy, from
// a trigger on.
type constraint struct {
	grammar string // GBNF; empty: nothing
	begun   string // what the prompt already has of the reply
	lazy    bool

	triggers    []*regexp.Regexp
	thinkingEnd []string // reasoning before these does not trigger
}

// preamble is the free text before a required call in the engine's grammars (what
// common/chat-auto-parser-generator.cpp makes, at the pinned tree). A small model would
// never come to the end of it.
var preamble = regexp.MustCompile(`(?m)^(root ::= .*) until-\d+\??((?: space)? tool-calls?(?:-root)?)$`)

// constrain reads what a request asks for, and what the template made of it.
func constrain(r *chat.Request, p llama.Prompt) (c constraint, err error) {
	switch {
	case r.Grammar != "":
		c.grammar = r.Grammar
	case p.Grammar != "":
		c = constraint{grammar: p.Grammar, begun: p.Begun, lazy: p.Lazy, thinkingEnd: p.ThinkingEnd}
		for _, t := range p.Triggers {
			c.addTrigger(t)
		}
		if r.ToolChoice == chat.ToolRequired {
			c.grammar = preamble.ReplaceAllString(c.grammar, "$1$2")
		}
	case len(r.Schema) > 0:
		if c.grammar, err = llama.SchemaToGrammar(r.Schema); err != nil {
			err = fmt.Errorf("%w: %w", chat.ErrRequest, err)
		}
	}
	return c, err
}

// addTrigger adds what Go's regular expressions can say. A tool call that nothing
// triggers is still parsed, only not forced into its schema.
func (c *constraint) addTrigger(t llama.Trigger) {
	pattern := t.Pattern
	if t.Text != "" {
		pattern = regexp.QuoteMeta(t.Text)
	}
	if re, err := regexp.Compile(pattern); err == nil && pattern != "" {
		c.triggers = append(c.triggers, re)
	}
}

// find is where in a reply the grammar begins; negative: nowhere yet.
func (c *constraint) find(text string) int {
	from := 0
	for _, end := range c.thinkingEnd {
		if i := strings.LastIndex(text, end); i >= 0 {
			from = max(from, i+len(end))
		}
	}
	for _, re := range c.triggers {
		m := re.FindStringSubmatchIndex(text[from:])
		if m == nil {
			continue
		}
		for i := 2; i < len(m); i += 2 {
			if m[i] >= 0 && m[i+1] > m[i] {
				return from + m[i]
			}
		}
		return from + m[0]
	}
	return -1
}

// watch waits for the trigger of a lazy constraint.
type watch struct {
	constraint
	text strings.Builder // of the reply so far
}

// see adds text; begin is what the grammar must take of it once it is triggered.
func (w *watch) see(text []byte) (begin string, triggered bool) {
	w.text.Write(text)
	if at := w.find(w.text.String()); at >= 0 {
		return w.text.String()[at:], true
	}
	return "", false
}

// startGrammar constrains the sampler from the beginning of the reply, or gets ready to.
func (g *generation) startGrammar() error {
	c := g.job.prompt.constraint
	switch {
	case c.grammar == "":
		return nil
	case c.lazy:
		if len(c.triggers) > 0 {
			g.watch = &watch{constraint: c}
		}
		return nil
	}
	return explainGrammar(g.constrain(c.grammar, c.begun))
}

// constrain has the sampler choose what a grammar allows from now on.
func (g *generation) constrain(grammar, begun string) (err error) {
	if g.grammar, err = g.engine.model.NewGrammar(grammar, begun); err == nil {
		g.sampler.Constrain(grammarConstraint{g.grammar})
	}
	return err
}

func (g *generation) endGrammar() {
	if g.grammar != nil {
		g.sampler.Constrain(nil)
		g.grammar.Close()
	}
}

// watchFor constrains the sampler when text triggers it. Text that the grammar refuses
// ends the watch: such a call is for the parser to judge.
func (g *generation) watchFor(text []byte) error {
	if g.watch == nil {
		return nil
	}
	begin, triggered := g.watch.see(text)
	if !triggered {
		return nil
	}
	grammar := g.watch.grammar
	g.watch = nil
	if err := g.constrain(grammar, begin); errors.Is(err, llama.ErrLimit) {
		return explainGrammar(err)
	}
	return nil
}

// explainGrammar makes an error of a grammar the request's.
func explainGrammar(err error) error {
	switch {
	case errors.Is(err, llama.ErrLimit):
		return fmt.Errorf("%w: the grammar is too ambiguous: %w; write it with fewer optional and repeated parts", chat.ErrRequest, err)
	case errors.Is(err, llama.ErrEngine), errors.Is(err, llama.ErrInvalid), errors.Is(err, sampler.ErrConstraint):
		return fmt.Errorf("%w: %w", chat.ErrRequest, err)
	}
	return err
}
