package archtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeRelease is an archive unpacked. Its program does not start with a library that is
// too new beside it.
func fakeRelease(t *testing.T, dir string, library string) {
	t.Helper()
	put(t, dir, map[string]string{
		"install.sh": read(t, "../../scripts/install-dist.sh"),
		"bin/llm":    "#!/bin/sh\nfor f in broken libstdc++.so.6; do [ ! -e \"${0%/*}/../lib/llm/$f\" ] || { echo $f: no >&2; exit 127; }; done\n",
		"README":     "read me\n", "share/doc/llm/README": "read me\n", "share/man/man1/llm.1": "page\n",
		"lib/llm/" + library: library,
	})
	if err := os.Chmod(filepath.Join(dir, "lib/llm", library), 0o644); err != nil {
		t.Fatal(err)
	}
}

func filesBelow(t *testing.T, dir string) string {
	t.Helper()
	c := exec.Command("sh", "-c", "find . -type f | LC_ALL=C sort | tr '\\n' ' '")
	c.Dir = dir
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestInstallRelease(t *testing.T) {
	unpacked, dest := filepath.Join(t.TempDir(), "llm-v1-linux-amd64"), t.TempDir()
	fakeRelease(t, unpacked, "libold.so")
	put(t, dest, map[string]string{"usr/lib/libother.so": "of others", "usr/bin/other": ""})
	install := func(want string, args ...string) {
		t.Helper()
		out, err := runScript(t, unpacked, []string{"DESTDIR=" + dest}, filepath.Join(unpacked, "install.sh"), args...)
		if want == "" && (err != nil || out != "") || !strings.Contains(out, want) || want != "" && err == nil {
			t.Errorf("%q: %v: %s", args, err, out)
		}
	}
	install("llm is not installed in /usr", "uninstall", "/usr")
	install("unknown flag --prefix=/usr", "--prefix=/usr")
	install("too many arguments", "/usr", "/opt")
	install("", "/usr")
	const others = "./usr/bin/other ./usr/lib/libother.so "
	if got := filesBelow(t, dest); got != "./usr/bin/llm ./usr/bin/other ./usr/lib/libother.so ./usr/lib/llm/FILES ./usr/lib/llm/libold.so ./usr/share/doc/llm/README ./usr/share/man/man1/llm.1 " {
		t.Errorf("installed: %s", got)
	}
	if info, err := os.Stat(filepath.Join(dest, "usr/lib/llm/libold.so")); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info, err)
	}
	// A newer release takes the place of the older one, and leaves nothing of it.
	fakeRelease(t, unpacked, "libnew.so")
	if err := os.Remove(filepath.Join(unpacked, "lib/llm/libold.so")); err != nil {
		t.Fatal(err)
	}
	install("", "/usr")
	if got := filesBelow(t, filepath.Join(dest, "usr/lib/llm")); got != "./FILES ./libnew.so " {
		t.Errorf("after a newer release: %s", got)
	}
	// A system that is too old for the C++ libraries uses its own.
	put(t, unpacked, map[string]string{"lib/llm/libstdc++.so.6": "", "lib/llm/libgcc_s.so.1": ""})
	if out, err := runScript(t, unpacked, []string{"DESTDIR=" + dest}, filepath.Join(unpacked, "install.sh"), "/usr"); err != nil || !strings.Contains(out, "without its C++ libraries") {
		t.Errorf("%v: %s", err, out)
	}
	if got := filesBelow(t, filepath.Join(dest, "usr/lib/llm")); got != "./FILES ./libnew.so " {
		t.Errorf("on an old system: %s", got)
	}
	// What does not start is not installed, and what was there stays.
	put(t, unpacked, map[string]string{"lib/llm/broken": ""})
	install("llm does not start on this machine; nothing was installed. broken: no", "/usr")
	install("", "uninstall", "/usr")
	if got := filesBelow(t, dest); got != others {
		t.Errorf("uninstall leaves %s", got)
	}
	if _, err := os.Stat(filepath.Join(dest, "usr/lib/llm")); err == nil {
		t.Error("uninstall leaves its folder")
	}
}

// TestInstallArchive: from an archive that is not unpacked.
func TestInstallArchive(t *testing.T) {
	dir, dest := t.TempDir(), t.TempDir()
	fakeRelease(t, filepath.Join(dir, "llm-v1-linux-amd64"), "libnew.so")
	// The archive of this test is not compressed.
	put(t, dir, map[string]string{"install.sh": read(t, "../../scripts/install-dist.sh"), "bin/zstd": "#!/bin/sh\ncat \"$2\"\n"})
	install := func() (string, error) {
		return runScript(t, dir, []string{"DESTDIR=" + dest, "PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH")}, filepath.Join(dir, "install.sh"), "/usr")
	}
	if out, err := install(); err == nil || !strings.Contains(out, "there is no archive llm-*-linux-amd64.tar.zst in "+dir) {
		t.Errorf("%v: %s", err, out)
	}
	c := exec.Command("sh", "-c", "tar -cf llm-v1-linux-amd64.tar.zst llm-v1-linux-amd64")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := install(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := filesBelow(t, dest); !strings.Contains(got, "./usr/bin/llm ./usr/lib/llm/FILES ./usr/lib/llm/libnew.so ") {
		t.Errorf("installed: %s", got)
	}
	put(t, dir, map[string]string{"llm-v2-linux-amd64.tar.zst": ""})
	if out, err := install(); err == nil || !strings.Contains(out, "there are several archives") {
		t.Errorf("%v: %s", err, out)
	}
}
