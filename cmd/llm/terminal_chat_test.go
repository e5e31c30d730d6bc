package main

import (
	"context"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/term"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

const paste, pasted = "\x1b[200~", "\x1b[201~"

func TestTerminalPaste(t *testing.T) {
	x := chat(t, t.TempDir())
	x.press(paste + "one\rtwo\t\x1b[31mred\r" + pasted)
	x.edits("one␤two␉[31mred␤")
	x.press("\x15" + paste + strings.Repeat("a line\r", 40) + "/exit\r" + pasted)
	x.edits("[#1:42_lines,286_characters]")
	x.press("\x15\x1b\r") // Alt-Enter
	x.edits("␤")
	x.press("\x15" + paste + "\"\"\"Say\rhello" + pasted + `"""` + "\r")
	x.prompt(">>>")
	x.press(keyUp)
	x.edits(`"""Say␤hello"""`)
	x.press("\x15\x04")
	x.leaves(0)
}

func TestTerminalHistory(t *testing.T) {
	home := t.TempDir()
	x := chat(t, home)
	x.say("/set temp 0.3")
	x.enter(`"""several`)
	x.prompt("...")
	x.press("lines \"\"\"\r")
	x.prompt(">>>")
	x.enter("/bye")
	x.leaves(0)
	if info, err := os.Stat(filepath.Join(home, ".local", "state", "llm", "history")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}

	x = chat(t, home)
	for _, line := range []string{"/bye", `"""several␤lines """`, "/set temp 0.3"} {
		x.press(keyUp)
		x.edits(line)
	}
	x.press(keyDown)
	x.edits(`"""several␤lines """`)
	x.press("\x15\x12temp") // Ctrl-R
	x.until("the search", func(s *screen) bool { return strings.HasPrefix(s.line(), "(reverse-i-search)`temp': /set temp 0.3") })
	x.press("\x05")
	x.edits("/set temp 0.3")
	x.press("\x15\x04")
	x.leaves(0)
}

func TestTerminalHistoryThatCannotBeKept(t *testing.T) {
	x := chatIn(t, t.TempDir(), []string{"XDG_STATE_HOME=/dev/null"})
	x.say("/set temp 0.3")
	x.see("llm: the history is not kept: mkdir /dev/null: not a directory")
	x.say("/set temp 0.4")
	x.press(keyUp + keyUp)
	x.edits("/set temp 0.3")
	x.press("\x15\x04")
	x.leaves(0)
	if n := strings.Count(x.show(), "not kept"); n != 1 {
		t.Errorf("it is said %d times", n)
	}
}

// TestTerminalResize: while a line is typed, while an answer comes, and to a screen
// too narrow for an editor.
func TestTerminalResize(t *testing.T) {
	x := chat(t, t.TempDir(), "--ignore-eos", "-n", "30")
	long := strings.Repeat("more and ", 8) + "more"
	x.press(long)
	x.edits(long)
	x.size(40, 20)
	x.press(keyLeft + "!")
	x.edits(strings.TrimSuffix(long, "e") + "!e")
	x.size(90, 15)
	x.press(keyEnd + "?")
	x.edits(strings.TrimSuffix(long, "e") + "!e?")
	x.press("\r")
	x.answering()
	x.size(50, 10)
	x.prompt(">>>")
	x.press(keyUp)
	x.edits(strings.TrimSuffix(long, "e") + "!e?")
	x.until("two lines", func(s *screen) bool { return len(s.line()) < 50 && strings.HasPrefix(s.text(s.y-1), ">>> ") })
	x.press("\x15")
	x.prompt(">>>")
	x.press("/set temp 1\r")
	x.prompt(">>>")
	x.size(12, 10)
	x.press("\r") // the next prompt finds the new width
	x.press("/exit\r")
	x.leaves(0)
}

func TestTerminalRegenSaysWhatIsTheSame(t *testing.T) {
	x := chat(t, t.TempDir())
	x.say("Name a colour.")
	x.say("/regen")
	x.see("the temperature is 0, so the answer is the same")
	text := x.show()
	first, second, _ := strings.Cut(text[strings.Index(text, "colour.\n")+8:], ">>> /regen\n")
	_, second, _ = strings.Cut(second, "is the same\n")
	if second, _, _ = strings.Cut(second, ">>>"); first != second || len(first) < 5 {
		t.Errorf("%q and then %q in\n%s", first, second, text)
	}
	x.say("/show")
	x.see(" of 1024 tokens (")
	x.press("\x04")
	x.leaves(0)
}

func TestTerminalThoughts(t *testing.T) {
	template, err := filepath.Abs("testdata/think.jinja")
	if err != nil {
		t.Fatal(err)
	}
	grey := func(x *terminal) string {
		x.mu.Lock()
		defer x.mu.Unlock()
		return x.screen.greyText
	}
	args := []string{"--chat-template-file", template, "--ignore-eos"}
	x := chat(t, t.TempDir(), args...)
	x.say("Hello")
	if shown := grey(x); !strings.Contains(shown, "Hello") {
		t.Errorf("the thoughts are not grey: %q in\n%s", shown, x.show())
	}
	x.say("/set think hide")
	before := grey(x)
	x.enter("Hello again")
	x.prompt(">>>")
	if got := strings.TrimPrefix(grey(x), before); got != "thinking…" || strings.Contains(x.show(), "thinking…") {
		t.Errorf("%q is grey in\n%s", got, x.show())
	}
	x.see("the model thought, and did not come to an answer")
	x.say("/set think off")
	before = grey(x)
	x.say("Hello again and again")
	if got := strings.TrimPrefix(grey(x), before); got != "" {
		t.Errorf("%q is grey in\n%s", got, x.show())
	}
	x.press("\x04")
	x.leaves(0)

	x = chatIn(t, t.TempDir(), []string{"NO_COLOR=1"}, args...)
	x.say("Hello")
	x.press("\x04")
	x.leaves(0)
	if shown := grey(x); shown != "" {
		t.Errorf("NO_COLOR: %q is grey", shown)
	}
}

// TestTerminalDumb: no editor, no escape sequences.
func TestTerminalDumb(t *testing.T) {
	x := chatIn(t, t.TempDir(), []string{"TERM=dumb"}, "--ignore-eos", "-n", "-1")
	x.press("\x03")
	x.see("Ctrl-C again leaves")
	x.press("Tell me a long story.\r")
	x.answering()
	x.press("\x03")
	x.see("(stopped)")
	x.press("\x04")
	x.leaves(0)
	if strings.Contains(x.sent.String(), "\x1b") {
		t.Errorf("there is an escape sequence in %q", x.sent.String())
	}
}

// TestTerminalSignals: at the prompt, and while an answer comes.
func TestTerminalSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		x := chat(t, t.TempDir(), "--ignore-eos", "-n", "-1")
		if sig != syscall.SIGTERM {
			x.enter("Tell me a long story.")
			x.answering()
		}
		x.c.Process.Signal(sig)
		x.see("llm: stopped by a signal (" + sig.String() + ")")
		x.leaves(exitFailure)
	}
	x := chat(t, t.TempDir())
	x.c.Process.Signal(syscall.SIGINT)
	x.see("Ctrl-C again leaves")
	x.c.Process.Signal(syscall.SIGINT)
	x.leaves(0)
}

