package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seed-f87006eb/llm/internal/testplan"
	"github.com/seed-f87006eb/llm/plan"
)

// peerPlanner is gguf-parser-go, in a process of its own that answers one question at a time.
// It does not tell the reservations of outputs apart.
type peerPlanner struct {
	name   string
	micros []float64 // that its plans took

	command   *exec.Cmd
	questions io.WriteCloser
	replies   *json.Decoder
}

func newPeerPlanner() *peerPlanner { return &peerPlanner{name: "gguf-parser-go v0.28.1"} }

func (p *peerPlanner) start() error {
	get := ggufPeers("")[0].get
	if out, err := exec.Command(get[0], get[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(get[0]), err, lastLine(out))
	}
	c := exec.Command("build/peers", "estimate")
	questions, err := c.StdinPipe()
	if err != nil {
		return err
	}
	replies, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	p.command, p.questions, p.replies = c, questions, json.NewDecoder(replies)
	return nil
}

func (p *peerPlanner) close() {
	if p.command != nil {
		p.questions.Close()
		p.command.Wait() // it has nothing more to say
	}
}

// plan is a testplan.Planner. What it takes as a crash is a refusal here.
func (p *peerPlanner) plan(_ context.Context, r testplan.Row) (*plan.Memory, error) {
	if p.command == nil {
		if err := p.start(); err != nil {
			return nil, err
		}
	}
	err := json.NewEncoder(p.questions).Encode(map[string]any{
		"Path": r.File.Path, "Context": r.Cell.Context, "KV": strings.ToLower(r.Cell.KV.String()), "Sequences": r.Cell.Sequences,
		"GPU": len(r.Cell.Setting.Devices) > 0,
	})
	if err != nil {
		return nil, err
	}
	var reply struct {
		Host, Device plan.Use
		Micros       float64
		Failed       string
	}
	if err := p.replies.Decode(&reply); err != nil {
		return nil, fmt.Errorf("it stopped: %w", err)
	}
	if reply.Failed != "" {
		return nil, &plan.Impossible{Reason: reply.Failed}
	}
	p.micros = append(p.micros, reply.Micros)
	m := &plan.Memory{Host: reply.Host}
	if len(r.Cell.Setting.Devices) > 0 {
		m.Devices = []plan.Use{reply.Device}
	}
	return m, nil
}
