package plan

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// Model is what is known of a model from its header.
type Model struct {
	Hyper   *gguf.Hyper
	Tensors []gguf.Tensor
}

// Speed is how many tokens a second are generated at most: the bytes that are read for one,
// divided by the bandwidth of the memories that they are in, one after the other. It is a
// bound and no measurement: nothing is said of how near to it a device comes.
type Speed struct {
	Empty float64 // with nothing in the context
	Full  float64 // with a full one
}

// Speed of one sequence with this placement, as it was measured. hostBandwidth is of the
// host's memory in bytes a second. False: a bandwidth that matters is not known.
func (m *Model) Speed(devices []Device, hostBandwidth uint64, r Request, memory *Memory) (Speed, bool) {
	read := m.read(r, memory, len(devices))
	sequences := uint64(max(r.Sequences, 1))
	var empty, full float64
	for i := -1; i < len(devices); i++ {
		weights, bandwidth, kv := read[i+1], hostBandwidth, memory.Host.KV
		if i >= 0 {
			bandwidth, kv = devices[i].Bandwidth, memory.Devices[i].KV
		}
		switch {
		case weights+kv == 0:
			continue
		case bandwidth == 0:
			return Speed{}, false
		}
		empty += float64(weights) / float64(bandwidth)
		full += float64(weights+kv/sequences) / float64(bandwidth)
	}
	if empty == 0 {
		return Speed{}, false
	}
	return Speed{1 / empty, 1 / full}, true
}

// read is how many bytes of weights are read for a token: of the host, then of each device.
func (m *Model) read(r Request, memory *Memory, devices int) []uint64 {
	read, placed := make([]uint64, devices+1), make([]uint64, devices+1)
	if len(memory.Layers) == 0 {
		return read
	}
	moved := overridden(r.Overrides)
	output := memory.Layers[len(memory.Layers)-1]
	tied := true
	for _, t := range m.Tensors {
		if t.Name == "output.weight" {
			tied = false
		}
	}
	for _, t := range m.Tensors {
		size, ok := t.Size()
		if !ok {
			continue
		}
		where := -1
		layer, part := numberOf(t.Name)
		switch {
		case part == "enc": // is computed once
			continue
		case layer >= m.Hyper.Main() && part == "blk": // predicts further ahead
			continue
		case layer >= 0 && layer < len(memory.Layers):
			where = memory.Layers[layer]
		case strings.HasPrefix(t.Name, "output"):
			where = output
		case t.Name == "token_embd.weight" && tied:
			where = output
		default: // a row of a table, or what is read before
			continue
		}
		if where >= devices || where >= 0 && moved(t.Name) {
			where = -1
		}
		read[where+1] += uint64(m.Hyper.Active(t.Name, size))
		placed[where+1] += uint64(size)
	}
	// Weights that a device cannot compute with stay on the host, whatever their layer.
	for i := range memory.Devices {
		if is, all := memory.Devices[i].Weights, placed[i+1]; is < all {
			away := uint64(float64(read[i+1]) * (1 - float64(is)/float64(all)))
			read[i+1] -= away
			read[0] += away
		}
	}
	return read
}

// numberOf is the number of a tensor's layer and what it is of: blk, enc or dec; -1: of none.
func numberOf(name string) (layer int, part string) {
	rest := name
	part = "blk"
	for _, side := range []string{"enc", "dec"} {
		if after, ok := strings.CutPrefix(name, side+"."); ok {
			rest, part = after, side
		}
	}
	rest, ok := strings.CutPrefix(rest, "blk.")
	number, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(number)
	if !ok || err != nil {
		return -1, part
	}
	return n, part
}

// overridden tells which tensors overrides move to the host. Patterns that Go's regular
// expressions do not have (the engine's are ECMAScript's) move none.
func overridden(overrides []Override) func(name string) bool {
	type rule struct {
		pattern *regexp.Regexp
		host    bool
	}
	var rules []rule
	for _, o := range overrides {
		if pattern, err := regexp.Compile(o.Pattern); err == nil {
			rules = append(rules, rule{pattern, o.Buffer == "CPU"})
		}
	}
	return func(name string) bool {
		for _, r := range rules {
			if r.pattern.MatchString(name) {
				return r.host
			}
		}
		return false
	}
}
