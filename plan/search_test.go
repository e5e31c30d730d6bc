package plan_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/golden"
	"github.com/seed-f87006eb/llm/plan"
)

// made is a model of equal layers, measured by a formula: what a search is tested with.
type made struct {
	layers, trained     int
	dense, experts      uint64                           // of a layer
	output              uint64                           // of its weights, which are the last layer
	kv                  uint64                           // of a token and a layer, f16
	compute             func(context, device int) uint64 // of a device with layers
	partial             uint64                           // more of it on the first device when some weights are on the host
	refuses             gguf.TensorType
	asked               int
	contexts            []int
	alwaysRefused, fail bool
}

func (m *made) model() *plan.Model {
	h := &gguf.Hyper{Architecture: "made", Context: m.trained, Layers: make([]gguf.Layer, m.layers)}
	model := &plan.Model{Hyper: h}
	add := func(name string, size uint64) {
		if size > 0 {
			model.Tensors = append(model.Tensors, gguf.Tensor{Name: name, Type: gguf.I8, Dims: []uint64{size}})
		}
	}
	if m.experts > 0 {
		h.Experts.Count = 8
	}
	for i := range m.layers {
		h.Layers[i].ExpertsUsed = 2
		add(fmt.Sprintf("blk.%d.attn_q.weight", i), m.dense)
		add(fmt.Sprintf("blk.%d.ffn_up_exps.weight", i), m.experts)
	}
	add("output.weight", m.output)
	return model
}

// Measure places layers as the engine does.
func (m *made) Measure(_ context.Context, devices []plan.Device, r plan.Request) (*plan.Memory, error) {
	m.asked++
	if m.fail {
		return nil, errors.New("the child crashed")
	}
	if m.alwaysRefused || m.refuses != 0 && r.KeyType == m.refuses {
		return nil, &plan.Impossible{Reason: "its head size is no multiple of the block"}
	}
	memory := &plan.Memory{Devices: make([]plan.Use, len(devices)), Context: (r.Context + 255) &^ 255}
	all := m.layers + 1
	n := r.GPULayers
	if n < 0 || n > all {
		n = all
	}
	shares := make([]float32, len(devices))
	var sum float32
	for i, d := range devices {
		share := float32(d.Free)
		if r.TensorSplit != nil {
			share = r.TensorSplit[i]
		}
		sum += share
		shares[i] = sum
	}
	onHost := 0
	for _, o := range r.Overrides {
		onHost = strings.Count(o.Pattern, "|") - 3
		if !strings.HasPrefix(o.Pattern, "blk") {
			onHost = m.layers
		}
	}
	for layer := range all {
		device := -1
		if layer >= all-n && len(devices) > 0 {
			at := float32(layer-(all-n)) / float32(n)
			for device = 0; shares[device]/sum <= at; device++ {
			}
		}
		memory.Layers = append(memory.Layers, device)
		use, experts := &memory.Host, &memory.Host
		if device >= 0 {
			use = &memory.Devices[device]
			if layer >= onHost {
				experts = use
			}
		}
		if layer == m.layers {
			use.Weights += m.output
			continue
		}
		use.Weights += m.dense
		experts.Weights += m.experts
		kv := m.kv * uint64(memory.Context)
		if r.KeyType == gguf.Q8_0 {
			kv = kv * 34 / 64
		}
		use.KV += kv
	}
	for i := range memory.Devices {
		if memory.Devices[i].Total() > 0 {
			memory.Devices[i].Compute = m.compute(memory.Context, i)
		}
	}
	if len(devices) > 0 && memory.Host.Weights > 0 {
		memory.Devices[0].Compute += m.partial
	}
	return memory, nil
}

func flat(bytes uint64) func(int, int) uint64 { return func(int, int) uint64 { return bytes } }

func dense70B() *made {
	return &made{layers: 80, trained: 131072, dense: 520e6, output: 860e6, kv: 4096, compute: flat(300e6), partial: 200e6}
}

