//go:build dist

package main

import (
	"archive/tar"
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// These are the tests of the archive that `make dist` left in dist: `make test-dist`.

// release is the unpacked archive.
var release string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "release")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		if release, err = unpack(dir); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}

func archives() (string, error) {
	found, err := filepath.Glob("../../dist/llm-*-linux-amd64.tar.zst")
	if err != nil || len(found) != 1 {
		return "", os.ErrNotExist
	}
	return found[0], nil
}

// unpack reads the archive as tar does.
func unpack(dir string) (string, error) {
	path, err := archives()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		return "", err
	}
	defer z.Close()
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return filepath.Join(dir, strings.TrimSuffix(filepath.Base(path), ".tar.zst")), nil
		}
		if err != nil {
			return "", err
		}
		to := filepath.Join(dir, h.Name)
		if h.Typeflag == tar.TypeDir {
			err = os.Mkdir(to, 0o755)
		} else {
			err = writeFile(to, r, os.FileMode(h.Mode))
		}
		if err != nil {
			return "", err
		}
	}
}

func writeFile(path string, r io.Reader, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		return err
	}
	return f.Close()
}

// execute runs a command in an empty folder with no environment but what is given.
func execute(t *testing.T, env []string, args ...string) (stdout, stderr string) {
	t.Helper()
	c := exec.Command(args[0], args[1:]...)
	c.Dir = t.TempDir()
	c.Env = env
	var out, err strings.Builder
	c.Stdout, c.Stderr = &out, &err
	if e := c.Run(); e != nil {
		t.Fatalf("%q: %v\n%s%s", args, e, out.String(), err.String())
	}
	return out.String(), err.String()
}

func llm() string { return filepath.Join(release, "bin", "llm") }

