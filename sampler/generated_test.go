package sampler_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestKernelsAreGenerated: neither the kernels nor what writes them was changed since the
// last go generate in kernelgen, which notes the hashes of both.
func TestKernelsAreGenerated(t *testing.T) {
	noted, err := os.ReadFile("testdata/kernels.sha256")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(noted)), "\n")
	if len(lines) < 3 {
		t.Fatalf("%d hashes", len(lines))
	}
	for _, line := range lines {
		sum, path, _ := strings.Cut(line, "  ")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(text)); got != sum {
			t.Errorf("%s was changed: run go generate in sampler/kernelgen", path)
		}
	}
}
