//go:build gpu

package gpu

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var root, _ = filepath.Abs(filepath.Join("..", ".."))

// program is the one under test.
func program() string {
	if path := os.Getenv("LLM"); path != "" {
		return path
	}
	return filepath.Join(root, "bin", "llm-modules")
}

// model is the one that the answers are compared with.
func model() string {
	if path := os.Getenv("MODEL"); path != "" {
		return path
	}
	return filepath.Join(root, "models", "SmolLM2-135M-Instruct.Q4_1.gguf")
}

// call runs the program; it fails only where the program did not run at all.
func call(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	c := exec.Command(program(), args...)
	c.Env = append(os.Environ(), env...)
	var out, err bytes.Buffer
	c.Stdout, c.Stderr = &out, &err
	if runErr := c.Run(); c.ProcessState == nil {
		t.Fatal(runErr)
	}
	return out.String(), err.String(), c.ProcessState.ExitCode()
}

// device is a row of llm devices --json.
type device struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Type        string `json:"type"`
	MemoryFree  uint64 `json:"memory_free"`
	MemoryTotal uint64 `json:"memory_total"`
}

// gpus are the devices that are not the CPU. There is nothing to test without one.
func gpus(t *testing.T) []device {
	t.Helper()
	out, stderr, code := call(t, nil, "devices", "--json")
	var all, found []device
	if err := json.Unmarshal([]byte(out), &all); err != nil || code != 0 {
		t.Fatalf("llm devices: %d, %v: %s%s", code, err, out, stderr)
	}
	for _, d := range all {
		if strings.Contains(d.Type, "GPU") {
			found = append(found, d)
		}
	}
	if len(found) == 0 {
		text, _, _ := call(t, nil, "devices")
		t.Fatalf("no GPU device:\n%s", text)
	}
	return found
}

// answer is what llm run --json said.
type answer struct {
	text   string
	tokens []token
	layers map[string]int // by device
	stderr string
	took   time.Duration
}

type token struct {
	Text    string  `json:"text"`
	ID      int     `json:"id"`
	Logprob float64 `json:"logprob"`
	Top     []token `json:"top"`
}

const (
	prompt   = "1, 2, 3, 4, 5, 6, 7, 8," // how it goes on is not near a tie
	nTokens  = "16"
	nLogprob = "20"
)

// ask generates greedily.
func ask(t *testing.T, args ...string) answer {
	t.Helper()
	begin := time.Now()
	out, stderr, code := call(t, nil, append([]string{"run", model(), "--json", "--logprobs", nLogprob, "--temp", "0", "-n", nTokens, "-c", "512", "--no-chat", "-p", prompt}, args...)...)
	if code != 0 {
		t.Fatalf("llm run %s: exit %d: %s%s", strings.Join(args, " "), code, out, stderr)
	}
	a := answer{layers: map[string]int{}, stderr: stderr, took: time.Since(begin)}
	lines := bufio.NewScanner(strings.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event struct {
			token
			Event   string `json:"event"`
			Devices []struct {
				Device string `json:"device"`
				Layers int    `json:"layers"`
			} `json:"devices"`
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			t.Fatalf("%v: %s", err, lines.Text())
		}
		switch event.Event {
		case "model":
			for _, d := range event.Devices {
				a.layers[d.Device] += d.Layers
			}
		case "text":
			a.text += event.Text
		case "token":
			a.tokens = append(a.tokens, event.token)
		}
	}
	return a
}
