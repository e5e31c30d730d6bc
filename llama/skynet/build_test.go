//go:build cgo

package skynet_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// The module, and what its files and its go.mod hash to.
const (
	module  = "github.com/go-skynet/go-llama.cpp"
	version = "v0.0.0-20240314183750-6a8041ef6b46"
	sum     = "h1:lALhXzDkqtp12udlDLLg+ybXVMmL7Ox9tybqVLWxjPE="
)

func root(t testing.TB) string {
	t.Helper()
	path, err := filepath.Abs(testmodel.Root())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func goEnv(t testing.TB, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// clean is an environment as a new container has it, with a module cache that has
// everything, and no network: nothing else of this process's.
func clean(t testing.TB) []string {
	t.Helper()
	home := t.TempDir()
	return []string{"PATH=" + os.Getenv("PATH"), "ASAN_OPTIONS=" + os.Getenv("ASAN_OPTIONS"), "HOME=" + home, "GOPATH=" + filepath.Join(home, "gopath"), "GOMODCACHE=" + goEnv(t, "GOMODCACHE"),
		"GOCACHE=" + goEnv(t, "GOCACHE"), "GOPROXY=off", "GOTOOLCHAIN=local", "GOFLAGS=-buildvcs=false", "GOWORK=off"}
}

// recipe is what the page tells users of a checkout to set: two lines at most.
func recipe(t testing.TB) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root(t), "docs", "migrate-from-go-skynet.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), "```sh\nexport CGO_CXXFLAGS")
	lines, _, ok2 := strings.Cut(rest, "```")
	if !ok || !ok2 || strings.Count(lines, "\n") > 2 {
		t.Fatalf("the recipe of the page is %q", lines)
	}
	return strings.NewReplacer("$PWD/../llm", root(t), "build/cpu", "build/"+archive, "go build\n", "").Replace("export CGO_CXXFLAGS" + lines)
}

// folder is an empty module outside of the repository that requires the old one, with files.
func folder(t testing.TB, files ...string) string {
	t.Helper()
	moduleDir(t) // is in the module cache then
	dir := t.TempDir()
	put := func(name string, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	get := func(name string) []byte {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	put("go.mod", []byte("module example.com/old\n\ngo 1.26.0\n\nrequire "+module+" "+version+"\n"))
	put("go.sum", get(filepath.Join(root(t), "go.sum")))
	for _, name := range files {
		put(filepath.Base(name), get(name))
	}
	return dir
}

// sh runs a script with the recipe in a clean environment: what it wrote, errors among it.
func sh(t testing.TB, dir, script string, more ...string) (string, error) {
	t.Helper()
	c := exec.Command("sh", "-euc", recipe(t)+script)
	c.Dir, c.Env = dir, append(clean(t), more...)
	out, err := c.CombinedOutput()
	return string(out), err
}

func must(t testing.TB, out string, err error) string {
	t.Helper()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return out
}

// calls builds testdata/calls as the page says.
func calls(t testing.TB, flags string) (dir string) {
	t.Helper()
	files, err := filepath.Glob("testdata/calls/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	dir = folder(t, files...)
	out, err := sh(t, dir, "go build "+sanitize+flags+" -o calls .")
	must(t, out, err)
	return dir
}
