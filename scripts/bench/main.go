// Command bench measures the Go path side by side with upstream's own tools, built
// from the same tree with the same flags, and prints ratios: `make bench`.
//
// Each pair is two fresh processes, one of ours and one of theirs, in alternating
// order, so that a machine that changes its speed changes it for both. A ratio
// above 1 means that ours is better. Plans are compared by what they say.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/seed-f87006eb/llm"
)

const (
	promptTokens     = 512
	generationTokens = 128
)

type config struct {
	model   string
	pairs   int
	only    string // part of the names of what is measured
	threads int
	peers   string // folder of llama-bench and llama-completion
	self    string
	sample  int // rows that planners are compared on; 0: all
	worst   int // rows of a planner that are named
	chunks  int // windows that the quality of levels is compared on
	record  string
}

func main() {
	if llm.WorkerMain() {
		return
	}
	var c config
	var ours string
	flag.StringVar(&c.model, "model", "models/SmolLM2-135M-Instruct.Q4_1.gguf", "model file")
	flag.IntVar(&c.pairs, "pairs", 15, "pairs of runs")
