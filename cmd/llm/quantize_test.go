package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// inFolder runs the program in a folder.
func inFolder(t *testing.T, dir string, args ...string) result {
	t.Helper()
	return finish(t, command(dir, args...))
}

func link(t *testing.T, path, name string) {
	t.Helper()
	if err := os.Symlink(path, name); err != nil {
		t.Fatal(err)
	}
}

// TestQuantizeScreens compares what --dry-run says of models with testdata/quantize. -update
// writes it anew.
func TestQuantizeScreens(t *testing.T) {
	dir := t.TempDir()
	smol, err := filepath.Abs(testmodel.SmolLM2(t))
	if err != nil {
		t.Fatal(err)
	}
	link(t, smol, filepath.Join(dir, "SmolLM2-Q4_1.gguf"))
	link(t, testgguf.Quantizable(1).Write(t, "f16.gguf"), filepath.Join(dir, "tiny-f16.gguf"))
	for name, args := range map[string][]string{
		"smollm2":   {"SmolLM2-Q4_1.gguf", "Q4_K_M", "--allow-requantize"},
		"refused":   {"SmolLM2-Q4_1.gguf", "Q2_K"},
		"tiny":      {"tiny-f16.gguf", "q4_k_m"},
		"overrides": {"tiny-f16.gguf", "small.gguf", "Q3_K_M", "--tensor-type", "attn_v=q8_0", "--tensor-type", "nothing=q8_0", "--output-tensor-type", "F16"},
		"no matrix": {"tiny-f16.gguf", "IQ2_XXS"},
		"caveat":    {"tiny-f16.gguf", "TQ1_0"},
	} {
		t.Run(name, func(t *testing.T) {
			r := inFolder(t, dir, slices.Concat([]string{"quantize"}, args, []string{"--dry-run"})...)
			got := fmt.Sprintf("$ llm quantize %s --dry-run\n%s%s", strings.Join(args, " "), r.stdout, r.stderr)
			golden.Compare(t, "quantize/"+strings.ReplaceAll(name, " ", "-")+".txt", got)
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
				t.Errorf("the folder has %v, %v", entries, err)
			}
		})
	}
}

// TestQuantize: the file has the name of its type and the size that was said, and the engine
// loads it.
func TestQuantize(t *testing.T) {
	dir := t.TempDir()
	link(t, testgguf.Quantizable(1).Write(t, "f16.gguf"), filepath.Join(dir, "tiny-F16.gguf"))
	var said, done quantizeReport
	dry := inFolder(t, dir, "quantize", "tiny-F16.gguf", "Q5_K_M", "--dry-run", "--json")
	if err := json.Unmarshal([]byte(dry.stdout), &said); err != nil {
		t.Fatal(err)
	}
	made := inFolder(t, dir, "quantize", "tiny-F16.gguf", "Q5_K_M", "2", "--json")
	if err := json.Unmarshal([]byte(made.stdout), &done); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "tiny-Q5_K_M.gguf")
	info, err := os.Stat(path)
	if err != nil || info.Size() != said.File.Bytes || said.File != done.File || done.DryRun || !said.DryRun || done.Seconds <= 0 {
		t.Errorf("%v %v; said: %+v; done: %+v", info, err, said, done)
	}
	if r := inFolder(t, dir, "run", path, "--no-chat", "-p", "a", "-n", "2"); r.code != 0 {
		t.Errorf("it does not run: %s", r.stderr)
	}
	again := inFolder(t, dir, "quantize", "tiny-F16.gguf", "Q5_K_M")
	checkFailure(t, again, exitFailure, "file already exists; --force replaces it")
	forced := inFolder(t, dir, "quantize", "tiny-F16.gguf", "Q5_K_M", "--force")
	if forced.code != 0 || !strings.HasPrefix(forced.stdout, "tiny-Q5_K_M.gguf: 75 tensors, ") {
		t.Errorf("%d %q %q", forced.code, forced.stdout, forced.stderr)
	}
}

