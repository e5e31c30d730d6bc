package main

import "github.com/seed-f87006eb/llm"

// conversation is what was said.
type conversation struct {
	system   string
	messages []llm.Message // without the system message: questions and answers in turn
	last     string        // the last prompt, also where there is no chat template
	used     int           // tokens of the context after the last reply; 0: not known
}

// with is the conversation with one more question.
func (c *conversation) with(question string) []llm.Message {
	var all []llm.Message
	if c.system != "" {
		all = append(all, llm.System(c.system))
	}
	return append(append(all, c.messages...), llm.User(question))
}

// add takes a question and its answer in.
func (c *conversation) add(question string, r reply) {
	answer := llm.Assistant(r.text)
	answer.Reasoning = r.reasoning
	c.messages = append(c.messages, llm.User(question), answer)
}

// takeBack drops the last question and its answer, and returns the question.
func (c *conversation) takeBack() (question string, ok bool) {
	if n := len(c.messages); n >= 2 {
		question = c.messages[n-2].Content
		c.messages = c.messages[:n-2]
		return question, true
	}
	return c.last, c.last != ""
}

// forget drops all but the system message.
func (c *conversation) forget() { *c = conversation{system: c.system} }

// reply is what came of a question so far.
type reply struct{ text, reasoning string }
