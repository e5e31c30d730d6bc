package archtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// put writes files below dir.
func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// fakeProgram makes a manual and completions as llm does.
const fakeProgram = "#!/bin/sh\ncase $1 in\nman) echo page >$2/llm.1 ;;\ncompletion) echo for $2 ;;\nesac\n"

func TestInstall(t *testing.T) {
	dir := scriptsOnly(t)
	put(t, dir, map[string]string{
		"scripts/install.sh": read(t, "../../scripts/install.sh"), "scripts/llm.pc.in": read(t, "../../scripts/llm.pc.in"),
		"scripts/llm-skynet.pc.in": read(t, "../../scripts/llm-skynet.pc.in"), "llama/skynet/include/llama.h": "int old;\n",
		"llama/native/llm.h": "int llm;\n", "llama/stamp_cpu.h": "#define LLM_ARCHIVE \"1-2\" // /home/me/libllm.a\n#define LLM_ARCHIVE_ABI 3\n",
	})
	if out, err := runScript(t, dir, []string{"PREFIX=usr"}, "scripts/install.sh"); err == nil || !strings.Contains(out, "bin/llm is missing; make it with: make build") {
		t.Errorf("%v: %s", err, out)
	}
	put(t, dir, map[string]string{"bin/llm": fakeProgram, "build/cpu/libllm.a": "archive", "build/cpu/libbinding.a": "INPUT(-lllm)\n"})
	for _, prefix := range []string{"/a b", "/a|b", "/a$b", "relative dir"} {
		if out, err := runScript(t, dir, []string{"PREFIX=" + prefix}, "scripts/install.sh"); err == nil || !strings.Contains(out, "and nothing else: ") {
			t.Errorf("%s: %v: %s", prefix, err, out)
		}
	}
	// A relative PREFIX is meant from where one is; a DESTDIR is in no file.
	for _, c := range []struct{ prefix, destdir, root, inFile string }{
		{"usr", "", dir + "/usr", dir + "/usr"},
		{"/opt/llm", "stage", dir + "/stage/opt/llm", "/opt/llm"},
	} {
		environment := []string{"PREFIX=" + c.prefix, "DESTDIR=" + c.destdir}
		if out, err := runScript(t, dir, environment, "scripts/install.sh"); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if pc := read(t, c.root, "lib/pkgconfig/llm.pc"); !strings.HasPrefix(pc, "prefix="+c.inFile+"\n") || strings.Contains(pc, "@") || !strings.Contains(pc, "-lllm -l") {
			t.Errorf("llm.pc: %s", pc)
		}
		if stamp := read(t, c.root, "include/llm_stamp.h"); stamp != "#define LLM_ARCHIVE \"1-2\"\n#define LLM_ARCHIVE_ABI 3\n" {
			t.Errorf("llm_stamp.h: %s", stamp)
		}
		if read(t, c.root, "bin/llm")+read(t, c.root, "lib/libllm.a")+read(t, c.root, "include/llm.h") != fakeProgram+"archiveint llm;\n" {
			t.Error("what is installed is not what was built")
		}
		if pc := read(t, c.root, "lib/pkgconfig/llm-skynet.pc"); !strings.HasPrefix(pc, "prefix="+c.inFile+"\n") || strings.Contains(pc, "@") {
			t.Errorf("llm-skynet.pc: %s", pc)
		}
		if read(t, c.root, "lib/libbinding.a")+read(t, c.root, "include/llm-skynet/llama.h") != "INPUT(-lllm)\nint old;\n" {
			t.Error("what is installed for the old API is not what was built")
		}
		for file, want := range map[string]string{
			"man/man1/llm.1": "page\n", "bash-completion/completions/llm": "for bash\n",
			"zsh/site-functions/_llm": "for zsh\n", "fish/vendor_completions.d/llm.fish": "for fish\n",
		} {
			if got := read(t, c.root, "share", file); got != want {
				t.Errorf("%s: %q", file, got)
			}
		}
		if out, err := runScript(t, dir, environment, "scripts/install.sh", "uninstall"); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if left, _ := exec.Command("find", c.root, "-type", "f").Output(); len(left) > 0 {
			t.Errorf("uninstall leaves %s", left)
		}
	}
}

// TestABI: the number that is committed is that of the header, and changes when
// something other than a comment does.
func TestABI(t *testing.T) {
	if out, err := exec.Command("../../scripts/abi.sh", "--verify").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	dir := scriptsOnly(t)
	put(t, dir, map[string]string{"scripts/abi.sh": read(t, "../../scripts/abi.sh")})
	of := func(header string) string {
		put(t, dir, map[string]string{"llama/native/llm.h": header})
		if out, err := runScript(t, dir, nil, "scripts/abi.sh"); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return read(t, dir, "llama/abi.h")
	}
	a, b, c := of("int f(int a);\n"), of("// more\nint f(int  a); // words\n"), of("int f(long a);\n")
	if a != b || a == c {
		t.Errorf("%s, with a comment %s, changed %s", a, b, c)
	}
	put(t, dir, map[string]string{"llama/native/llm.h": "int g;\n"})
	if out, err := runScript(t, dir, nil, "scripts/abi.sh", "--verify"); err == nil || !strings.Contains(out, "run 'make native' and commit it") {
		t.Errorf("%v: %s", err, out)
	}
}