// TestFiles: what is in the archive, and nothing of CUDA or Vulkan.
func TestFiles(t *testing.T) {
	var libraries []string
	var all int
	err := filepath.WalkDir(release, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		all++
		name, _ := filepath.Rel(release, path)
		if regexp.MustCompile(`(?i)cuda|cublas|cudart|nvidia|vulkan|hip|rocm|sycl`).MatchString(name) {
			t.Errorf("%s is in the archive", name)
		}
		if strings.HasPrefix(name, "lib/llm/lib") {
			libraries = append(libraries, strings.TrimPrefix(name, "lib/llm/"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	variants := 0
	for _, l := range libraries {
		switch {
		case strings.HasPrefix(l, "libggml-cpu-"):
			variants++
		case !slices.Contains([]string{"libggml-base.so", "libggml.so", "libllama.so", "libllama-common.so", "libstdc++.so.6", "libgcc_s.so.1", "libgomp.so.1"}, l):
			t.Errorf("%s has no place here", l)
		}
	}
	if variants != 14 || len(libraries) != 14+7 {
		t.Errorf("%d variants, %q", variants, libraries)
	}
	for _, f := range []string{"bin/llm", "install.sh", "LICENSE", "README", "THIRD_PARTY_NOTICES", "lib/llm/SOURCE", "share/man/man1/llm-run.1",
		"share/bash-completion/completions/llm", "share/zsh/site-functions/_llm", "share/fish/vendor_completions.d/llm.fish", "share/doc/llm/LICENSE"} {
		if info, err := os.Stat(filepath.Join(release, f)); err != nil || info.Size() < 50 {
			t.Errorf("%s: %v", f, err)
		}
	}
	if out, _ := execute(t, nil, llm(), "version", "--notices"); out != readFile(t, "../../cmd/llm/THIRD_PARTY_NOTICES") || out != readFile(t, filepath.Join(release, "THIRD_PARTY_NOTICES")) {
		t.Error("llm version --notices is not the committed file, or not that of the archive")
	}
	if s := readFile(t, filepath.Join(release, "lib/llm/SOURCE")); !strings.Contains(s, "https://ftp.gnu.org/gnu/gcc/gcc-") {
		t.Errorf("lib/llm/SOURCE: %s", s)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// binaries are the program and its libraries.
func binaries(t *testing.T) []string {
	t.Helper()
	libraries, err := filepath.Glob(filepath.Join(release, "lib/llm/lib*"))
	if err != nil || len(libraries) == 0 {
		t.Fatal(err)
	}
	return append(libraries, llm())
}

// TestGlibcFloor: the version that llm version says is the newest that objdump finds.
func TestGlibcFloor(t *testing.T) {
	objdump, err := exec.LookPath("objdump")
	if err != nil {
		t.Fatalf("%v; install it with: sudo apt-get install -y binutils", err)
	}
	out, _ := execute(t, nil, append([]string{objdump, "-T"}, binaries(t)...)...)
	newest := ""
	for _, m := range regexp.MustCompile(`\(GLIBC_(\d+)\.(\d+)[.)]`).FindAllStringSubmatch(out, -1) {
		if v := m[1] + "." + strings.Repeat("0", 3-len(m[2])) + m[2]; v > newest {
			newest = v
		}
	}
	newest = regexp.MustCompile(`\.0+`).ReplaceAllString(newest, ".")
	if version, _ := execute(t, nil, llm(), "version"); newest == "" || !strings.Contains(version, "\nneeds    glibc "+newest+" or newer\n") {
		t.Errorf("objdump finds glibc %q; llm version says:\n%s", newest, version)
	}
}

// glibc are the libraries that may come from the system.
var glibc = regexp.MustCompile(`/(libc\.so\.6|libm\.so\.6|libdl\.so\.2|libpthread\.so\.0|librt\.so\.1|libresolv\.so\.2|ld-linux-x86-64\.so\.2)$`)

// TestNoOtherLibrary: the dynamic linker opens nothing but glibc outside of the folder,
// while a model answers.
func TestNoOtherLibrary(t *testing.T) {
	dir := t.TempDir()
	execute(t, []string{"LD_DEBUG=files", "LD_DEBUG_OUTPUT=" + filepath.Join(dir, "log")}, answer(testmodel.SmolLM2(t))...)
	logs, err := filepath.Glob(filepath.Join(dir, "log.*"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("the dynamic linker wrote nothing: %v", err)
	}
	opened := map[string]bool{}
	for _, l := range logs {
		for _, m := range regexp.MustCompile(`calling init: (\S+)`).FindAllStringSubmatch(readFile(t, l), -1) {
			opened[m[1]] = true
			if !glibc.MatchString(m[1]) && filepath.Dir(filepath.Clean(m[1])) != filepath.Join(release, "lib/llm") {
				t.Errorf("%s was opened", m[1])
			}
		}
	}
	if len(opened) < 8 {
		t.Errorf("only these were opened: %v", opened)
	}
}

// TestNoPathOfThisMachine: nothing tells where it was built.
func TestNoPathOfThisMachine(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	home, _ := os.UserHomeDir()
	for _, b := range binaries(t) {
		text := readFile(t, b)
		for _, path := range []string{root, filepath.Join(home, "go", "pkg"), os.TempDir() + "/go-build"} {
			if strings.Contains(text, path) {
				t.Errorf("%s has %s in it", b, path)
			}
		}
	}
}

const (
	prompt = "The capital of France is"
	reply  = "Paris."
	tokens = "2"
)

// answer is the command line for a reply without near ties: processors round differently.
func answer(model string, more ...string) []string {
	return append(append(more, llm()), "run", model, "--no-chat", "-p", prompt, "-n", tokens, "--temp", "0", "-c", "64", "-t", "2")
}

func TestAnswers(t *testing.T) {
	if out, err := execute(t, nil, answer(testmodel.SmolLM2(t))...); strings.TrimSpace(out) != reply {
		t.Errorf("%q; %s", out, err)
	}
}

// TestProcessors: on each kind of processor the program starts and loads what that one
// can run. The oldest two answer.
func TestProcessors(t *testing.T) {
	qemu, err := exec.LookPath("qemu-x86_64")
	if err != nil {
		t.Fatalf("%v; install it with: sudo apt-get install -y qemu-user", err)
	}
	for _, c := range []struct {
		cpu, module string
		answers     bool
	}{
		{"Conroe", "x64", true},    // of 2006
		{"Nehalem", "sse42", true}, // of 2008
		{"SandyBridge", "sandybridge", false},
		{"IvyBridge", "ivybridge", false},
		{"Haswell", "haswell", false},
	} {
		t.Run(c.cpu, func(t *testing.T) {
			version, _ := execute(t, nil, qemu, "-cpu", c.cpu, llm(), "version")
			if !strings.Contains(version, "\nmodule   libggml-cpu-"+c.module+".so\n") {
				t.Errorf("not %s:\n%s", c.module, version)
			}
			if !c.answers {
				return
			}
			if out, stderr := execute(t, nil, answer(testmodel.SmolLM2(t), qemu, "-cpu", c.cpu)...); strings.TrimSpace(out) != reply {
				t.Errorf("%q; %s", out, stderr)
			}
		})
	}
}

// TestBestVariant: the processor at hand gets AVX-512 where it has it.
func TestBestVariant(t *testing.T) {
	info, err := os.Open("/proc/cpuinfo")
	if err != nil {
		t.Fatal(err)
	}
	defer info.Close()
	var flags []string
	for s := bufio.NewScanner(info); s.Scan() && flags == nil; {
		if f := strings.Fields(s.Text()); len(f) > 0 && f[0] == "flags" {
			flags = f
		}
	}
	version, _ := execute(t, nil, llm(), "version")
	for flag, feature := range map[string]string{"avx2": "AVX2 = 1", "fma": "FMA = 1", "avx512vl": "AVX512 = 1"} {
		if has := slices.Contains(flags, flag); has != strings.Contains(version, feature) {
			t.Errorf("the processor has %s: %v\n%s", flag, has, version)
		}
	}
}

// TestOlderSystem: without the compiler's C++ libraries, which want the newest glibc, the
// system's do.
func TestOlderSystem(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "release")
	if err := os.CopyFS(dir, os.DirFS(release)); err != nil {
		t.Fatal(err)
	}
	for _, l := range []string{"libstdc++.so.6", "libgcc_s.so.1"} {
		if err := os.Remove(filepath.Join(dir, "lib/llm", l)); err != nil {
			t.Fatal(err)
		}
	}
	if floor, err := glibcFloor(dir); err != nil || floor != "2.34" {
		t.Errorf("without them it needs glibc %s, docs/release.md says 2.34; %v", floor, err)
	}
	execute(t, nil, filepath.Join(dir, "bin/llm"), "version")
}

// TestInstalls: below a prefix, and back.
func TestInstalls(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "a prefix")
	path := []string{"PATH=" + os.Getenv("PATH")}
	script := filepath.Join(release, "install.sh")
	execute(t, path, "/bin/sh", script, prefix)
	if out, _ := execute(t, nil, filepath.Join(prefix, "bin/llm"), "run", testmodel.SmolLM2(t), "--no-chat", "-p", prompt, "-n", tokens, "--temp", "0", "-c", "64"); strings.TrimSpace(out) != reply {
		t.Errorf("%q", out)
	}
	execute(t, path, "/bin/sh", script, "uninstall", prefix)
	if left, _ := execute(t, path, "find", prefix, "-type", "f"); left != "" {
		t.Errorf("uninstall leaves %s", left)
	}
}
