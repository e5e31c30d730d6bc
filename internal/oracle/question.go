package oracle

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// question is a request in the engine's words.
type question struct {
	devices []plan.Device
	names   []string // of the devices, as the engine calls them
	request *plan.Request
	model   llama.ModelParams
	context llama.ContextParams
}

func newQuestion(devices []plan.Device, r *plan.Request) (*question, error) {
	q := &question{devices: devices, request: r}
	if err := q.nameDevices(); err != nil {
		return nil, err
	}
	if err := q.setModel(); err != nil {
		return nil, err
	}
	return q, q.setContext()
}

// nameDevices finds names that the engine takes, all of them different: by the name of a
// buffer it is known again.
func (q *question) nameDevices() error {
	seen := map[string]bool{"cpu": true, llama.NoDevice: true, "": true}
	for i, d := range q.devices {
		if (d.Backend == "") != (q.devices[0].Backend == "") {
			return fmt.Errorf("plan for devices: %s and %s: devices that are here and described ones cannot be mixed", q.devices[0].Name, d.Name)
		}
		name := d.Name
		if d.Backend != "" {
			for len(name) > longestName {
				_, size := utf8.DecodeLastRuneInString(name)
				name = name[:len(name)-size]
			}
			if seen[strings.ToLower(name)] {
				name = fmt.Sprintf("%s (%d)", name, i)
			}
		}
		seen[strings.ToLower(name)] = true
		q.names = append(q.names, name)
	}
	return nil
}

// longestName is short enough for a number behind it: the engine takes 63 bytes.
const longestName = 50

// here tells that the devices are this machine's.
func (q *question) here() bool { return len(q.devices) > 0 && q.devices[0].Backend == "" }

func (q *question) setModel() (err error) {
	r, p := q.request, llama.DefaultModelParams()
	p.GPULayers = r.GPULayers
	p.Placement.MainGPU, p.Placement.TensorSplit = r.MainGPU, r.TensorSplit
	p.Placement.NoHost, p.Placement.Repack = r.NoHost, !r.NoRepack
	if r.SplitMode != "" {
		if p.Placement.SplitMode, err = llama.ParseSplitMode(r.SplitMode); err != nil {
			return impossible("%s", err)
		}
	}
	for _, o := range r.Overrides {
		p.Placement.Overrides = append(p.Placement.Overrides, llama.Override{Pattern: o.Pattern, Buffer: q.buffer(o.Buffer)})
	}
	if q.here() {
		p.Placement.Devices = q.names
	} else {
		p.Described = q.described()
	}
	q.model = p
	return nil
}

// described are the devices with the rules of their backends; none: the CPU alone.
func (q *question) described() []llama.Described {
	all := []llama.Described{}
	for i, d := range q.devices {
		rules := plan.RulesOf(d)
		all = append(all, llama.Described{
			Name: q.names[i], Description: d.Name, Backend: d.Backend, Total: d.Total, Free: d.Free,
			Alignment: rules.Alignment, HostAlignment: rules.HostAlignment, MaxBuffer: rules.MaxBuffer, MaxTensor: rules.MaxTensor,
			RowPadding: rules.RowPadding, HostBuffer: rules.HostBuffer, Async: rules.Async, Events: rules.Events, Unified: rules.Unified,
			ComputeCapability: d.ComputeCapability,
		})
	}
	return all
}

// buffer is the engine's name for where an override goes: of devices of the same name, the
// first.
func (q *question) buffer(name string) string {
	for i, d := range q.devices {
		if d.Name == name {
			return q.names[i]
		}
	}
	return name
}

func (q *question) setContext() error {
	r, p := q.request, llama.DefaultContextParams()
	for what, n := range map[string]int{"context": r.Context, "sequences": r.Sequences, "batch": r.Batch, "ubatch": r.Ubatch} {
		if n < 0 || n > math.MaxInt32 {
			return impossible("%s of %d: it is from 1 to %d", what, n, math.MaxInt32)
		}
	}
	def := plan.DefaultRequest()
	p.Context = r.Context
	p.Sequences = orDefault(r.Sequences, def.Sequences)
	p.Batch = orDefault(r.Batch, def.Batch)
	p.Ubatch = orDefault(r.Ubatch, def.Ubatch)
	if r.Outputs == plan.OutputsServer {
		p.Outputs = p.Sequences
	}
	p.Threads, p.ThreadsBatch = 1, 1 // nothing is computed
	p.KeyType, p.ValueType = llama.KVType(r.KeyType), llama.KVType(r.ValueType)
	p.FlashAttention = llama.FlashAttention(r.FlashAttention)
	p.Embeddings = r.Embeddings
	p.OffloadKQV, p.OpOffload = !r.NoKVOffload, !r.NoOpOffload
	p.FullSWA, p.UnifiedKV = r.FullWindow, r.Unified
	for _, t := range []gguf.TensorType{r.KeyType, r.ValueType} {
		if known, err := llama.ParseKVType(strings.ToLower(t.String())); err != nil || known != llama.KVType(t) {
			return impossible("no KV cache is of type %v; use one of %v", t, llama.KVTypes)
		}
	}
	q.context = p
	return nil
}

func orDefault(n, def int) int {
	if n == 0 {
		return def
	}
	return n
}
