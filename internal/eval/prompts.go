package eval

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// ErrText: something given as text is none.
var ErrText = errors.New("not a text")

// PlainText checks that the content of a file is text: not empty, UTF-8, no NUL. As
// llama-perplexity does it leaves out one line feed at the end.
func PlainText(content []byte) (string, error) {
	content = bytes.TrimPrefix(content, []byte("\xEF\xBB\xBF"))
	if len(bytes.TrimSpace(content)) == 0 {
		return "", fmt.Errorf("%w: it is empty; give a file with text", ErrText)
	}
	if err := checkCharacters(string(content)); err != nil {
		return "", err
	}
	return string(bytes.TrimSuffix(content, []byte("\n"))), nil
}

func checkCharacters(s string) error {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return fmt.Errorf("%w: byte %d is NUL; give plain text in UTF-8", ErrText, i)
	}
	if utf8.ValidString(s) {
		return nil
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return fmt.Errorf("%w: byte %d is not UTF-8; give plain text in UTF-8", ErrText, i)
		}
		i += n
	}
	return nil
}

// Prompt is one of a user's prompts: a text, or a conversation that is to be rendered with
// the model's template.
type Prompt struct {
	Text string
	// Chat is the request to render, in OpenAI's shape; nil: Text counts.
	Chat json.RawMessage
}

// A line of prompts is at most so many bytes.
const maxLine = 16 << 20

// ReadPrompts reads prompts, one a line: a JSON string, or an object with "prompt", "text"
// or "messages" (and "tools" beside those). Other members are left alone. Errors say the
// line.
func ReadPrompts(r io.Reader) ([]Prompt, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	var prompts []Prompt
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte("\xEF\xBB\xBF")))
		if len(line) == 0 {
			continue
		}
		p, err := parsePrompt(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		prompts = append(prompts, p)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d: %w: it is longer than %d MiB", n+1, ErrText, maxLine>>20)
	} else if err != nil {
		return nil, err
	}
	if len(prompts) == 0 {
		return nil, fmt.Errorf("%w: there is no prompt; give one a line, as JSON", ErrText)
	}
	return prompts, nil
}

func parsePrompt(line []byte) (Prompt, error) {
	if err := checkCharacters(string(line)); err != nil {
		return Prompt{}, err
	}
	var text string
	if line[0] == '"' {
		if err := json.Unmarshal(line, &text); err != nil {
			return Prompt{}, fmt.Errorf("%w: %w", ErrText, err)
		}
		return textPrompt(text)
	}
	var o struct {
		Prompt   *string          `json:"prompt"`
		Text     *string          `json:"text"`
		Messages *json.RawMessage `json:"messages"`
		Tools    json.RawMessage  `json:"tools"`
	}
	if line[0] != '{' {
		return Prompt{}, fmt.Errorf(`%w: give a JSON string, or an object with "prompt", "text" or "messages"`, ErrText)
	}
	if err := json.Unmarshal(line, &o); err != nil {
		return Prompt{}, fmt.Errorf("%w: %w", ErrText, err)
	}
	given := 0
	for _, is := range []bool{o.Prompt != nil, o.Text != nil, o.Messages != nil} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return Prompt{}, fmt.Errorf(`%w: an object must have one of "prompt", "text" and "messages"; it has %d of them`, ErrText, given)
	case o.Prompt != nil:
		return textPrompt(*o.Prompt)
	case o.Text != nil:
		return textPrompt(*o.Text)
	}
	return chatPrompt(*o.Messages, o.Tools)
}

func textPrompt(text string) (Prompt, error) {
	if text == "" {
		return Prompt{}, fmt.Errorf("%w: the prompt is empty", ErrText)
	}
	if err := checkCharacters(text); err != nil {
		return Prompt{}, err
	}
	return Prompt{Text: text}, nil
}

// chatPrompt makes the request to render. Where the assistant spoke last its answer is
// read, else the beginning of one.
func chatPrompt(messages, tools json.RawMessage) (Prompt, error) {
	var list []struct {
		Role string `json:"role"`
	}
	if err := json.Unmarshal(messages, &list); err != nil || len(list) == 0 {
		return Prompt{}, fmt.Errorf(`%w: "messages" must be a list of objects with "role" and "content"`, ErrText)
	}
	for i, m := range list {
		if m.Role == "" {
			return Prompt{}, fmt.Errorf("%w: message %d has no role", ErrText, i+1)
		}
	}
	request := struct {
		Messages json.RawMessage `json:"messages"`
		Tools    json.RawMessage `json:"tools,omitempty"`
		Begin    bool            `json:"add_generation_prompt"`
	}{messages, tools, list[len(list)-1].Role != "assistant"}
	b, err := json.Marshal(request)
	if err != nil {
		return Prompt{}, fmt.Errorf("%w: %w", ErrText, err)
	}
	return Prompt{Chat: b}, nil
}
