package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm"
)

// fakeModel answers each request with the next of its replies.
type fakeModel struct {
	replies []fakeReply
	asked   []llm.Request
	note    []byte
	loadErr error
}

type fakeReply struct {
	text, reasoning string
	err             error
}

func (m *fakeModel) Info() llm.Info {
	var info llm.Info
	info.Path, info.ChatTemplate, info.Model.Description = "fake.gguf", true, "a fake"
	info.Context.ContextSeq = 100
	return info
}

func (m *fakeModel) Chat(_ context.Context, messages []llm.Message, options ...llm.RequestOption) iter.Seq2[llm.Event, error] {
	r := llm.Request{Messages: messages}
	return m.answer(r, options)
}

func (m *fakeModel) Generate(_ context.Context, prompt string, options ...llm.RequestOption) iter.Seq2[llm.Event, error] {
	return m.answer(llm.Request{Prompt: prompt}, options)
}

func (m *fakeModel) answer(r llm.Request, options []llm.RequestOption) iter.Seq2[llm.Event, error] {
	for _, option := range options {
		option(&r)
	}
	m.asked = append(m.asked, r)
	reply := fakeReply{text: fmt.Sprintf("answer %d", len(m.asked))}
	if len(m.replies) > 0 {
		reply, m.replies = m.replies[0], m.replies[1:]
	}
	return func(yield func(llm.Event, error) bool) {
		if reply.reasoning != "" && !yield(llm.Event{Kind: llm.KindReasoning, Text: reply.reasoning}, nil) {
			return
		}
		if reply.text != "" && !yield(llm.Event{Kind: llm.KindText, Text: reply.text}, nil) {
			return
		}
		if reply.err != nil {
			yield(llm.Event{}, reply.err)
			return
		}
		yield(llm.Event{Kind: llm.KindUsage, Usage: &llm.Usage{PromptTokens: 40, CompletionTokens: 2}}, nil)
	}
}

func (m *fakeModel) SaveState(_ context.Context, path string, note []byte) error {
	m.note = note
	return os.WriteFile(path, note, 0o600)
}

func (m *fakeModel) LoadState(_ context.Context, path string) ([]byte, error) {
	note, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return note, m.loadErr
}

// fakeEditor types lines; one that begins with an error's text is that error.
type fakeEditor struct {
	lines   []string
	prompts []string
	kept    []string
}

func (e *fakeEditor) readLine(prompt string) (string, error) {
	e.prompts = append(e.prompts, prompt)
	if len(e.lines) == 0 {
		return "", io.EOF
	}
	line := e.lines[0]
	e.lines = e.lines[1:]
	for _, err := range []error{errCtrlC, errDropped} {
		if line == err.Error() {
			return "", err
		}
	}
	return line, nil
}

func (e *fakeEditor) remember(text string) { e.kept = append(e.kept, text) }
func (e *fakeEditor) signal(os.Signal)     {}
func (e *fakeEditor) resume()              {}
func (e *fakeEditor) Close() error         { return nil }

