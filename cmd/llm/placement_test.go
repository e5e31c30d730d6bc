package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// TestPlacementFlags: without a GPU each says what becomes of it, and the model runs.
func TestPlacementFlags(t *testing.T) {
	model := testmodel.SmolLM2(t)
	for flags, want := range map[string][]string{
		"":                       nil,
		"-ngl 0":                 nil,
		"-ngl auto":              nil,
		"-dev none":              nil,
		"-ncmoe 0":               nil,
		"-ngl 99":                {"llm: no GPU device: the model runs on the CPU; without effect: the number of its layers (99)"},
		"-ngl all -dev none":     {"llm: no GPU device is to be used: the model runs on the CPU; without effect: the number of its layers (all)"},
		"-sm row -ts 3,1 -mg 1":  {"llm: no GPU device: the model runs on the CPU; without effect: the main GPU, the split mode, the tensor split"},
		"--cpu-moe":              {"llm: keeping the weights of experts in host memory concerns no tensor of this model"},
		"-ncmoe 2":               {"llm: keeping the weights of experts in host memory concerns no tensor of this model"},
		`-ot a{1,9},b=CPU`:       {`llm: the override of tensors "a{1,9},b" concerns no tensor of this model`},
		`-ot blk=CPU,(?=a)z=CPU`: {`llm: the override of tensors "(?=a)z" concerns no tensor of this model`},
		"-nkvo --no-op-offload --no-host --no-repack": nil,
	} {
		args := append([]string{"run", model, "-p", "Hello", "-n", "1", "-c", "256"}, strings.Fields(flags)...)
		r := runLLM(t, "", args...)
		var got []string
		if r.stderr != "" {
			got = strings.Split(strings.TrimSpace(r.stderr), "\n")
		}
		if r.code != 0 || r.stdout == "" || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %d, %q, want %q", flags, r.code, got, want)
		}
	}
	checkFailure(t, runLLM(t, "", "run", model, "-p", "x", "-dev", "CUDA0,CUDA1"), exitFailure, `device "CUDA0" is not known; there is none beside the CPU`)
	checkFailure(t, runLLM(t, "", "embed", model, "x", "-ot", "x(=CPU"), exitFailure, `override of tensors "x(": it is not a regular expression`)
	checkFailure(t, runLLM(t, "", "embed", model, "x", "-ot", "blk=CUDA0"), exitFailure, `buffer type "CUDA0" is not known; there are CPU`)
	if r := runLLM(t, "", "embed", model, "x", "-ngl", "3"); r.code != 0 || strings.Count(r.stderr, "no GPU device") != 1 {
		t.Errorf("%d, %q", r.code, r.stderr)
	}
}

// TestDevicesOfModel: the first line of --json says what each device has.
func TestDevicesOfModel(t *testing.T) {
	r := runLLM(t, "", "run", testmodel.SmolLM2(t), "-p", "Hello", "-n", "1", "-c", "256", "--json")
	var model struct{ Devices []shareRow }
	if err := json.NewDecoder(strings.NewReader(r.stdout)).Decode(&model); err != nil {
		t.Fatal(err)
	}
	if d := model.Devices; len(d) != 1 || d[0].Device != "CPU" || d[0].Layers != 31 || d[0].Weights < 90<<20 {
		t.Errorf("%+v", d)
	}
}
