package main

import (
	"strconv"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/plan"
)

// planArguments are the flags of llm run that ask for a choice.
func planArguments(c *plan.Choice, w *plan.Wishes) []string {
	r, def := &c.Request, plan.DefaultRequest()
	args := []string{"-c", strconv.Itoa(r.Context)}
	switch {
	case len(w.Devices) > 0 && len(c.Devices) == 0:
		args = append(args, "-dev", "none")
	case len(c.Devices) > 0 && c.Layers == c.LayersAll:
		args = append(args, "-ngl", "all")
	case len(c.Devices) > 0:
		args = append(args, "-ngl", strconv.Itoa(c.Layers))
	}
	args = append(args, overrideArguments(c)...)
	if len(r.TensorSplit) > 0 {
		shares := make([]string, len(r.TensorSplit))
		for i, s := range r.TensorSplit {
			shares[i] = strconv.FormatFloat(float64(s), 'g', -1, 32)
		}
		args = append(args, "-ts", strings.Join(shares, ","))
	}
	for _, t := range []struct {
		flag string
		kind gguf.TensorType
	}{{"-ctk", r.KeyType}, {"-ctv", r.ValueType}} {
		if t.kind != gguf.F16 {
			args = append(args, t.flag, strings.ToLower(t.kind.String()))
		}
	}
	for _, n := range []struct {
		flag      string
		is, usual int
	}{{"-b", r.Batch, def.Batch}, {"-ub", r.Ubatch, def.Ubatch}, {"-mg", r.MainGPU, 0}} {
		if n.is != n.usual {
			args = append(args, n.flag, strconv.Itoa(n.is))
		}
	}
	if mode := r.SplitMode; mode != "" && mode != "layer" {
		args = append(args, "-sm", mode)
	}
	if r.FlashAttention != plan.FlashAttentionAuto {
		args = append(args, "-fa", map[bool]string{true: "on", false: "off"}[r.FlashAttention == plan.FlashAttentionOn])
	}
	for _, s := range []struct {
		flag string
		on   bool
	}{{"--swa-full", r.FullWindow}, {"-nkvo", r.NoKVOffload}, {"--no-op-offload", r.NoOpOffload}, {"--no-host", r.NoHost}, {"--no-repack", r.NoRepack}} {
		if s.on {
			args = append(args, s.flag)
		}
	}
	return args
}

// overrideArguments are those for tensors that lie elsewhere.
func overrideArguments(c *plan.Choice) (args []string) {
	for _, o := range c.Request.Overrides {
		if plan.ExpertLayers([]plan.Override{o}, c.LayersAll) == 0 {
			args = append(args, "-ot", o.Pattern+"="+o.Buffer)
		}
	}
	switch {
	case c.ExpertLayers >= c.LayersAll-1 && c.ExpertLayers > 0:
		args = append(args, "-cmoe")
	case c.ExpertLayers > 0:
		args = append(args, "-ncmoe", strconv.Itoa(c.ExpertLayers))
	}
	return args
}
