package main

import (
	"bytes"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// terminal is the program in a pseudo-terminal of its own.
type terminal struct {
	t      *testing.T
	keys   *os.File
	tty    *os.File
	before *term.State
	c      *exec.Cmd
	home   string

	mu     sync.Mutex
	screen *screen
	sent   bytes.Buffer
	ended  chan error
}

const eventually = 60 * time.Second

// startTerminal runs the program with 72 columns and 20 lines, and an empty home.
func startTerminal(t *testing.T, home string, env []string, name string, args ...string) *terminal {
	t.Helper()
	keys, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, keys: keys, tty: tty, home: home, screen: newScreen(72, 20), ended: make(chan error, 1)}
	x.size(72, 20)
	if x.before, err = term.GetState(int(tty.Fd())); err != nil {
		t.Fatal(err)
	}
	x.c = exec.Command(name, args...)
	x.c.Dir = home
	x.c.Env = append(os.Environ(), "HOME="+home, "XDG_STATE_HOME=", "TERM=xterm-256color", "NO_COLOR=")
	x.c.Env = append(x.c.Env, env...)
	x.c.Stdin, x.c.Stdout, x.c.Stderr = tty, tty, tty
	x.c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := x.c.Start(); err != nil {
		t.Fatal(err)
	}
	go x.watch()
	go func() { x.ended <- x.c.Wait() }()
	t.Cleanup(func() {
		x.c.Process.Kill()
		tty.Close()
		keys.Close()
	})
	return x
}

// chat starts a chat with the small model and waits for its prompt.
func chat(t *testing.T, home string, args ...string) *terminal {
	t.Helper()
	return chatIn(t, home, nil, args...)
}

func chatIn(t *testing.T, home string, env []string, args ...string) *terminal {
	t.Helper()
	x := startTerminal(t, home, env, program, append([]string{"run", testmodel.SmolLM2(t), "-c", "1024", "-t", "1", "-n", "16", "--temp", "0"}, args...)...)
	x.prompt(">>>")
	return x
}

// size changes the size of the terminal, which tells the program.
func (x *terminal) size(cols, rows int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.screen.resize(cols, rows)
	pty.Setsize(x.keys, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)})
}

func (x *terminal) watch() {
	b := make([]byte, 4096)
	for {
		n, err := x.keys.Read(b)
		x.mu.Lock()
		x.screen.Write(b[:n])
		x.sent.Write(b[:n])
		x.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (x *terminal) show() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.screen.all()
}

func (x *terminal) until(what string, is func(*screen) bool) {
	x.t.Helper()
	deadline := time.Now().Add(eventually)
	for {
		x.mu.Lock()
		ok := is(x.screen)
		x.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			x.t.Fatalf("%s never came; the screen is\n%s\ncursor %d,%d", what, x.show(), x.screen.x, x.screen.y)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// squeeze leaves spaces and line ends out: a long text goes over several lines.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// see waits until the screen shows a text anywhere.
func (x *terminal) see(text string) {
	x.t.Helper()
	x.until(text, func(s *screen) bool { return strings.Contains(squeeze(s.all()), squeeze(text)) })
}

// answering waits until the last line is one of an answer.
func (x *terminal) answering() {
	x.t.Helper()
	x.until("an answer", func(s *screen) bool { return len(s.line()) > 10 && !strings.HasPrefix(s.line(), ">>>") })
}

// edits waits until the line that is edited has this text.
func (x *terminal) edits(text string) {
	x.t.Helper()
	x.until(text, func(s *screen) bool { return strings.HasSuffix(squeeze(s.all()), ">>>"+squeeze(text)) })
}

// prompt waits until the cursor's line is this.
func (x *terminal) prompt(line string) {
	x.t.Helper()
	x.until("the line "+line, func(s *screen) bool { return s.line() == line })
}

func (x *terminal) press(keys string) {
	x.t.Helper()
	if _, err := x.keys.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
}

// enter types a line at the prompt, and sends it.
func (x *terminal) enter(line string) {
	x.t.Helper()
	x.press(line)
	x.until(line, func(s *screen) bool { return strings.HasSuffix(s.line(), " "+line) })
	x.press("\r")
}

// say types a line and waits for the next prompt.
func (x *terminal) say(line string) {
	x.t.Helper()
	x.enter(line)
	x.prompt(">>>")
}

// leaves waits for the end, with this exit code and the terminal as it was.
func (x *terminal) leaves(code int) {
	x.t.Helper()
	select {
	case <-x.ended:
	case <-time.After(eventually):
		x.t.Fatalf("the program did not end; the screen is\n%s", x.show())
	}
	if got := x.c.ProcessState.ExitCode(); got != code {
		x.t.Errorf("exit code %d, want %d; the screen is\n%s", got, code, x.show())
	}
	after, err := term.GetState(int(x.tty.Fd()))
	if err != nil || !reflect.DeepEqual(after, x.before) {
		x.t.Errorf("the terminal's mode is %+v, it was %+v; %v", after, x.before, err)
	}
	x.until("bracketed paste off", func(s *screen) bool { return !s.bracketed })
	if x.screen.unknown != nil {
		x.t.Errorf("the screen was sent %q", x.screen.unknown)
	}
}

const (
	keyUp, keyDown, keyRight, keyLeft = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
	keyHome, keyEnd, backspace        = "\x1b[H", "\x1b[F", "\x7f"
)

func TestTerminalEditing(t *testing.T) {
	x := chat(t, t.TempDir())
	for _, c := range []struct{ keys, line string }{
		{"helo" + keyLeft + "l", "hello"},
		{keyEnd + "!" + keyHome + ">" + "\x01<\x05?", "<>hello!?"},
		{"\x01" + keyRight + keyRight + "\x0b", "<>"},
		{"\x19", "<>hello!?"}, // Ctrl-Y brings back what Ctrl-K took
		{"\x15one two three\x17", "one two"},
		{"\x15日本語" + keyLeft + keyLeft + "x" + backspace + keyRight + "ü", "日本ü語"},
		{"\x05\x15" + strings.Repeat("wide 日 ", 15), strings.TrimSpace(strings.Repeat("wide 日 ", 15))},
		{"\x15a\x04", "a"}, // Ctrl-D on a line with text does not leave
		{"\x15/sh\t", "/show"},
		{"\x15/set th\tsh\t", "/set think show"},
	} {
		x.press(c.keys)
		x.edits(c.line)
	}
	x.press("\x15")
	x.prompt(">>>")
	x.press("\x04")
	x.leaves(0)
}

func TestTerminalCommands(t *testing.T) {
	x := chat(t, t.TempDir())
	x.say("/help")
	x.see("begins and ends a text of several lines")
	x.say("/hepl")
	x.see("there is no command /hepl; did you mean /help?")
	x.say("/set temp -1")
	x.see("temperature -1; it must be 0 or more")
	x.say("Hello")
	x.say("/clear")
	x.enter("/exit")
	x.leaves(0)
}

func TestTerminalCtrlC(t *testing.T) {
	x := chat(t, t.TempDir(), "-n", "-1", "--ignore-eos")
	x.enter("Tell me a long story.")
	x.answering()
	x.press("\x03")
	x.prompt(">>>")
	x.see("(stopped)")
	x.press("abc\x03")
	x.see("^C")
	x.leavesWithCtrlC()
}

// leavesWithCtrlC presses it twice on an empty line.
func (x *terminal) leavesWithCtrlC() {
	x.t.Helper()
	x.prompt(">>>")
	x.press("\x03")
	x.see("Ctrl-C again leaves")
	x.prompt(">>>")
	x.press("\x03")
	x.leaves(0)
}
