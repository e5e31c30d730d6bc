package task

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Form is how prompts are put.
type Form int

// The forms.
const (
	Chat       Form = iota // messages, for a model with a chat template
	Completion             // a text to be continued, for one without
)

// Limits of a suite.
const (
	maxLine      = 1 << 20 // bytes
	maxSuite     = 64 << 20
	maxCases     = 100_000
	maxID        = 200  // bytes
	maxRegex     = 4096 // bytes
	maxSchema    = 64 << 10
	maxTokens    = 32_768
	maxMessages  = 256
	maxStrings   = 64 // in a list of texts
	defaultLimit = 256
)

// SuiteError is what is wrong in a suite, with its place.
type SuiteError struct {
	Line, Column int // from 1; columns count characters
	Why          string
}

func (e *SuiteError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Why)
}

// ReadSuite reads a user's cases, a JSON object a line (docs/tasks.md). Every field must be a
// known one. Its errors are *SuiteError, or those of r.
func ReadSuite(r io.Reader, form Form) ([]Case, error) {
	all, err := io.ReadAll(io.LimitReader(r, maxSuite+1))
	if err != nil {
		return nil, err
	}
	if len(all) > maxSuite {
		return nil, &SuiteError{1, 1, fmt.Sprintf("a suite may have %d bytes", maxSuite)}
	}
	rest := strings.TrimPrefix(string(all), "\ufeff")
	var cases []Case
	lines := map[string]int{} // of the ids
	for number := 1; rest != ""; number++ {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if len(line) > maxLine {
			return nil, &SuiteError{number, 1, fmt.Sprintf("a line may have %d bytes", maxLine)}
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		c, bad := readCase(strings.TrimSuffix(line, "\r"), form)
		if bad == nil && lines[c.ID] > 0 {
			bad = &SuiteError{Column: 1, Why: fmt.Sprintf("line %d has the same id; give each case its own", lines[c.ID])}
		}
		if bad == nil && len(cases) == maxCases {
			bad = &SuiteError{Column: 1, Why: fmt.Sprintf("a suite may have %d cases", maxCases)}
		}
		if bad != nil {
			bad.Line = number
			return nil, bad
		}
		lines[c.ID] = number
		cases = append(cases, c)
	}
	if len(cases) == 0 {
		return nil, &SuiteError{1, 1, "there is no case; write one JSON object a line"}
	}
	return cases, nil
}

// readCase reads one line. Its error lacks the line.
func readCase(text string, form Form) (Case, *SuiteError) {
	if i := invalidUTF8(text); i >= 0 {
		return Case{}, &SuiteError{Column: utf8.RuneCountInString(text[:i]) + 1, Why: "is not UTF-8; save the file as UTF-8"}
	}
	n, err := parseJSON(text)
	c := Case{Kind: Suite}
	if err == nil {
		err = c.read(n, form)
	}
	if err == nil {
		return c, nil
	}
	at := 0
	var bad *syntaxError
	if errors.As(err, &bad) {
		at = min(bad.at, len(text))
	}
	return Case{}, &SuiteError{Column: utf8.RuneCountInString(text[:at]) + 1, Why: err.Error()}
}

func invalidUTF8(text string) int {
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return i
			}
		}
	}
	return -1
}

func (c *Case) read(n *node, form Form) error {
	o, err := asObject(n, "a case", "id", "prompt", "messages", "check", "max_tokens", "stop", "constrain")
	if err != nil {
		return err
	}
	id, err := o.text("id", maxID)
	if err != nil {
		return err
	}
	if id == nil || *id == "" || strings.TrimSpace(*id) != *id || strings.ContainsFunc(*id, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return wrongAt(o.place("id"), "a case needs an \"id\": a text of one line without spaces around it")
	}
	c.ID = string(Suite) + "/" + *id
	if err := c.Prompt.read(o, form); err != nil {
		return err
	}
	check := o.fields["check"]
	if check.node == nil {
		return wrongAt(n.at, "a case needs a \"check\"")
	}
	schema, err := c.Check.read(check.node)
	if err != nil {
		return err
	}
	constrain, err := o.flag("constrain")
	if err != nil {
		return err
	}
	if constrain {
		if schema == nil {
			return wrongAt(o.place("constrain"), "\"constrain\" goes with a check \"json_schema\"")
		}
		c.Prompt.Schema = schema
	}
	return nil
}

func (p *Prompt) read(o *object, form Form) (err error) {
	prompt, err := o.text("prompt", maxLine)
	if err != nil {
		return err
	}
	m, hasMessages := o.fields["messages"]
	switch {
	case (prompt != nil) == hasMessages:
		return wrongAt(o.n.at, "a case needs either a \"prompt\" or \"messages\"")
	case hasMessages && form == Completion:
		return wrongAt(m.at, "the model has no chat template; give a \"prompt\" instead of \"messages\"")
	case hasMessages:
		p.Messages, err = readMessages(m.node)
	case *prompt == "":
		err = wrongAt(o.place("prompt"), "the prompt is empty")
	case form == Chat:
		p.Messages = []Message{{"user", *prompt}}
	default:
		p.Text = *prompt
	}
	if err != nil {
		return err
	}
	if p.Stop, err = o.texts("stop"); err != nil {
		return err
	}
	p.MaxTokens, err = o.count("max_tokens", maxTokens)
	if err == nil && p.MaxTokens == 0 {
		p.MaxTokens = defaultLimit
	}
	return err
}

func readMessages(n *node) ([]Message, error) {
	all, ok := n.value.([]*node)
	if !ok || len(all) == 0 || len(all) > maxMessages {
		return nil, wrongAt(n.at, "\"messages\" is an array of 1 to %d messages", maxMessages)
	}
	messages := make([]Message, len(all))
	for i, n := range all {
		o, err := asObject(n, "a message", "role", "content")
		if err != nil {
			return nil, err
		}
		role, err := o.text("role", maxID)
		if err != nil {
			return nil, err
		}
		if role == nil || *role != "system" && *role != "user" && *role != "assistant" {
			return nil, wrongAt(o.place("role"), "a message needs a \"role\": system, user or assistant")
		}
		content, err := o.text("content", maxLine)
		if err != nil {
			return nil, err
		}
		if content == nil {
			return nil, wrongAt(n.at, "a message needs a \"content\"")
		}
		messages[i] = Message{*role, *content}
	}
	return messages, nil
}