// TestTerminalStopped: Ctrl-Z and fg, with a shell that sets its own mode meanwhile.
func TestTerminalStopped(t *testing.T) {
	x := chat(t, t.TempDir(), "--ignore-eos", "-n", "64")
	for _, question := range []string{"Tell me a long story.", ""} {
		if question != "" {
			x.enter(question)
			x.answering()
		}
		x.c.Process.Signal(syscall.SIGSTOP)
		if err := term.Restore(int(x.tty.Fd()), x.before); err != nil {
			t.Fatal(err)
		}
		x.press(keyLeft) // echoed, as in a shell
		x.see("^[[D")
		x.c.Process.Signal(syscall.SIGCONT)
		x.until("a mode without echo", func(*screen) bool {
			now, err := term.GetState(int(x.tty.Fd()))
			return err == nil && !reflect.DeepEqual(now, x.before)
		})
		if question != "" {
			x.prompt(">>>")
		}
		x.press("\x15ab" + keyLeft + "x")
		x.until("axb", func(s *screen) bool { return strings.HasSuffix(s.line(), "axb") })
		x.press("\x05\x15")
		x.prompt(">>>")
	}
	x.press("\x04")
	x.leaves(0)
}

const panicVariable = "LLM_TEST_PANIC"

type panicModel struct{ fakeModel }

func (m *panicModel) Chat(context.Context, []llm.Message, ...llm.RequestOption) iter.Seq2[llm.Event, error] {
	panic("on purpose")
}

// panicWhileChatting is the program in which something panics.
func panicWhileChatting() {
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	s := &session{app: a, model: &panicModel{}, printer: newPrinter(a, false, false)}
	s.converse()
}

func TestTerminalPanic(t *testing.T) {
	x := startTerminal(t, t.TempDir(), []string{panicVariable + "=1"}, os.Args[0])
	x.prompt(">>>")
	x.enter("Hello")
	x.see("on purpose")
	x.leaves(2)
}

// TestTerminalIsNone: without a terminal, or a prompt, there is nothing to do.
func TestTerminalIsNone(t *testing.T) {
	model := testmodel.SmolLM2(t)
	checkFailure(t, runLLM(t, "", "run", model), exitUsage, "there is no prompt")
	for _, how := range []string{"<&-", "</dev/null"} {
		c := command(t.TempDir())
		c.Path, c.Args = "/bin/sh", []string{"sh", "-c", `exec "$0" run "$1" ` + how, program, model}
		checkFailure(t, finish(t, c), exitUsage, "there is no prompt")
	}
}
