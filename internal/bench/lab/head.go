package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/seed-f87006eb/llm/internal/bench/levels"
	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// Head are the conditions of a run: what the record says beside what is measured.
func (l *Lab) Head(program record.Program, o *levels.Options, cardName string, arguments []string) (record.Record, error) {
	build := llama.BuildInfo()
	r := record.Record{
		Kind: record.Kind, Schema: record.Schema, Program: program, Arguments: arguments,
		Engine: record.Engine{Name: "llama.cpp", Version: build.Version, Tree: build.Tree, Backend: build.Backend, System: strings.TrimSpace(build.System)},
		Settings: record.Settings{
			Context: l.Context, KVTypes: l.KVTypes, GPULayers: l.Options.Load.GPULayers, Threads: l.engine.Threads, Batch: l.engine.Batch, Ubatch: l.engine.Ubatch,
			FlashAttn: flash(l.engine.FlashAttention), Window: l.Window, Confidence: o.Confidence, Seed: l.Seed, TimeLimit: o.TimeLimit.Seconds(),
			Rounds: o.Rounds, Prompt: l.Prompt, Generate: l.Generate,
		},
	}
	h, err := l.File.Hyper()
	if err != nil {
		return r, err
	}
	name, _ := l.File.Lookup("general.name")
	text, _ := name.Text()
	r.Model = record.Model{
		File: filepath.Base(l.Model.Path), Name: text, Architecture: h.Architecture, Parameters: l.Model.Source.Elements(), Bytes: l.Model.Bytes,
		Type: levels.TypeName(l.Model.Type), Quantized: levels.Quantized(l.Model.Type), Tensors: "sha256:" + l.Hash(), Vocabulary: "sha256:" + l.Vocab.Hash,
		Trained: h.Context,
	}
	if len(l.Card) > 0 {
		r.Card = &record.Card{Name: cardName, Headroom: l.Headroom, Devices: cards(l.Card)}
	}
	r.Machine, err = machine(l.engine.Placement.Devices)
	return r, err
}

func cards(list []plan.Device) (devices []record.Device) {
	for _, d := range list {
		devices = append(devices, record.Device{Name: d.Name, Description: d.Backend, Memory: d.Free})
	}
	return devices
}

func flash(on *bool) string {
	switch {
	case on == nil:
		return "auto"
	case *on:
		return "on"
	}
	return "off"
}

// machine are the facts of this one. names are devices that are used; nil: all.
func machine(names []string) (record.Machine, error) {
	m := record.Machine{OS: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU()}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(b))
	}
	all, err := llama.Devices()
	for _, d := range all {
		if d.Type == llama.DeviceCPU {
			m.CPU, m.Memory = d.Description, d.MemoryTotal
			continue
		}
		used := len(names) == 0
		for _, n := range names {
			used = used || strings.EqualFold(n, d.Name)
		}
		if used {
			m.Devices = append(m.Devices, record.Device{Name: d.Name, Description: d.Description, Memory: d.MemoryTotal})
		}
	}
	return m, err
}

// Key stands for everything that a measurement of these levels depends on: what was measured
// under another key is not taken for it.
func (l *Lab) Key(head *record.Record, list []levels.Level) (key string, err error) {
	type conditions struct {
		Head    record.Record
		Text    *record.Text
		Levels  []string
		Files   []string
		Tasks   []int
		Longest int
		Program string
	}
	c := conditions{Head: *head, Text: l.described, Tasks: []int{l.Tasks}, Longest: l.Longest}
	if c.Program, err = programHash(); err != nil {
		return "", err
	}
	c.Head.Arguments, c.Head.Settings.TimeLimit, c.Head.Settings.Rounds = nil, 0, 0
	for i := range list {
		c.Levels = append(c.Levels, list[i].Name)
		if list[i].Given {
			c.Files = append(c.Files, list[i].Path)
		}
	}
	for _, path := range append(c.Files, l.Suite, l.Options.Imatrix) {
		if path == "" {
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return "", err
		}
		c.Files = append(c.Files, fmt.Sprintf("%s %d %d", path, info.Size(), info.ModTime().UnixNano()))
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// programHash is of this very program: builds that are not of a release have no version.
func programHash() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// JournalPath is where the journal of a run with a key lies.
func (l *Lab) JournalPath(key string) string {
	return filepath.Join(l.Cache, "runs", fmt.Sprintf("%s-%s.jsonl", trimmed(l.Model.Path), key[:12]))
}
