package quant

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/golden"
)

// tables are what docs/quant.md has of the types.
func tables() (files, tensors string) {
	var b strings.Builder
	b.WriteString("| file type | aliases | most tensors | bits | matrix | |\n|---|---|---|---|---|---|\n")
	for _, row := range FileTypes() {
		matrix := ""
		if NeedsImatrix(row.Number) {
			matrix = "needed"
		}
		what := row.Description
		if row.Caveat != "" {
			what += "; " + row.Caveat
		}
		fmt.Fprintf(&b, "| %s | %s | %v | %s | %s | %s |\n", row.Name, strings.Join(row.Aliases, ", "), row.Most, short(BitsPerWeight(row.Most)), matrix, what)
	}
	files = b.String()
	b.Reset()
	b.WriteString("| type | weights | bytes | bits | |\n|---|---|---|---|---|\n")
	for _, row := range TensorTypes() {
		numbers, bytes := row.Block()
		fmt.Fprintf(&b, "| %v | %d | %d | %s | %s |\n", row, numbers, bytes, short(BitsPerWeight(row.TensorType)), row.Description)
	}
	return files, b.String()
}

func short(n float64) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.4f", n), "0"), ".")
}

// TestPage: docs/quant.md has the types as they are here; -update rewrites its tables.
func TestPage(t *testing.T) {
	const path = "../docs/quant.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	files, tensors := tables()
	for _, table := range []string{files, tensors} {
		if strings.Contains(page, table) {
			continue
		}
		head, _, _ := strings.Cut(table, "\n")
		before, rest, found := strings.Cut(page, head+"\n")
		if !found || !golden.Update() {
			t.Errorf("%s has another table of types: go test -update", path)
			continue
		}
		_, after, _ := strings.Cut(rest, "\n\n")
		page = before + table + "\n" + after
	}
	if golden.Update() {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
