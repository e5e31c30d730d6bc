package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/seed-f87006eb/llm"
)

// resumed does what is to be done between the load and the save of --resume.
func (s *session) resumed(f *runFlags, work func() error) error {
	if f.resume == "" {
		return work()
	}
	loaded, err := s.resume(f)
	if err != nil {
		return err
	}
	err = work()
	var write writeError
	if !loaded && len(s.chat.messages) == 0 || errors.As(err, &write) {
		return err
	}
	ctx, release := interruptible()
	defer release()
	if bad := s.save(ctx, f.resume); bad != nil {
		return errors.Join(err, bad)
	}
	if isTerminal(s.err) {
		fmt.Fprintf(s.err, "llm: the chat is saved: %s\n", f.resume)
	}
	return err
}

// resume loads the chat, if it is there. What the command line names stays.
func (s *session) resume(f *runFlags) (loaded bool, err error) {
	if s.raw {
		return false, fmt.Errorf("%w, so there is no chat to resume; leave out --resume", llm.ErrNoTemplate)
	}
	if _, err := os.Stat(f.resume); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(s.err, "llm: %s is not there yet: a new chat, saved at the end\n", f.resume)
		return false, nil
	}
	ctx, release := interruptible()
	defer release()
	return true, s.load(ctx, f.resume, func(name string) bool {
		if name == "system" {
			name = "system-prompt"
		}
		return f.given(name)
	})
}
