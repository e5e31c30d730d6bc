package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/seed-f87006eb/llm"
)

// savedChat is the note that a saved state carries: the conversation itself, so that
// it survives where the state cannot be used.
type savedChat struct {
	Format   string            `json:"format"`
	System   string            `json:"system,omitempty"`
	Messages []savedMessage    `json:"messages"`
	Settings map[string]string `json:"settings"`
	Used     int               `json:"tokens,omitempty"`
}

type savedMessage struct {
	Role      string `json:"role"`
	Content   string `json:"content"`
	Reasoning string `json:"reasoning,omitempty"`
}

const savedFormat = "llm chat 1"

// note is the session as a note.
func (s *session) note() ([]byte, error) {
	c := savedChat{Format: savedFormat, System: s.chat.system, Settings: s.settings.values(), Used: s.chat.used, Messages: []savedMessage{}}
	for _, m := range s.chat.messages {
		c.Messages = append(c.Messages, savedMessage{string(m.Role), m.Content, m.Reasoning})
	}
	return json.Marshal(c)
}

// isChat tells a note of ours from other notes.
func isChat(note []byte) bool {
	var c savedChat
	return json.Unmarshal(note, &c) == nil && c.Format == savedFormat
}

// readNote reads what note wrote. keep tells which settings stay as they are.
func readNote(note []byte, now settings, keep func(string) bool) (conversation, settings, error) {
	var c savedChat
	if err := json.Unmarshal(note, &c); err != nil || c.Format != savedFormat {
		return conversation{}, now, errors.New("it does not hold a chat of this program")
	}
	chat := conversation{system: c.System, used: c.Used}
	for i, m := range c.Messages {
		role := llm.User("").Role
		if i%2 == 1 {
			role = llm.Assistant("").Role
		}
		if m.Role != string(role) {
			return conversation{}, now, fmt.Errorf("message %d is from %q", i+1, m.Role)
		}
		chat.messages = append(chat.messages, llm.Message{Role: role, Content: m.Content, Reasoning: m.Reasoning})
	}
	for name, value := range c.Settings {
		if keep(name) {
			continue
		}
		if err := now.change(name, value); err != nil {
			return conversation{}, now, err
		}
	}
	return chat, now, nil
}

// save writes the chat and its state to a file. It takes the place of a saved chat,
// and of nothing else.
func (s *session) save(ctx context.Context, path string) error {
	if err := s.checkReplaceable(path); err != nil {
		return fmt.Errorf("save the chat: %w", err)
	}
	note, err := s.note()
	if err != nil {
		return err
	}
	if err := s.model.SaveState(ctx, path, note); err != nil {
		return err
	}
	return nil
}

// checkReplaceable refuses to put a chat in the place of some other file: a slip of
// Tab could cost a model.
func (s *session) checkReplaceable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file; give another name", path)
	case info.Size() == 0:
		return nil
	}
	note, err := s.noteOf(path)
	if err != nil || !isChat(note) {
		return fmt.Errorf("%s is there already, and is not a saved chat; give another name", path)
	}
	return nil
}

// load brings a saved chat back. Where only its words can be used, it says so.
func (s *session) load(ctx context.Context, path string, keep func(string) bool) error {
	note, err := s.model.LoadState(ctx, path)
	if err != nil && (len(note) == 0 || !errors.Is(err, llm.ErrState)) {
		return err
	}
	chat, settings, bad := readNote(note, s.settings, keep)
	if bad != nil {
		return fmt.Errorf("load the chat: %s: %w", path, bad)
	}
	if s.raw && len(chat.messages) > 0 {
		return fmt.Errorf("load the chat: %s is a conversation, which needs a chat template", path)
	}
	if err != nil {
		fmt.Fprintf(s.err, "llm: %s; the conversation is there, and is evaluated again\n", oneLine(err.Error()))
		chat.used = 0
	}
	if keep("system") {
		chat.system = s.chat.system
	}
	s.chat, s.settings = chat, settings
	return nil
}
