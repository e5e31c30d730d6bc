package llm_test

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// TestInstalledProgram builds the program of the README as its second way says: the
// module comes from a proxy into a module cache without archives, and the archive
// from where `make install` put it. Then it takes away what must not be missing.
func TestInstalledProgram(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir, root := outside(t, between(t, string(readme), "```go\n", "```"))
	if err := os.Symlink(testmodel.SmolLM2(t), filepath.Join(dir, "model.gguf")); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	prefix := filepath.Join(home, ".local")
	run := proxied(t, dir, home)

	// What is built is installed; a test builds nothing native.
	commands := "make -C ../llm install" + between(t, string(readme), "```sh\nmake -C ../llm install", "```")
	commands = strings.NewReplacer("../llm install", root+" install-built").Replace(commands)
	out, err := run(commands)
	if err != nil || len(out) < 20 {
		t.Fatalf("%v: %s", err, out)
	}

	// The program is in the go command's cache now; only the link step can notice.
	withTag := "export PKG_CONFIG_PATH=" + prefix + "/lib/pkgconfig; go build -tags llm_system"
	archive := filepath.Join(prefix, "lib", "libllm.a")
	refuses(t, run, "ar d "+archive+" $(ar t "+archive+" | grep '^abi\\.cpp'); echo '// changed' >>main.go; "+withTag, "llm_archive_with_abi_")
	refuses(t, run, "rm "+archive+"; echo >>main.go; "+withTag, "-lllm")
	refuses(t, run, "sed 's/LLM_ARCHIVE_ABI .*/LLM_ARCHIVE_ABI 1/' "+prefix+"/include/llm_stamp.h >stamp; mv stamp "+prefix+"/include/llm_stamp.h; "+withTag+" -gcflags=github.com/seed-f87006eb/llm/llama=-e",
		"of another version", "make install")
	refuses(t, run, "make -C "+root+" uninstall PREFIX="+prefix+" >&2; "+withTag+" -gcflags=github.com/seed-f87006eb/llm/llama=-l", "llm.pc", "PKG_CONFIG_PATH")
	refuses(t, run, "go build", "the engine is not built yet", "make native", "make install", "-tags llm_system")
	if left, err := run("find " + prefix + " -type f"); err != nil || left != "" {
		t.Errorf("%v: uninstall leaves %s", err, left)
	}
}

func refuses(t *testing.T, run func(string) (string, error), script string, words ...string) {
	t.Helper()
	out, err := run(script)
	for _, word := range words {
		if err == nil || !strings.Contains(out, word) {
			t.Errorf("%s\n\t%v: %.2000s\n\tdoes not say %q", script, err, out, word)
		}
	}
}

// proxied returns a function that runs a script in dir, where the module is to be had
// from a proxy, as version v0.9.9, and what it requires from the module cache.
func proxied(t *testing.T, dir, home string) func(script string) (string, error) {
	t.Helper()
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	proxy := "file://" + moduleProxy(t) + ",file://" + strings.TrimSpace(string(cache)) + "/cache/download"
	// -modcacherw: otherwise the folder could not be removed.
	environment := append(os.Environ(), "HOME="+home, "GOCACHE="+goCache(t), "GOPATH="+t.TempDir(), "GOMODCACHE="+t.TempDir(),
		"GOPROXY="+proxy, "GOSUMDB=off", "GOFLAGS=-mod=mod -modcacherw", "GOWORK=off", "PKG_CONFIG_LIBDIR="+t.TempDir())
	return func(script string) (string, error) {
		c := exec.Command("sh", "-euc", script)
		c.Dir, c.Env = dir, environment
		out, err := c.CombinedOutput()
		return string(out), err
	}
}

func goCache(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// moduleProxy writes the tracked files of this repository as a module, and nothing
// that is built.
func moduleProxy(t *testing.T) string {
	t.Helper()
	const module, version = "github.com/seed-f87006eb/llm", "v0.9.9"
	tracked, err := exec.Command("git", "ls-files", "-z").Output()
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	names := strings.Split(strings.TrimSuffix(string(tracked), "\x00"), "\x00")
	var apart []string // folders that are modules of their own
	for _, name := range names {
		if folder, ok := strings.CutSuffix(name, "/go.mod"); ok {
			apart = append(apart, folder+"/")
		}
	}
	for _, name := range names {
		if slices.ContainsFunc(apart, func(folder string) bool { return strings.HasPrefix(name, folder) }) {
			continue
		}
		text, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue // removed, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		f, err := w.Create(module + "@" + version + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	folder := filepath.Join(root, module, "@v")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"list": []byte(version + "\n"), version + ".info": []byte(`{"Version":"` + version + `"}`), version + ".mod": mod, version + ".zip": archive.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}
