package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseInput(t *testing.T) {
	for line, want := range map[string]input{
		"hello":              {text: "hello"},
		"  hello":            {text: "  hello"},
		"/help":              {command: "/help"},
		" /set temp  0.5 ":   {command: "/set", argument: "temp  0.5"},
		"/read a file.txt":   {command: "/read", argument: "a file.txt"},
		"//usr is a folder":  {text: "/usr is a folder"},
		"/":                  {command: "/"},
		"a /set in the text": {text: "a /set in the text"},
		"/set system a\nb":   {command: "/set", argument: "system a\nb"},
	} {
		if got := parseInput(line); got != want {
			t.Errorf("%q: %+v, want %+v", line, got, want)
		}
	}
}

func TestDraft(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{[]string{"one"}, "one"},
		{[]string{`"""one"""`}, "one"},
		{[]string{`  """one  two"""  `}, "one  two"},
		{[]string{`"""`, "one", "", "two", `"""`}, "one\n\ntwo"},
		{[]string{`"""one`, `two"""`}, "one\ntwo"},
		{[]string{`"""one`, `two`, `"""`}, "one\ntwo"},
		{[]string{"\"\"\"one\ntwo\"\"\""}, "one\ntwo"},
		{[]string{`""""""`}, ""},
		{[]string{`"""`, `"""`}, ""},
		{[]string{`say """one"""`}, `say """one"""`},
	} {
		var d draft
		for i, line := range c.lines {
			text, done := d.add(line)
			if done != (i == len(c.lines)-1) || done && text != c.want {
				t.Errorf("%q: %q %v at line %d, want %q", c.lines, text, done, i+1, c.want)
			}
		}
		if d.open {
			t.Errorf("%q: it is still open", c.lines)
		}
	}
}

func TestNearest(t *testing.T) {
	for typed, want := range map[string]string{
		"/hlep": "; did you mean /help?", "/ex": "; did you mean /exit?", "/quit": "; did you mean /exit?", "/etc": "", "/safe": "; did you mean /save?",
		"/re": "; did you mean /regen?", "/etc/passwd": "", "/": "; did you mean /help?",
	} {
		if got := nearest(typed, commandNames(), ""); got != want {
			t.Errorf("%s: %q, want %q", typed, got, want)
		}
	}
}

func TestKeyFilter(t *testing.T) {
	long := strings.Repeat("x\r", 20)
	for sent, want := range map[string]string{
		"abc\r":                                    "abc\r",
		"\x1b[A\x1b[3~":                            "\x1b[A\x1b[3~",
		"\x1b":                                     "\x1b",
		"a\x1b\rb":                                 "a␤b",
		"a\x1b[200~b\rc\nd\r\ne\x1b[201~f":         "ab␤c␤d␤ef",
		"\x1b[200~if x:\r\ty\x1b[201~":             "if x:␤␉y",
		"\x1b[200~\x1b[31mred\x07\x1b[201~":        "[31mred",
		"\x1b[200~日本\x1b[201~語":                    "日本語",
		"\x1b[200~half\x03":                        "\x03",
		"\x1b[200~" + long + "\x1b[201~":           "[#1:21_lines,40_characters]",
		"\x1b[200~a\x1b[201~\x1b[200~b\x1b[201~\r": "ab\r",
	} {
		for cut := range len(sent) {
			if cut > 0 && sent[cut-1] == 0x1b && !strings.HasPrefix(sent[cut:], "[201~") {
				continue // Escape alone is a key
			}
			var folded folds
			f := keyFilter{paste: folded.fold}
			got := string(f.feed([]byte(sent[:cut])))
			if got += string(f.feed([]byte(sent[cut:]))); got != want {
				t.Errorf("%q cut at %d: %q, want %q", sent, cut, got, want)
			}
		}
	}
}

func TestFolds(t *testing.T) {
	var f folds
	for _, text := range []string{"a", "a\n\tb", strings.Repeat("line\n", 30), strings.Repeat("ü", 2000)} {
		if got := f.unfold(f.fold(text)); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	one, two := f.fold(strings.Repeat("1\n", 30)), f.fold(strings.Repeat("2\n", 30))
	if got := f.unfold("see " + two + one + "!"); got != "see "+strings.Repeat("2\n", 30)+strings.Repeat("1\n", 30)+"!" {
		t.Errorf("%q", got)
	}
}

func TestHistory(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	file := filepath.Join(state, "llm", "history")
	h := (&app{}).openHistory()
	for _, text := range []string{"one", "a\n\tb", "a\n\tb", "ü"} {
		if err := h.append(text); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if got := fmt.Sprintf("%q", (&app{}).openHistory().entries); got != `["one" "a\n\tb" "ü"]` {
		t.Errorf("%s", got)
	}
	// A file that grew too long, and has broken lines in it, is cut.
	if err := os.WriteFile(file, []byte("\xff\n"+strings.Repeat("again\nand again\n", historySize+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := len((&app{}).openHistory().entries); n != historySize {
		t.Errorf("%d entries", n)
	}
	if b, err := os.ReadFile(file); err != nil || strings.Count(string(b), "\n") != historySize {
		t.Errorf("%d lines, %v", strings.Count(string(b), "\n"), err)
	}
	// What cannot be kept is said once.
	t.Setenv("XDG_STATE_HOME", "/dev/null")
	h = (&app{}).openHistory()
	if first, second := h.append("one"), h.append("two"); first == nil || second != nil {
		t.Errorf("%v, then %v", first, second)
	}
}

func TestCompleteLine(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"notes.txt", "note two.txt", ".hidden"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	t.Setenv("HOME", dir)
	for line, want := range map[string]string{
		"/he":                     `"" ["/help "]`,
		"/s":                      `"" ["/set" "/show" "/save"]`,
		"hello /he":               `"hello /he" []`,
		"/set min":                `"/set " ["min-p "]`,
		"/set think ":             `"/set " ["think show" "think hide" "think off"]`,
		"/read not":               `"/read " ["note two.txt" "notes.txt"]`,
		"/read ":                  `"/read " ["note two.txt" "notes.txt" "sub/"]`,
		"/load .h":                `"/load " [".hidden"]`,
		"/save ~/su":              `"/save " ["~/sub/"]`,
		"/save " + dir + "/notes": fmt.Sprintf(`"/save " [%q]`, dir+"/notes.txt"),
		"/read no/such/":          `"/read " []`,
		"/clear x":                `"/clear x" []`,
	} {
		head, list, _ := completeLine(line, len([]rune(line)))
		if got := fmt.Sprintf("%q %q", head, list); got != want {
			t.Errorf("%q: %s, want %s", line, got, want)
		}
	}
	if head, list, tail := completeLine("/shx", 3); head != "" || len(list) != 1 || list[0] != "/show " || tail != "x" {
		t.Errorf("%q %q %q", head, list, tail)
	}
}