func devices(t *testing.T, text string) []plan.Device {
	t.Helper()
	if text == "" {
		return nil
	}
	d, err := plan.ParseDevices(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// searched are cases with what is changed of the wishes.
var searched = []struct {
	name    string
	devices string
	exact   func() *made
	guess   func(*made) // how the guess differs
	wishes  func(*plan.Wishes)
}{
	{"an 8B on 8 GiB: the context that fits", "8GiB", func() *made {
		return &made{layers: 32, trained: 131072, dense: 135e6, output: 430e6, kv: 4096, compute: func(c, _ int) uint64 { return 260e6 + uint64(c)*2000 }}
	}, func(m *made) { m.compute = flat(200e6) }, nil},
	{"an 8B on 24 GiB: as trained", "rtx4090", func() *made {
		return &made{layers: 32, trained: 32768, dense: 135e6, output: 430e6, kv: 4096, compute: flat(260e6)}
	}, nil, nil},
	{"a 70B on 24 GiB: layers", "rtx4090", dense70B, func(m *made) { m.compute, m.partial = flat(100e6), 0 }, nil},
	{"a 70B on three cards: another split", "24GiB+12GiB+8GiB", dense70B, func(m *made) { m.compute = flat(100e6) }, nil},
	{"two cards on which the engine's split does not fit", "2x24GiB", func() *made {
		m := dense70B()
		m.compute = func(_, device int) uint64 { return []uint64{400e6, 2600e6}[device] }
		return m
	}, nil, nil},
	{"a mixture on 24 GiB: experts on the host", "rtx4090", func() *made {
		return &made{layers: 36, trained: 131072, dense: 60e6, experts: 1600e6, output: 600e6, kv: 2048, compute: flat(700e6)}
	}, func(m *made) { m.compute = flat(400e6) }, nil},
	{"a mixture on 2 GiB: experts on the host, and layers", "2GiB", func() *made {
		return &made{layers: 36, trained: 131072, dense: 60e6, experts: 1600e6, output: 600e6, kv: 2048, compute: flat(500e6)}
	}, nil, func(w *plan.Wishes) { w.Headroom = 256 << 20 }},
	{"the host alone, with a limit", "", func() *made {
		return &made{layers: 32, trained: 131072, dense: 135e6, output: 430e6, kv: 4096, compute: flat(0)}
	}, nil, func(w *plan.Wishes) { w.HostMemory = 8 << 30 }},
	{"a card too small for any help", "1GiB", dense70B, nil, func(w *plan.Wishes) { w.Headroom = 700 << 20 }},
	{"a KV type that has all on the card", "8GiB", func() *made {
		return &made{layers: 32, trained: 131072, dense: 135e6, output: 430e6, kv: 4096, compute: flat(260e6)}
	}, nil, func(w *plan.Wishes) { w.Context = 32768; w.KVTypes = []gguf.TensorType{gguf.F16, gguf.Q8_0} }},
	{"a KV type that is refused", "24GiB", func() *made { m := dense70B(); m.refuses = gguf.F16; return m },
		nil, func(w *plan.Wishes) { w.KVTypes = []gguf.TensorType{gguf.F16, gguf.Q8_0} }},
	{"compute that falls where the context grows", "8GiB", func() *made {
		return &made{layers: 32, trained: 131072, dense: 135e6, output: 430e6, kv: 4096,
			compute: func(c, _ int) uint64 { return 300e6 + uint64(c/256%7)*90e6 }}
	}, func(m *made) { m.compute = flat(0) }, nil},
	{"a guess that knows nothing", "24GiB", dense70B, func(m *made) { m.dense, m.kv, m.output, m.partial, m.compute = 0, 0, 0, 0, flat(0) }, nil},
	{"longer than trained", "48GiB", dense70B, nil, func(w *plan.Wishes) { w.Context = 200000 }},
	{"nothing fits: the host", "24GiB", dense70B, nil, func(w *plan.Wishes) { w.HostMemory = 16 << 30 }},
	{"nothing fits: the context", "8GiB", func() *made {
		return &made{layers: 32, trained: 131072, dense: 135e6, output: 430e6, kv: 4096, compute: flat(260e6)}
	}, nil, func(w *plan.Wishes) { w.Context, w.Request.GPULayers, w.FixedLayers = 65536, -1, true }},
	{"nothing is fast enough", "rtx4090", dense70B, nil, func(w *plan.Wishes) { w.MinSpeed, w.HostBandwidth = 30, 51e9 }},
	{"unified memory", "m1:8GiB", func() *made {
		return &made{layers: 32, trained: 8192, dense: 95e6, output: 430e6, kv: 4096, compute: flat(260e6)}
	}, nil, nil},
	{"refused", "24GiB", func() *made { m := dense70B(); m.alwaysRefused = true; return m }, nil, nil},
}

// TestSearch holds what is chosen, why, and what was measured for it, to its record.
func TestSearch(t *testing.T) {
	var b strings.Builder
	for _, c := range searched {
		exact, guess := c.exact(), c.exact()
		guess.refuses, guess.alwaysRefused = 0, false
		if c.guess != nil {
			c.guess(guess)
		}
		w := plan.Wishes{Devices: devices(t, c.devices), Request: plan.DefaultRequest(), Headroom: plan.DefaultHeadroom}
		if c.wishes != nil {
			c.wishes(&w)
		}
		choice, err := plan.Search(context.Background(), exact, guess, exact.model(), w)
		fmt.Fprintf(&b, "# %s\n", c.name)
		writeChoice(&b, choice, err)
		fmt.Fprintf(&b, "measured %d, guessed %d\n\n", exact.asked, guess.asked)
		if choice != nil {
			check(t, c.name, exact, w, choice)
		}
		if exact.asked > 40 || guess.asked > 6000 {
			t.Errorf("%s: %d measurements, %d guesses", c.name, exact.asked, guess.asked)
		}
	}
	golden.Compare(t, "search.txt", b.String())
}

func writeChoice(b *strings.Builder, c *plan.Choice, err error) {
	var tried []plan.Trial
	var nothing *plan.NothingFits
	if errors.As(err, &nothing) {
		tried = nothing.Nearest.Tried
	}
	if err != nil {
		fmt.Fprintf(b, "error: %v\n", err)
	}
	if c != nil {
		tried = c.Tried
		r := c.Request
		fmt.Fprintf(b, "-c %d -ctk %s -ngl %d -ts %v, experts of %d layers on the host\n", r.Context, r.KeyType, r.GPULayers, r.TensorSplit, c.ExpertLayers)
		for i, u := range c.Memory.Devices {
			fmt.Fprintf(b, "%s: %d of %d MiB\n", c.Devices[i].Name, u.Total()>>20, c.Devices[i].Free>>20)
		}
		fmt.Fprintf(b, "host: %d MiB\n", c.Memory.Host.Total()>>20)
		if c.Speed != nil {
			fmt.Fprintf(b, "tokens/s: %.1f to %.1f\n", c.Speed.Full, c.Speed.Empty)
		}
		for _, reason := range c.Reasons {
			fmt.Fprintf(b, "because %s\n", reason)
		}
	}
	for _, trial := range tried {
		fmt.Fprintf(b, "tried %s: %v %s\n", trial.What, trial.Fits, trial.Refused)
	}
}

// check: what was chosen fits by the exact measurer, and the next better does not.
func check(t *testing.T, name string, exact *made, w plan.Wishes, c *plan.Choice) {
	t.Helper()
	memory, err := exact.Measure(context.Background(), c.Devices, c.Request)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	exact.asked--
	for i, d := range c.Devices {
		if memory.Devices[i].Total() != c.Memory.Devices[i].Total() || memory.Devices[i].Total() > d.Free-w.Headroom && memory.Devices[i].Total() > 0 {
			t.Errorf("%s: %+v does not fit %s", name, memory.Devices[i], d.Name)
		}
	}
	if w.HostMemory > 0 && memory.Host.Total() > w.HostMemory {
		t.Errorf("%s: %d bytes on the host", name, memory.Host.Total())
	}
}

func TestSearchErrors(t *testing.T) {
	m := dense70B()
	m.fail = true
	w := plan.Wishes{Devices: devices(t, "24GiB"), Request: plan.DefaultRequest()}
	if _, err := plan.Search(context.Background(), m, dense70B(), m.model(), w); err == nil || err.Error() != "the child crashed" {
		t.Error(err)
	}
	// Without a guess the engine alone is asked.
	exact := dense70B()
	choice, err := plan.Search(context.Background(), exact, m, exact.model(), w)
	if err != nil || choice.Layers < 40 || exact.asked > 15 {
		t.Errorf("%v, %+v after %d measurements", err, choice, exact.asked)
	}
}

// TestSearchAnything: whatever the compute buffers do, and however wrong the guess is, what is
// answered fits as it was measured, after no more measurements than there may be.
func TestSearchAnything(t *testing.T) {
	cards := []string{"8GiB", "24GiB", "2x12GiB", "24GiB+12GiB+8GiB", "m3max:64GiB", ""}
	found := 0
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		size := func(most uint64) uint64 { return random.Uint64N(most) + 1 }
		exact := &made{layers: 1 + random.IntN(90), trained: 1 << (9 + random.IntN(10)), dense: size(600e6), output: size(2e9), kv: size(16e3), partial: size(1e9)}
		if random.IntN(2) == 0 {
			exact.experts = size(2e9)
		}
		wild, salt := random.IntN(3), random.Uint64()
		exact.compute = func(context, device int) uint64 {
			if wild == 0 {
				return 300e6
			}
			return 100e6 + (uint64(context)*2654435761^salt^uint64(device)*97)%uint64(wild*1500e6)
		}
		guess := *exact
		guess.compute, guess.partial = flat(size(1e9)), size(1e9)
		w := plan.Wishes{Devices: devices(t, cards[random.IntN(len(cards))]), Request: plan.DefaultRequest(), Headroom: size(2 << 30), Context: random.IntN(2) * (1 + random.IntN(200000))}
		if len(w.Devices) == 0 {
			w.Devices = nil
			w.HostMemory = size(64 << 30)
		}
		w.NoAdvice = true
		choice, err := plan.Search(context.Background(), exact, &guess, exact.model(), w)
		if exact.asked > 15 || guess.asked > 20000 {
			t.Errorf("seed %d: %d measurements, %d guesses", seed, exact.asked, guess.asked)
		}
		var nothing *plan.NothingFits
		switch {
		case err == nil:
			found++
			check(t, fmt.Sprintf("seed %d", seed), exact, w, choice)
			if w.Context > 0 && choice.Request.Context != w.Context || choice.Request.Context > max(exact.trained, w.Context) {
				t.Errorf("seed %d: %d tokens, asked for %d, trained on %d", seed, choice.Request.Context, w.Context, exact.trained)
			}
			if wild == 0 && len(choice.Devices) == 1 && !choice.Whole && choice.ExpertLayers == 0 {
				more := choice.Request
				more.GPULayers++
				if m, err := exact.Measure(context.Background(), choice.Devices, more); err != nil || m.Devices[0].Total()+w.Headroom <= choice.Devices[0].Free {
					t.Errorf("seed %d: %d layers fit too, %v", seed, more.GPULayers, err)
				}
			}
		case !errors.As(err, &nothing) || len(nothing.Lacks) == 0:
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	if found < 100 {
		t.Errorf("%d of 200 have an answer", found)
	}
}
