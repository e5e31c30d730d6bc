package llm_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// TestReadmeProgram builds the program of the README in a module of its own, outside
// of the repository, with the README's commands, and runs it.
func TestReadmeProgram(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	program := between(t, string(readme), "```go\n", "```")
	commands := between(t, string(readme), "```sh\ngo mod init", "```")
	dir, root := outside(t, program)
	if err := os.Symlink(testmodel.SmolLM2(t), filepath.Join(dir, "model.gguf")); err != nil {
		t.Fatal(err)
	}
	script := strings.ReplaceAll("go mod init"+commands, "=../llm", "="+root)
	out, err := runIn(dir, script)
	if err != nil || len(out) < 20 {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestCancelFromOutside cancels in the middle of a long prompt, from a program
// outside of the repository, and measures there how long it takes.
func TestCancelFromOutside(t *testing.T) {
	dir, root := outside(t, cancelProgram)
	out, err := runIn(dir, "go mod init example.com/try && go mod edit -require github.com/seed-f87006eb/llm@v0.0.0 -replace github.com/seed-f87006eb/llm="+root+
		" && go mod tidy && go run . "+testmodel.SmolLM2(t))
	if err != nil || !strings.Contains(out, "cancelled in time") {
		t.Fatalf("%v: %s", err, out)
	}
}

const cancelProgram = `package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/seed-f87006eb/llm"
)

func main() {
	m, err := llm.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	defer m.Close()
	ctx, cancel := context.WithCancel(context.Background())
	var at time.Time
	time.AfterFunc(200*time.Millisecond, func() { at = time.Now(); cancel() })
	var last error
	for _, err := range m.Generate(ctx, strings.Repeat("All work and no play makes Jack a dull boy. ", 300)) {
		last = err
	}
	if took := time.Since(at); errors.Is(last, context.Canceled) && took < 200*time.Millisecond {
		fmt.Println("cancelled in time")
	} else {
		fmt.Println(last, took)
	}
}
`

// outside puts a program into a folder of its own and says where the repository is.
func outside(t *testing.T, program string) (dir, root string) {
	t.Helper()
	dir = t.TempDir()
	root, err := filepath.Abs(testmodel.Root())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, root
}

func runIn(dir, script string) (string, error) {
	c := exec.Command("sh", "-euc", script)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := c.CombinedOutput()
	return string(out), err
}

func between(t *testing.T, text, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, from)
	part, _, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatalf("there is no %q … %q", from, to)
	}
	return part
}

func TestOptions(t *testing.T) {
	var progress []float32
	m, err := llm.Open(testmodel.SmolLM2(t), llm.ContextSize(512), llm.BatchSize(128, 64), llm.Threads(1, 2), llm.GPULayers(0),
		llm.KVCache("q8_0", "q8_0"), llm.FlashAttention(true), llm.NoMmap(), llm.Progress(func(f float32) { progress = append(progress, f) }))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	i := m.Info()
	if i.Context.ContextSeq != 512 || i.Context.Batch != 128 || i.Context.Ubatch != 64 || i.Threads != 1 || i.ThreadsBatch != 2 || len(progress) == 0 {
		t.Errorf("%+v, progress %v", i, progress)
	}
	reply := func(options ...llm.RequestOption) (text string, stop llm.Stop) {
		for ev, err := range m.Chat(context.Background(), []llm.Message{llm.System("Be brief."), llm.User("Count to three.")}, options...) {
			if err != nil {
				t.Fatal(err)
			}
			text += ev.Text
			if ev.Stop != nil {
				stop = *ev.Stop
			}
		}
		return text, stop
	}
	all, _ := reply(llm.Temperature(0), llm.MaxTokens(16))
	if again, _ := reply(llm.Temperature(0), llm.MaxTokens(16), llm.NoReuse()); again != all {
		t.Errorf("%q, and %q without reuse", all, again)
	}
	if text, stop := reply(llm.Temperature(0), llm.MaxTokens(4), llm.Seed(1)); stop.Reason != llm.StopLength || !strings.HasPrefix(all, text) {
		t.Errorf("%q, stop %v", text, &stop)
	}
	if _, stop := reply(llm.Temperature(0), llm.StopAt(all[3:6])); stop.Reason != llm.StopSequence {
		t.Errorf("stop %v", &stop)
	}
	if text, _ := reply(llm.Sample(func(s *llm.Sampling) { s.Temperature, s.RepeatPenalty = 0, 1.9 }), llm.MaxTokens(16), llm.IgnoreEOG(), llm.NoThinking()); text == all {
		t.Errorf("a repeat penalty changes nothing: %q", text)
	}
	if _, err := llm.Open(testmodel.SmolLM2(t), llm.KVCache("q3_k", "f16")); err == nil || !strings.Contains(err.Error(), "q3_k") {
		t.Errorf("an unknown KV type: %v", err)
	}
	if _, err := llm.Open(testmodel.SmolLM2(t), llm.ChatTemplate("{% for %}")); err == nil {
		t.Error("a broken template")
	}
}

// TestRequestWithTools: the model is too small to call a tool, whose events package
// llama tests on written replies; here the request must be taken and answered.
func TestRequestWithTools(t *testing.T) {
	m, err := llm.Open(testmodel.SmolLM2(t), llm.ContextSize(1024), llm.ChatTemplate(testmodel.Template(t, "Qwen-Qwen2.5-7B-Instruct")))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	tool := llm.Tool{Name: "weather", Description: "The weather of a city", Parameters: []byte(`{"type":"object","properties":{"city":{"type":"string"}}}`)}
	var text strings.Builder
	for ev, err := range m.Chat(context.Background(), []llm.Message{llm.User("What is the weather in Paris?")}, llm.Tools(tool), llm.Temperature(0), llm.MaxTokens(32)) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(&text, ev.Text)
		if ev.ToolCall != nil {
			fmt.Fprint(&text, ev.ToolCall.Name, ev.ToolCall.Arguments)
		}
	}
	if text.Len() == 0 {
		t.Error("a request with tools has no answer")
	}
}
