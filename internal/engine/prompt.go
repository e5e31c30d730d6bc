package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/schema"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/sampler"
)

// prompt is a request made ready for the engine.
type prompt struct {
	tokens []llama.Token
	keep   int      // tokens at the start that survive when something is dropped
	stops  []string // the request's and the template's
	syntax string   // of the reply; empty: plain text

	constraint constraint
	sampling   sampler.Params

	// visible are control tokens whose text the reply's syntax needs; the text of
	// others is never shown.
	visible []llama.Token
}

// prepare validates, renders and tokenizes a request, on the caller's goroutine.
func (e *Engine) prepare(r *chat.Request) (p *prompt, err error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	if e.cannotGenerate != nil {
		return nil, e.cannotGenerate
	}
	if len(r.Schema) > 0 {
		// What the engine would ignore of a schema is refused.
		if err := schema.Check(r.Schema); err != nil {
			return nil, fmt.Errorf("%w: %w", chat.ErrRequest, err)
		}
	}
	err = e.use(func() error {
		if len(r.Messages) > 0 {
			p, err = e.renderChat(r)
		} else {
			p, err = e.renderRaw(r)
		}
		if err == nil {
			p.sampling, err = e.samplerParams(&r.Sampling)
		}
		return err
	})
	return p, err
}

func (e *Engine) renderRaw(r *chat.Request) (*prompt, error) {
	tokens, err := e.model.Tokenize(r.Prompt, true, true)
	if err != nil {
		return nil, err
	}
	if len(tokens) == 0 {
		return nil, fmt.Errorf("%w: the prompt is empty, and this model has no token to begin with", chat.ErrRequest)
	}
	c, err := constrain(r, llama.Prompt{})
	return &prompt{tokens: tokens, keep: e.keep(r, 0), stops: r.Stop, constraint: c}, err
}

func (e *Engine) renderChat(r *chat.Request) (*prompt, error) {
	if e.templates == nil {
		if errors.Is(e.templateErr, llama.ErrInvalid) {
			return nil, chat.ErrNoTemplate
		}
		return nil, fmt.Errorf("the model's chat template cannot be used: %w", e.templateErr)
	}
	rendered, err := e.apply(templateRequest(r))
	if err != nil {
		return nil, err
	}
	if len(r.Tools) > 0 && r.ToolChoice != chat.ToolNone && !rendered.KnowsTools {
		return nil, fmt.Errorf("tools are %w by the model's chat template, which has no place for them; ask for a schema instead, or open the model with another template", chat.ErrUnsupported)
	}
	tokens, err := e.model.Tokenize(rendered.Text, true, true)
	if err != nil {
		return nil, err
	}
	visible, err := e.singleTokens(rendered.Preserved)
	if err != nil {
		return nil, err
	}
	c, err := constrain(r, rendered)
	return &prompt{
		tokens:     tokens,
		keep:       e.keep(r, e.systemTokens(r, tokens)),
		stops:      slices.Concat(r.Stop, rendered.Stops),
		syntax:     rendered.Syntax,
		visible:    visible,
		constraint: c,
	}, err
}

// singleTokens are the tokens of those texts that are one token each.
func (e *Engine) singleTokens(texts []string) (tokens []llama.Token, err error) {
	for _, text := range texts {
		t, err := e.model.Tokenize(text, false, true)
		if err != nil {
			return nil, err
		}
		if len(t) == 1 {
			tokens = append(tokens, t[0])
		}
	}
	return tokens, nil
}

// keep resolves Request.Keep: what was asked for, or BOS and the system message.
func (e *Engine) keep(r *chat.Request, system int) int {
	switch {
	case r.Keep > 0:
		return r.Keep
	case r.Keep == 0:
		return 0
	}
	if mi := e.model.Info(); system == 0 && mi.AddBOS && mi.BOS != llama.NoToken {
		return 1
	}
	return system
}

// systemTokens is how many tokens at the start of a rendered chat are its leading
// system message. Only worth the rendering when something may be dropped.
func (e *Engine) systemTokens(r *chat.Request, tokens []llama.Token) int {
	if r.Keep >= 0 || r.Overflow == "" || r.Overflow == chat.OverflowError || r.Messages[0].Role != chat.System {
		return 0
	}
	first := *r
	first.Messages = r.Messages[:1]
	first.Tools = nil
	request := templateRequest(&first)
	request.AddGenerationPrompt = new(bool)
	rendered, err := e.apply(request)
	if err != nil {
		return 0 // many templates want a user message
	}
	system, err := e.model.Tokenize(rendered.Text, true, true)
	if err != nil {
		return 0
	}
	return commonPrefix(system, tokens)
}

func (e *Engine) apply(r *templateInput) (llama.Prompt, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return llama.Prompt{}, fmt.Errorf("%w: %w", chat.ErrRequest, err)
	}
	if p, ok := e.rendered.get(string(body)); ok {
		return p, nil
	}
	p, err := e.templates.Apply(body)
	if err == nil && e.cacheable {
		e.rendered.put(string(body), p)
	}
	return p, err
}

// templateInput is what llama.ChatTemplates.Apply reads: OpenAI's shape.
type templateInput struct {
	Messages            []templateMessage `json:"messages"`
	Tools               []templateTool    `json:"tools,omitempty"`
	ToolChoice          chat.ToolChoice   `json:"tool_choice,omitempty"`
	JSONSchema          string            `json:"json_schema,omitempty"`
	EnableThinking      bool              `json:"enable_thinking"`
	AddGenerationPrompt *bool             `json:"add_generation_prompt,omitempty"`
}

type templateMessage struct {
	Role       chat.Role      `json:"role"`
	Content    string         `json:"content"`
	Reasoning  string         `json:"reasoning_content,omitempty"`
	ToolCalls  []templateCall `json:"tool_calls,omitempty"`
	ToolCallID string         `json:"tool_call_id,omitempty"`
}

type templateCall struct {
	Type     string `json:"type"`
	ID       string `json:"id,omitempty"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

type templateTool struct {
	Type     string `json:"type"`
	Function struct {
		Name        string          `json:"name"`
		Description string          `json:"description,omitempty"`
		Parameters  json.RawMessage `json:"parameters,omitempty"`
	} `json:"function"`
}

func templateRequest(r *chat.Request) *templateInput {
	in := &templateInput{EnableThinking: !r.NoThinking, JSONSchema: string(r.Schema)}
	for _, m := range r.Messages {
		tm := templateMessage{Role: m.Role, Content: m.Content, Reasoning: m.Reasoning, ToolCallID: m.ToolCallID}
		for _, c := range m.ToolCalls {
			tc := templateCall{Type: "function", ID: c.ID}
			tc.Function.Name, tc.Function.Arguments = c.Name, c.Arguments
			tm.ToolCalls = append(tm.ToolCalls, tc)
		}
		in.Messages = append(in.Messages, tm)
	}
	for _, t := range r.Tools {
		tt := templateTool{Type: "function"}
		tt.Function.Name, tt.Function.Description, tt.Function.Parameters = t.Name, t.Description, t.Parameters
		in.Tools = append(in.Tools, tt)
	}
	if len(in.Tools) > 0 {
		in.ToolChoice = r.ToolChoice
	}
	return in
}

func commonPrefix(a, b []llama.Token) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
