package testplan

import (
	"fmt"
	"slices"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/plan"
)

// Setting is where models are planned to run.
type Setting struct {
	Name    string
	Devices []plan.Device
	Outputs plan.Outputs
}

// Settings are the CPU alone, and everything on one card with CUDA's rules and room for all,
// each with both reservations of outputs.
func Settings() []Setting {
	card := []plan.Device{{Name: "GPU", Backend: "cuda", Total: 1 << 40, Free: 1 << 40, ComputeCapability: 89}}
	return []Setting{
		{"CPU, default outputs", nil, plan.OutputsDefault},
		{"CPU, server outputs", nil, plan.OutputsServer},
		{"GPU, default outputs", card, plan.OutputsDefault},
		{"GPU, server outputs", card, plan.OutputsServer},
	}
}

// Cell is what is asked of each file.
type Cell struct {
	Setting   Setting
	Context   int // over all sequences
	KV        gguf.TensorType
	Sequences int
}

// Cells are all that are asked of a file, those of a setting one after the other.
func Cells() (cells []Cell) {
	for _, s := range Settings() {
		for _, context := range []int{4096, 32768, 131072} {
			for _, kv := range []gguf.TensorType{gguf.F16, gguf.Q8_0, gguf.Q4_0} {
				for _, sequences := range []int{1, 4} {
					cells = append(cells, Cell{s, context, kv, sequences})
				}
			}
		}
	}
	return cells
}

// Request is the cell as planners take it. Weights are not rearranged for the CPU: which are
// depends on the CPU of whoever measures.
func (c Cell) Request() plan.Request {
	r := plan.DefaultRequest()
	r.Context, r.Sequences, r.Outputs = c.Context, c.Sequences, c.Setting.Outputs
	r.KeyType, r.ValueType = c.KV, c.KV
	r.NoRepack = true
	return r
}

// Row is a cell of a file.
type Row struct {
	File File
	Cell Cell
}

func (r Row) String() string {
	return fmt.Sprintf("%s %s, %d tokens, %v, %d sequences, %s", r.File.Name, r.File.Type, r.Cell.Context, r.Cell.KV, r.Cell.Sequences, r.Cell.Setting.Name)
}

// Rows are all cells of the files, those of a file one after the other.
func Rows(files []File) []Row {
	rows := make([]Row, 0, len(files)*len(Cells()))
	for _, f := range files {
		for _, c := range Cells() {
			rows = append(rows, Row{f, c})
		}
	}
	return rows
}

// Sample is n of the rows or all, in their order: always the same ones, with as many of each
// setting as can be.
func Sample(rows []Row, n int) []Row {
	if n >= len(rows) {
		return rows
	}
	// Steps of the golden ratio meet neither the files nor the cells at regular places.
	taken := map[int]bool{}
	for step := 0; len(taken) < n; step++ {
		taken[int(uint64(step)*11400714819323198485>>32)*len(rows)>>32] = true
	}
	var sample []Row
	for i, r := range rows {
		if taken[i] {
			sample = append(sample, r)
		}
	}
	return slices.Clip(sample)
}
