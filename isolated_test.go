package llm_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// isolatedProgram opens an isolated model; its arguments are the model, and a worker
// program or "".
const isolatedProgram = `package main

import (
	"context"
	"fmt"
	"os"

	"github.com/seed-f87006eb/llm"
)

func main() {
	BEGIN
	options := []llm.Option{llm.Isolated(), llm.ContextSize(256), llm.Threads(1, 0)}
	if os.Args[2] != "" {
		options = append(options, llm.WorkerProgram(os.Args[2]))
	}
	m, err := llm.Open(os.Args[1], options...)
	if err != nil {
		fmt.Println("open:", err)
		return
	}
	defer m.Close()
	for ev, err := range m.Generate(context.Background(), "Once upon a time", llm.MaxTokens(6), llm.Temperature(0)) {
		fmt.Print(ev.Text)
		if err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(".")
}
`

// TestIsolatedFromOutside: a program outside of the repository is its own worker when
// it calls WorkerMain, uses another program when it names one, and is told what to do
// when it does neither.
func TestIsolatedFromOutside(t *testing.T) {
	here, err := llm.Open(testmodel.SmolLM2(t), llm.ContextSize(256), llm.Threads(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	want := ""
	for ev, err := range here.Generate(context.Background(), "Once upon a time", llm.MaxTokens(6), llm.Temperature(0)) {
		if err != nil {
			t.Fatal(err)
		}
		want += ev.Text
	}
	// The installed command is built anew, to be of the archive of today.
	command := filepath.Join(t.TempDir(), "llm")
	if out, err := exec.Command("go", "build", "-o", command, "./cmd/llm").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, c := range []struct{ begin, program, want string }{
		{"if llm.WorkerMain() { return }", "", want + "."},
		{"", command, want + "."},
		{"", "", "calls llm.WorkerMain at the beginning of its main"},
		{"", "/bin/false", "/bin/false is not a worker"},
	} {
		dir, root := outside(t, strings.Replace(isolatedProgram, "BEGIN", c.begin, 1))
		out, err := runIn(dir, "go mod init example.com/try && go mod edit -require github.com/seed-f87006eb/llm@v0.0.0 -replace github.com/seed-f87006eb/llm="+root+
			" && go mod tidy && go run . "+testmodel.SmolLM2(t)+" '"+c.program+"'")
		if err != nil || !strings.Contains(out, c.want) {
			t.Errorf("%q, %q: %v: %s", c.begin, c.program, err, out)
		}
	}
}

// TestIsolatedWithoutWorkerMain: this test program does not call it.
func TestIsolatedWithoutWorkerMain(t *testing.T) {
	if m, err := llm.Open(testmodel.SmolLM2(t), llm.Isolated()); err == nil || !strings.Contains(err.Error(), "llm.WorkerMain") {
		t.Errorf("%v, %v", m, err)
	}
}

// TestIsolatedOptionsAndMemoryLimit reach the child.
func TestIsolatedOptionsAndMemoryLimit(t *testing.T) {
	command := filepath.Join(testmodel.Root(), "bin", "llm")
	var progress []float32
	m, err := llm.Open(testmodel.SmolLM2(t), llm.WorkerProgram(command), llm.ContextSize(512), llm.BatchSize(128, 64), llm.Threads(1, 2),
		llm.KVCache("q8_0", "q8_0"), llm.NoMmap(), llm.MemoryLimit(1<<30), llm.Progress(func(f float32) { progress = append(progress, f) }))
	if errors.Is(err, llm.ErrUnsupported) {
		t.Logf("no memory limit on this system: %v", err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	i := m.Info()
	if i.Context.ContextSeq != 512 || i.Context.Batch != 128 || i.Context.Ubatch != 64 || i.Threads != 1 || i.ThreadsBatch != 2 || len(progress) == 0 {
		t.Errorf("%+v, progress %v", i, progress)
	}
	if _, err := llm.Open(filepath.Join(t.TempDir(), "none.gguf"), llm.WorkerProgram(command)); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := llm.Open(testmodel.SmolLM2(t), llm.WorkerProgram(command), llm.MemoryLimit(1<<20)); err == nil || !strings.Contains(err.Error(), "the memory limit is 1 MiB") {
		t.Errorf("a megabyte is enough: %v", err)
	}
}
