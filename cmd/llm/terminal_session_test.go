package main

import (
	"os"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/golden"
)

const sessionPage = "../../docs/terminal.md"

// TestTerminalSession records a short chat in docs/terminal.md (with -update) and
// else compares what is ours in it: the words of the model differ from machine to
// machine.
func TestTerminalSession(t *testing.T) {
	x := chat(t, t.TempDir(), "-n", "24")
	x.say("/help")
	x.say("/set system You answer in one short sentence.")
	x.say("Name three colours.")
	x.enter(`"""Which of them`)
	x.prompt("...")
	x.press("is the colour of grass?\"\"\"\r")
	x.prompt(">>>")
	x.say("/regen")
	x.say("/claer")
	x.say("/set think hide")
	x.press("never mind")
	x.edits("never mind")
	x.press("\x03")
	x.see("never mind^C")
	x.leavesWithCtrlC()
	shown := x.show()

	page, err := os.ReadFile(sessionPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(page), "```screen\n")
	recorded, after, ok := strings.Cut(rest, "\n```")
	if !ok {
		t.Fatalf("%s has no ```screen block", sessionPage)
	}
	if golden.Update() {
		if err := os.WriteFile(sessionPage, []byte(before+"```screen\n"+shown+"\n```"+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, want := withoutAnswers(shown), withoutAnswers(recorded); got != want {
		t.Errorf("the session is now\n%s\nand it was\n%s", got, want)
	}
}

// withoutAnswers leaves the model's words out of a session: they come after a question,
// and end at the next prompt.
func withoutAnswers(shown string) string {
	var b strings.Builder
	answer := false
	for line := range strings.Lines(shown) {
		typed, prompt := strings.CutPrefix(line, ">>> ")
		switch {
		case prompt:
			answer = !strings.HasPrefix(typed, "/") && !strings.HasPrefix(typed, fence) && !strings.Contains(typed, "^C")
		case strings.HasPrefix(line, "... "), strings.HasPrefix(line, "llm: the temperature is 0"):
			answer = true
		case answer:
			continue
		}
		b.WriteString(line)
		if answer {
			b.WriteString("<answer>\n")
		}
	}
	return b.String()
}
