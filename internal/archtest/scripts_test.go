package archtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// runScript runs a script of a copy of the repository that has nothing but its
// scripts and the lock file.
func runScript(t *testing.T, dir string, env []string, name string, args ...string) (string, error) {
	t.Helper()
	c := exec.Command("/bin/sh", append([]string{name}, args...)...)
	c.Dir = dir
	c.Env = append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	return string(out), err
}

func scriptsOnly(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "repository")
	for _, name := range []string{"scripts/need.sh", "scripts/npm.sh", "scripts/fetch-llama.sh", "scripts/build-native.sh", "scripts/backend.sh",
		"scripts/cuda-toolkit.sh", "scripts/cuda-toolkit.txt", "third_party/llama.cpp.lock"} {
		b, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestOtherSourceIsRefused: a source with one more line is another source.
func TestOtherSourceIsRefused(t *testing.T) {
	dir := scriptsOnly(t)
	src := filepath.Join(dir, "third_party", "llama.cpp")
	if out, err := exec.Command("git", "init", "-q", src).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(src, "llama.cpp"), []byte("int main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, script := range []string{"scripts/fetch-llama.sh", "scripts/build-native.sh"} {
		out, err := runScript(t, dir, nil, script)
		if err == nil || !strings.Contains(out, "is not the pinned engine source") || !strings.Contains(out, "fd570ef54b10ec5fecb739e7e04c8ce44a6f415a") {
			t.Errorf("%s: %v: %s", script, err, out)
		}
	}
}

func TestSourceThatIsMissing(t *testing.T) {
	out, err := runScript(t, scriptsOnly(t), nil, "scripts/fetch-llama.sh", "--verify")
	if err == nil || !strings.Contains(out, "is missing; fetch it with") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestPathWithSpace(t *testing.T) {
	dir := filepath.Join(filepath.Dir(scriptsOnly(t)), "with space")
	if err := os.Rename(filepath.Join(filepath.Dir(dir), "repository"), dir); err != nil {
		t.Fatal(err)
	}
	if out, err := runScript(t, dir, nil, "scripts/build-native.sh"); err == nil || !strings.Contains(out, "has a space in it") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestMissingToolIsNamed takes the tools away, one by one.
func TestMissingToolIsNamed(t *testing.T) {
	dir := scriptsOnly(t)
	bin := t.TempDir()
	for _, tool := range []string{"dirname", "awk", "uname", "git", "cmake"} {
		out, err := runScript(t, dir, []string{"PATH=" + bin}, "scripts/build-native.sh")
		if tool == "git" || tool == "cmake" {
			if err == nil || !strings.Contains(out, "'"+tool+"' is missing; install it with: ") {
				t.Errorf("%s: %v: %s", tool, err, out)
			}
		}
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, tool)); err != nil {
			t.Fatal(err)
		}
	}
}