// testChat is a chat with a fake model; said is what it wrote on standard error.
func testChat(t *testing.T, m *fakeModel, lines ...string) (r *repl, run func() error, said func() string) {
	t.Helper()
	open := func(name string) *os.File {
		f, err := os.Create(filepath.Join(t.TempDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	a := &app{out: open("out"), err: open("err")}
	s := &session{app: a, model: m, printer: newPrinter(a, false, false), noteOf: os.ReadFile, settings: settings{sampling: llm.DefaultSampling(), think: thinkShow}}
	ed := &fakeEditor{lines: lines}
	desk := openSignalDesk(ed.signal)
	t.Cleanup(desk.close)
	r = &repl{session: s, editor: ed, desk: desk}
	said = func() string {
		b, err := os.ReadFile(a.err.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	return r, r.loop, said
}

// contents are the messages of a request in short.
func contents(r llm.Request) string {
	var all []string
	for _, m := range r.Messages {
		all = append(all, string(m.Role[0])+":"+m.Content)
	}
	return strings.Join(all, "|")
}

func TestChatTurns(t *testing.T) {
	stop := errInterrupted{os.Interrupt}
	ctrlC := errCtrlC.Error()
	file := write(t, "notes.txt", []byte("the notes\n"))
	for name, c := range map[string]struct {
		lines   []string
		replies []fakeReply
		asked   []string
		said    string
	}{
		"two turns":          {lines: []string{"one", " ", "two"}, asked: []string{"u:one", "u:one|a:answer 1|u:two"}},
		"system":             {lines: []string{"/set system be brief", "one", "/clear", "two"}, asked: []string{"s:be brief|u:one", "s:be brief|u:two"}},
		"several lines":      {lines: []string{`"""a`, "/b", `c"""`, `"""d"""`}, asked: []string{"u:a\n/b\nc", "u:a\n/b\nc|a:answer 1|u:d"}},
		"given up":           {lines: []string{`"""a`, errDropped.Error(), "b"}, asked: []string{"u:b"}},
		"slash":              {lines: []string{"//etc", "/etc"}, asked: []string{"u:/etc"}, said: "there is no command /etc (to send such a line, begin it with //)"},
		"regen":              {lines: []string{"one", "/regen", "two"}, asked: []string{"u:one", "u:one", "u:one|a:answer 2|u:two"}},
		"regen of nothing":   {lines: []string{"/regen"}, said: "there is no question to answer anew"},
		"file alone":         {lines: []string{"/read " + file, ""}, asked: []string{"u:the notes"}},
		"file and question":  {lines: []string{"/read " + file, "/read " + file, "what?"}, asked: []string{"u:the notes\n\nthe notes\n\nwhat?"}},
		"file dropped":       {lines: []string{"/read " + file, ctrlC, "what?"}, asked: []string{"u:what?"}, said: "the text of the file is dropped"},
		"file missing":       {lines: []string{"/read /no/such", "/read"}, said: "llm: /read needs a file: /read FILE\n"},
		"stopped":            {lines: []string{"one", "two"}, replies: []fakeReply{{text: "par", err: stop}}, asked: []string{"u:one", "u:one|a:par|u:two"}, said: "(stopped)"},
		"stopped at once":    {lines: []string{"one", "two"}, replies: []fakeReply{{err: stop}}, asked: []string{"u:one", "u:two"}, said: "the question is taken back"},
		"stopped regen":      {lines: []string{"one", "/regen", "two"}, replies: []fakeReply{{text: "A"}, {err: stop}}, asked: []string{"u:one", "u:one", "u:one|a:A|u:two"}},
		"failed":             {lines: []string{"one", "two"}, replies: []fakeReply{{err: errors.New("no\nluck")}}, asked: []string{"u:one", "u:two"}, said: "llm: no; luck\n"},
		"left":               {lines: []string{"/exit", "one"}},
		"left with Ctrl-C":   {lines: []string{ctrlC, ctrlC, "one"}, said: "Ctrl-C again leaves, and so does Ctrl-D.\n"},
		"not left":           {lines: []string{ctrlC, "one", ctrlC, "two"}, asked: []string{"u:one", "u:one|a:answer 1|u:two"}},
		"what takes nothing": {lines: []string{"/clear all"}, said: "/clear takes nothing after it"},
		"thoughts":           {lines: []string{"one"}, replies: []fakeReply{{reasoning: "hm", text: "A"}}, asked: []string{"u:one"}, said: "hm\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			m := &fakeModel{replies: c.replies}
			_, run, said := testChat(t, m, c.lines...)
			if err := run(); err != nil {
				t.Error(err)
			}
			var asked []string
			for _, r := range m.asked {
				asked = append(asked, contents(r))
			}
			if !reflect.DeepEqual(asked, c.asked) {
				t.Errorf("asked %q, want %q", asked, c.asked)
			}
			if !strings.Contains(said(), c.said) {
				t.Errorf("said %q, want %q in it", said(), c.said)
			}
		})
	}
}

func TestChatEnds(t *testing.T) {
	for _, c := range []error{errInterrupted{os.Kill}, llm.ErrClosed} {
		_, run, _ := testChat(t, &fakeModel{replies: []fakeReply{{err: c}}}, "one", "two")
		if err := run(); !errors.Is(err, c) {
			t.Errorf("%v: %v", c, err)
		}
	}
	r, run, _ := testChat(t, &fakeModel{}, "one", "two")
	r.out.Close()
	if err := run(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("it went on without standard output: %v", err)
	}
}

func TestChatSettings(t *testing.T) {
	m := &fakeModel{}
	_, run, said := testChat(t, m, "/set temp 0.5", "/set seed 7", "/set n 12", "/set think off", "one", "/regen", "/set seed -1", "/set n -1", "/set", "two", "/set top-k", "/show")
	if err := run(); err != nil {
		t.Fatal(err)
	}
	one, again, two := m.asked[0], m.asked[1], m.asked[2]
	if one.Sampling.Temperature != 0.5 || one.Sampling.Seed != 7 || one.MaxTokens != 12 || !one.NoThinking {
		t.Errorf("%+v", one)
	}
	if again.Sampling.Seed != llm.RandomSeed || again.Sampling.Temperature != 0.5 {
		t.Errorf("regen: %+v", again)
	}
	if two.Sampling.Seed != llm.RandomSeed || two.MaxTokens != 0 {
		t.Errorf("%+v", two)
	}
	for _, want := range []string{"temp                0.5 ", "think               off ", "samplers                  penalties;dry;", "top-k 40  (keep the", "42 of 100 tokens (42 %)", "a fake (fake.gguf)"} {
		if !strings.Contains(said(), want) {
			t.Errorf("no %q in %s", want, said())
		}
	}
}

func TestChatHistory(t *testing.T) {
	r, run, _ := testChat(t, &fakeModel{}, "one", `"""a`, `b"""`, "/set temp 1", "")
	if err := run(); err != nil {
		t.Fatal(err)
	}
	ed := r.editor.(*fakeEditor)
	if got := fmt.Sprintf("%q", ed.kept); got != `["one" "\"\"\"a\nb\"\"\"" "/set temp 1"]` {
		t.Errorf("kept %s", got)
	}
	if got := strings.Join(ed.prompts, ""); got != ">>> >>> ... >>> >>> >>> " {
		t.Errorf("prompts %q", got)
	}
}
