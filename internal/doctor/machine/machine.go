package machine

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/doctor"
	"github.com/seed-f87006eb/llm/llama"
)

// Options say how to examine.
type Options struct {
	Version string        // of this program
	Command []string      // starts a process that calls Serve
	Model   string        // a file; "": the synthetic model
	Threads int           // of the CPU; 0: the physical cores
	Time    time.Duration // of each measurement
	Root    fs.FS         // of the file system, for what the system tells; nil: the real one
}

// Machine implements doctor.Machine. One goroutine at a time.
type Machine struct {
	o      Options
	folder string // for the synthetic model and the CPU's logits
	model  doctor.Model
	path   string
}

// New looks at the model, or makes one. Errors: a model that is not sound or cannot be
// read, no room for temporary files.
func New(o Options) (m *Machine, err error) {
	if o.Root == nil {
		o.Root = os.DirFS("/")
	}
	m = &Machine{o: o, path: o.Model, model: doctor.Model{Name: filepath.Base(o.Model)}}
	if m.folder, err = os.MkdirTemp("", "llm-doctor-"); err != nil {
		return nil, err
	}
	if o.Model == "" {
		m.path = filepath.Join(m.folder, "model.gguf")
		m.model = doctor.Model{Name: "synthetic", Synthetic: true}
		err = create(m.path)
	}
	if err == nil {
		err = m.look()
	}
	if err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func create(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := doctor.WriteModel(f); err != nil {
		return err
	}
	return f.Close()
}

// look refuses what the engine would not survive and what has no logits, and sums up the
// tensors.
func (m *Machine) look() error {
	f, err := gguf.Open(m.path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Check(); err != nil {
		return fmt.Errorf("%s: %w", m.path, err)
	}
	h, err := f.Hyper()
	if err != nil {
		return fmt.Errorf("%s: %w", m.path, err)
	}
	if !slices.Contains([]gguf.Kind{gguf.KindDecoder, gguf.KindRecurrent, gguf.KindHybrid}, h.Kind) || !f.IsModel() {
		return fmt.Errorf("%s: its kind is %v; a model that continues text is needed, or none", m.path, h.Kind)
	}
	for _, t := range f.Tensors {
		if n, ok := t.Size(); ok {
			m.model.Bytes += n
		}
	}
	return nil
}

// Close removes what was made.
func (m *Machine) Close() error { return os.RemoveAll(m.folder) }

// Model is the one that logits are compared with.
func (m *Machine) Model() doctor.Model { return m.model }

// Build is this program.
func (m *Machine) Build() doctor.Build {
	b := llama.BuildInfo()
	link := "static"
	if all, err := m.Backends(); err == nil && slices.ContainsFunc(all, func(b doctor.Backend) bool { return b.Module != "" }) {
		link = "modules"
	}
	return doctor.Build{Version: m.o.Version, Engine: b.Version, Tree: b.Tree, Backend: b.Backend, Link: link, Features: features(b.System)}
}

// features are those that are on, of "CPU : SSE3 = 1 | AVX = 1 | REPACK = 1 | ".
func features(system string) []string {
	list := []string{}
	for _, part := range strings.FieldsFunc(system, func(r rune) bool { return r == '|' || r == ':' }) {
		if name, value, ok := strings.Cut(part, "="); ok && strings.TrimSpace(value) != "0" {
			name, value = strings.TrimSpace(name), strings.TrimSpace(value)
			if value != "1" {
				name += "=" + value
			}
			list = append(list, name)
		}
	}
	return list
}

// Backends are those of this program, and those that modules were to bring.
func (m *Machine) Backends() ([]doctor.Backend, error) {
	all, err := llama.Backends()
	if err != nil {
		return nil, err
	}
	list := make([]doctor.Backend, len(all))
	for i, b := range all {
		list[i] = doctor.Backend{Name: b.Name, Module: b.Module, Devices: b.Devices, Reason: b.Reason}
	}
	return list, nil
}

// Devices are what the engine found.
func (m *Machine) Devices() ([]doctor.Device, error) {
	all, err := llama.Devices()
	if err != nil {
		return nil, err
	}
	nvidia := nvidiaDriver(m.o.Root)
	devices := make([]doctor.Device, len(all))
	for i, d := range all {
		devices[i] = doctor.Device{
			Index: i, Name: d.Name, Description: strings.TrimSpace(d.Description), Type: d.Type.String(),
			MemoryFree: d.MemoryFree, MemoryTotal: d.MemoryTotal,
		}
		if nvidia != "" && strings.Contains(d.Description, "NVIDIA") {
			devices[i].Driver = nvidia
		}
	}
	return devices, nil
}

// Examine runs a process for the device.
func (m *Machine) Examine(ctx context.Context, d doctor.Device, progress func(step string, fraction float64)) (doctor.Device, error) {
	return run(ctx, m.o.Command, Task{
		Device: d, Model: m.path, Synthetic: m.model.Synthetic, Threads: m.o.Threads, Time: m.o.Time,
		Reference: filepath.Join(m.folder, "logits"),
	}, progress)
}
