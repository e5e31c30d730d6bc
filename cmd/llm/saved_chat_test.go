package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm"
)

func TestSavedChat(t *testing.T) {
	file := filepath.Join(t.TempDir(), "chat")
	m := &fakeModel{replies: []fakeReply{{text: "Grün.", reasoning: "hm"}}}
	_, run, said := testChat(t, m, "/set system be brief", "/set temp 0.25", "/set think hide", "Colour?", "/save "+file)
	if err := run(); err != nil || !strings.Contains(said(), "The chat is saved: "+file) {
		t.Fatalf("%v: %s", err, said())
	}
	for _, c := range []struct {
		err  error
		said string
	}{
		{nil, "The chat goes on after 2 messages."},
		{fmt.Errorf("%w: it belongs to another model", llm.ErrState), "another model; the conversation is there, and is evaluated again"},
	} {
		m := &fakeModel{loadErr: c.err}
		r, run, said := testChat(t, m, "old", "/load "+file, "And now?")
		if err := run(); err != nil {
			t.Fatal(err)
		}
		if got := contents(m.asked[1]); got != "s:be brief|u:Colour?|a:Grün.|u:And now?" || m.asked[1].Messages[2].Reasoning != "hm" {
			t.Errorf("%v: asked %q", c.err, got)
		}
		if r.settings.sampling.Temperature != 0.25 || r.settings.think != thinkHide || !strings.Contains(said(), c.said) {
			t.Errorf("%v: %+v; %s", c.err, r.settings, said())
		}
	}
}

func TestSavedChatThatIsNone(t *testing.T) {
	dir := t.TempDir()
	notes := map[string]struct{ note, want string }{
		"empty":    {"", "it does not hold a chat"},
		"other":    {`{"format":"x"}`, "it does not hold a chat"},
		"roles":    {`{"format":"llm chat 1","messages":[{"role":"assistant","content":"x"}]}`, `message 1 is from "assistant"`},
		"settings": {`{"format":"llm chat 1","messages":[],"settings":{"temp":"-3"}}`, "temperature -3"},
		"unknown":  {`{"format":"llm chat 1","messages":[],"settings":{"tmp":"3"}}`, `no setting "tmp"; did you mean temp?`},
	}
	for name, c := range notes {
		m := &fakeModel{}
		r, run, said := testChat(t, m, "Hi", "/load "+write(t, name, []byte(c.note)))
		if err := run(); err != nil || !strings.Contains(said(), c.want) || len(r.chat.messages) != 2 || r.settings.sampling.Temperature != 0.8 {
			t.Errorf("%s: %v, %s, %v", name, err, said(), r.chat)
		}
	}
	// No other file is replaced.
	for path, want := range map[string]string{
		dir:         "is not a regular file; give another name",
		"/dev/full": "is not a regular file; give another name",
		write(t, "model.gguf", []byte("GGUF...")): "is there already, and is not a saved chat; give another name",
	} {
		m := &fakeModel{}
		_, run, said := testChat(t, m, "Hi", "/save "+path)
		if err := run(); err != nil || m.note != nil || !strings.Contains(said(), "llm: save the chat: "+path+" "+want) {
			t.Errorf("%s: %v, %s", path, err, said())
		}
	}
}

// TestResume: what the command line names stays, all else is as it was saved.
func TestResume(t *testing.T) {
	file := filepath.Join(t.TempDir(), "chat")
	m := &fakeModel{}
	_, run, _ := testChat(t, m, "/set system be brief", "/set temp 0.25", "/set n 5", "Colour?", "/save "+file)
	if err := run(); err != nil {
		t.Fatal(err)
	}
	var f runFlags
	c := &cobra.Command{}
	f.register(c)
	if err := c.Flags().Parse([]string{"-n", "9", "--no-think", "--system", "be long", "--resume", file}); err != nil {
		t.Fatal(err)
	}
	r, _, _ := testChat(t, m)
	var err error
	if r.settings, err = f.settings(); err != nil {
		t.Fatal(err)
	}
	r.chat.system = f.system
	if err := r.resumed(&f, func() error { return r.answerOne("Why?") }); err != nil {
		t.Fatal(err)
	}
	if s := r.settings; s.maxTokens != 9 || s.think != thinkOff || s.sampling.Temperature != 0.25 {
		t.Errorf("%+v", s)
	}
	if got := contents(m.asked[1]); got != "s:be long|u:Colour?|a:answer 1|u:Why?" {
		t.Errorf("asked %s", got)
	}
}