func TestQuantizeRefuses(t *testing.T) {
	dir := t.TempDir()
	link(t, testgguf.Quantizable(1).Write(t, "f16.gguf"), filepath.Join(dir, "in.gguf"))
	types := filepath.Join(dir, "types")
	if err := os.WriteFile(types, []byte("attn_v=q8_0\nffn="), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code  int
		words string
		args  []string
	}{
		{exitUsage, "takes IN, OUT if you like, TYPE", nil},
		{exitUsage, "takes IN, OUT if you like, TYPE", []string{"in.gguf"}},
		{exitUsage, "TYPE is missing behind out.gguf", []string{"in.gguf", "out.gguf"}},
		{exitUsage, "did you mean Q4_K_M?", []string{"in.gguf", "Q4_KM"}},
		{exitUsage, "no level of quantization", []string{"in.gguf", "out.gguf", "COPY"}},
		{exitUsage, `"out.gguf" behind the type is no number of threads; OUT goes before TYPE`, []string{"in.gguf", "Q4_0", "out.gguf"}},
		{exitUsage, "threads are given twice", []string{"in.gguf", "Q4_0", "2", "-t", "3"}},
		{exitUsage, "--threads 9999: it must be from 0 to 512", []string{"in.gguf", "Q4_0", "9999"}},
		{exitUsage, "--output-tensor-type: type of tensors \"q9\": there is none of this name", []string{"in.gguf", "Q4_0", "--output-tensor-type", "q9"}},
		{exitUsage, "--tensor-type: not an override", []string{"in.gguf", "Q4_0", "--tensor-type", "attn_v"}},
		{exitUsage, "(?! is not supported", []string{"in.gguf", "Q4_0", "--tensor-type", "(?!a)=q8_0"}},
		{exitUsage, "exclude each other", []string{"in.gguf", "Q4_0", "--imatrix", "x", "--include-weights", "a", "--exclude-weights", "b"}},
		{exitUsage, "give --imatrix", []string{"in.gguf", "Q4_0", "--include-weights", "a"}},
		{exitUsage, "download it, and give the file", []string{"https://example.org/in.gguf", "Q4_0"}},
		{exitFailure, "the type is missing behind the =", []string{"in.gguf", "Q4_0", "--tensor-type-file", "types"}},
		{exitFailure, "check the path", []string{"none.gguf", "Q4_0"}},
		{exitFailure, "make it first", []string{"in.gguf", "none/out.gguf", "Q4_0"}},
		{exitFailure, "it is the file that is read; name another", []string{"in.gguf", "in.gguf", "Q4_0", "--force"}},
	} {
		checkFailure(t, inFolder(t, dir, append([]string{"quantize"}, c.args...)...), c.code, c.words)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("the folder has %v, %v", entries, err)
	}
}

// TestQuantizeMakesMatrix: a type that needs an importance matrix gets one, once.
func TestQuantizeMakesMatrix(t *testing.T) {
	dir := t.TempDir()
	link(t, testgguf.Quantizable(1).Write(t, "f16.gguf"), filepath.Join(dir, "in.gguf"))
	dry := inFolder(t, dir, "quantize", "in.gguf", "IQ2_XXS", "--dry-run")
	if dry.code != exitFailure || !strings.Contains(dry.stderr, "make it (llm imatrix) and give it (--imatrix)") {
		t.Errorf("%d %q", dry.code, dry.stderr)
	}
	for _, words := range []string{"llm: IQ2_XXS needs an importance matrix, which is made first", "llm: the importance matrix is in.imatrix.gguf, which is there"} {
		r := inFolder(t, dir, "quantize", "in.gguf", "IQ2_XXS", "--force")
		if r.code != 0 || !strings.Contains(r.stderr, words) || !strings.HasPrefix(r.stdout, "in-IQ2_XXS.gguf: ") {
			t.Errorf("%d %q %q, want %q", r.code, r.stdout, r.stderr, words)
		}
	}
}

// TestQuantizeCrash: the engine aborts on these weights, and only its child ends.
func TestQuantizeCrash(t *testing.T) {
	f := testgguf.Quantizable(1)
	huge := make([]float32, 256*256)
	for i := range huge {
		huge[i] = 3e38
	}
	path := f.Add("blk.0.attn_extra.weight", huge, 256, 256).Write(t, "huge.gguf")
	r := inFolder(t, filepath.Dir(path), "quantize", path, "IQ3_S", fmt.Sprint(max(2, runtime.NumCPU())))
	checkFailure(t, r, exitFailure, "weights that are much too large do this: choose another type")
	waitForFiles(t, filepath.Dir(path), 1)
}

