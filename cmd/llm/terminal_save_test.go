package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// TestTerminalSave: a chat goes on in another process, with what the model remembers.
func TestTerminalSave(t *testing.T) {
	home := t.TempDir()
	x := chat(t, home, "-v", "-sys", "You are brief.")
	x.say("My name is Ann.")
	x.say("/set think hide")
	x.press("/sa\t~/my chat\r")
	x.see("The chat is saved: " + filepath.Join(home, "my chat"))
	x.prompt(">>>")
	x.say("/save ~/my chat") // its own file may be replaced
	x.press("\x04")
	x.leaves(0)

	x = chat(t, home, "-v")
	x.press("/load m\t\r")
	x.see("The chat goes on after 2 messages.")
	x.prompt(">>>")
	x.say("What is my name?")
	x.until("tokens from memory", func(s *screen) bool {
		return strings.Contains(s.all(), " of them from memory") && !strings.Contains(s.all(), " 0 of them from memory")
	})
	x.say("/set")
	x.see("You are brief.")
	x.say("/load /no/such")
	x.see("no such file or directory")
	x.press("\x04")
	x.leaves(0)

	// Another type of KV cache cannot use the state, but the conversation.
	x = chat(t, home, "-ctk", "q8_0", "--resume", "my chat")
	x.see("its KV cache types are f16 and f16")
	x.see("the conversation is there, and is evaluated again")
	x.see("It goes on after 2 messages.")
	x.say("What is my name?")
	x.say("/save " + testmodel.SmolLM2(t))
	x.see("is there already, and is not a saved chat; give another name")
	x.press("\x04")
	x.see("llm: the chat is saved: my chat")
	x.leaves(0)
}

func TestResumeOneShot(t *testing.T) {
	dir := t.TempDir()
	ask := func(question string, more ...string) result {
		args := append([]string{"run", testmodel.SmolLM2(t), "-c", "1024", "-n", "8", "--temp", "0", "--resume", "chat", "-p", question}, more...)
		return finish(t, command(dir, args...))
	}
	if r := ask("My name is Ann."); r.code != 0 || r.stderr != "llm: chat is not there yet: a new chat, saved at the end\n" {
		t.Fatalf("%d, %q", r.code, r.stderr)
	}
	r := ask("What is my name?", "--json")
	if r.code != 0 || strings.Contains(r.stdout, `"cached_tokens":0,`) || strings.Count(r.stdout, "cached_tokens") != 1 {
		t.Errorf("%d, %q, %q", r.code, r.stdout, r.stderr)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "chat"))
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string][]byte{"cut": raw[:len(raw)/2], "changed": append(raw[:len(raw)-100:len(raw)-100], make([]byte, 100)...)} {
		if err := os.WriteFile(filepath.Join(dir, "chat"), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if r := ask("And my name is?"); r.code != 0 || !strings.Contains(r.stderr, "the conversation is there, and is evaluated again") {
			t.Errorf("%s: %d, %q", name, r.code, r.stderr)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "chat"), []byte("a letter"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := ask("Hello"); r.code != exitFailure || !strings.Contains(r.stderr, "llm: load the state from chat: ") {
		t.Errorf("%d, %q", r.code, r.stderr)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "chat")); string(b) != "a letter" {
		t.Errorf("the file is now %.100q", b)
	}
}

// TestSaveFails: the disk is full, or the folder is not there. The chat goes on.
func TestSaveFails(t *testing.T) {
	dir := t.TempDir()
	args := []string{"run", testmodel.SmolLM2(t), "-c", "1024", "-n", "4", "-t", "1", "--temp", "0"}
	small := `ulimit -f 200; exec "$0" "$@"` // blocks of 512 or 1024 bytes; the state has more
	c := exec.Command("/bin/sh", append([]string{"-c", small, program}, append(args, "--resume", "chat", "-p", "Hello")...)...)
	c.Dir = dir
	r := finish(t, c)
	if r.code != exitFailure || r.stdout == "" || !strings.Contains(r.stderr, "llm: save the state to chat: ") || strings.Count(r.stderr, "\n") != 2 {
		t.Errorf("%d, %q, %q", r.code, r.stdout, r.stderr)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("%v is left, %v", files, err)
	}

	x := startTerminal(t, dir, nil, "/bin/sh", append([]string{"-c", small, program}, args...)...)
	x.prompt(">>>")
	x.say("Hello")
	for _, c := range []struct{ file, want string }{
		{"chat", "llm: save the state to "},
		{"no/such/folder", "llm: save the state to no/such/folder: "},
		{"/dev/full", "llm: save the chat: /dev/full is not a regular file; give another name"},
		{".", "llm: save the chat: . is not a regular file"},
	} {
		x.say("/save " + c.file)
		x.see(c.want)
	}
	x.say("Hello again")
	x.press("\x04")
	x.leaves(0)
}
