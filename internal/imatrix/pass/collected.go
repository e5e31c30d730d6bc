package pass

import (
	"github.com/seed-f87006eb/llm/internal/imatrix"
	"github.com/seed-f87006eb/llm/llama"
)

func fromCollected(entries []llama.Collected, chunk int) *imatrix.Matrix {
	m := imatrix.New(chunk)
	for _, e := range entries {
		m.Entries[e.Name] = &imatrix.Entry{Sums: e.Sums, Counts: e.Counts}
	}
	return m
}

func toCollected(m *imatrix.Matrix) []llama.Collected {
	var entries []llama.Collected
	for _, name := range m.Names() {
		e := m.Entries[name]
		entries = append(entries, llama.Collected{Name: name, Sums: e.Sums, Counts: e.Counts})
	}
	return entries
}