// TestQuantizeInterrupted: Ctrl-C and SIGTERM leave nothing behind, and no process; what
// SIGKILL leaves is no model, and the next run removes it.
func TestQuantizeInterrupted(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out.gguf")
	args := []string{"quantize", testmodel.SmolLM2(t), out, "IQ3_S", "1", "--allow-requantize"}
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		r, took := interrupt(t, sig, " IQ3_S: ", args...)
		if r.code != exitFailure || r.killed || !strings.Contains(r.stderr, map[os.Signal]string{os.Interrupt: "interrupted", syscall.SIGTERM: "stopped by a signal"}[sig]) {
			t.Errorf("%v: %d %q", sig, r.code, r.stderr)
		}
		if took > 5*time.Second {
			t.Errorf("%v: it went on for %v", sig, took)
		}
		waitForFiles(t, dir, 0)
	}
	interrupt(t, syscall.SIGKILL, " IQ3_S: ", args...)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || strings.HasSuffix(entries[0].Name(), ".gguf") {
		t.Fatalf("after a crash the folder has %v, %v", entries, err)
	}
	waitForGrowth(t, filepath.Join(dir, entries[0].Name()))
	interrupt(t, os.Interrupt, " IQ3_S: ", args...)
	waitForFiles(t, dir, 0)
}

// waitForGrowth waits until a file grows no more: its writer is gone.
func waitForGrowth(t *testing.T, path string) {
	t.Helper()
	size := int64(-1)
	for range 100 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() == size {
			return
		}
		size = info.Size()
		time.Sleep(500 * time.Millisecond)
	}
	t.Error("its writer did not end with its parent")
}

// fullDisk runs in a file system of a size at $D, which is full as soon as a file is begun
// where $FILL is not empty.
const fullDisk = `mount -t tmpfs -o size=$SIZE tmpfs $D || exit 99
if [ -n "$FILL" ]; then
	(n=0; until ls -A $D | grep -q tmp || [ $n = 300 ]; do sleep 0.05; n=$((n+1)); done; head -c 1G /dev/zero >$D/other) >/dev/null 2>&1 &
fi
"$LLM" quantize "$IN" $D/out.gguf $TYPE 1 --allow-requantize >/dev/null
code=$?
wait
rm -f $D/other
ls -A $D
exit $code`

// TestQuantizeFullDisk: on a disk that is too small it says so beforehand, and where room
// goes meanwhile, afterwards; nothing is left. Where nobody may mount one there is nothing to
// try.
func TestQuantizeFullDisk(t *testing.T) {
	if _, err := exec.LookPath("unshare"); err != nil {
		t.Logf("no disk of its own here: %v", err)
		return
	}
	for name, c := range map[string]struct{ in, kind, size, fill, want string }{
		"too small":        {testgguf.Quantizable(1).Write(t, "in.gguf"), "Q8_0", "512k", "", ": it takes "},
		"filled meanwhile": {testmodel.SmolLM2(t), "IQ3_S", "90m", "yes", " and no more fit in "},
	} {
		cmd := exec.Command("unshare", "-r", "-m", "sh", "-c", fullDisk)
		cmd.Env = append(os.Environ(), "LLM="+program, "IN="+c.in, "TYPE="+c.kind, "SIZE="+c.size, "FILL="+c.fill, "D="+t.TempDir())
		cmd.WaitDelay = time.Second
		r := finish(t, cmd)
		if r.code != exitFailure && !strings.Contains(r.stderr, "llm: ") {
			t.Logf("no disk of its own here: %d %s", r.code, r.stderr)
			return
		}
		lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
		if last := lines[len(lines)-1]; r.code != exitFailure || r.stdout != "" || !strings.Contains(last, c.want) || !strings.Contains(last, "make room there, or write elsewhere") {
			t.Errorf("%s: %d, left is %q, it says %q", name, r.code, r.stdout, r.stderr)
		}
	}
}

func TestMadeName(t *testing.T) {
	for in, want := range map[string]string{
		"a/model.gguf":                    "a/model-Q4_0.gguf",
		"model-F16.gguf":                  "model-Q4_0.gguf",
		"model.f16.gguf":                  "model.Q4_0.gguf",
		"model-Q4_K_M.gguf":               "model-Q4_0.gguf",
		"model_bf16.gguf":                 "model_Q4_0.gguf",
		"model-xf16.gguf":                 "model-xf16-Q4_0.gguf",
		"F16.gguf":                        "F16-Q4_0.gguf",
		"m-00001-of-00003.gguf":           "m-Q4_0.gguf",
		"m-F16-00001-of-00003.gguf":       "m-Q4_0.gguf",
		"-of-00003.gguf":                  "-of-00003-Q4_0.gguf",
		"model":                           "model-Q4_0.gguf",
		"SmolLM2-135M-Instruct.Q4_1.gguf": "SmolLM2-135M-Instruct.Q4_0.gguf",
		"part-of-something-of-00003.gguf": "part-of-something-of-00003-Q4_0.gguf",
	} {
		if got := madeName(in, "Q4_0"); got != want {
			t.Errorf("%s becomes %s, not %s", in, got, want)
		}
	}
}
