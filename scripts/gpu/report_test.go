//go:build gpu

package gpu

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// lines are those of the report.
var lines []string

func report(line string) { lines = append(lines, line) }

// TestMain prints the report after the tests, whatever became of them.
func TestMain(m *testing.M) {
	begin := time.Now()
	code := m.Run()
	result := "all passed"
	if code != 0 {
		result = "FAILED, see above"
	}
	version, err := exec.Command(program(), "version").CombinedOutput()
	if err != nil {
		version = append(version, err.Error()...)
	}
	fmt.Printf("\n---- report of make test-gpu: %s, %.0f s ----\n%s\n", result, time.Since(begin).Seconds(), indent(string(version)))
	for _, line := range lines {
		fmt.Println("* " + strings.ReplaceAll(line, "\n", "\n  "))
	}
	fmt.Println("---- end of the report ----")
	os.Exit(code)
}
