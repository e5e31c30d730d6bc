package doctor

import (
	"encoding/json"
	"math"
	"strconv"
)

// Facts are what was found and measured. What is not known is absent, never 0.
// docs/doctor.md describes them as JSON.
type Facts struct {
	Build    Build     `json:"build"`
	Backends []Backend `json:"backends"`
	System   System    `json:"system"`
	Model    Model     `json:"model"`
	Devices  []Device  `json:"devices"`
}

// Build is the program with its engine.
type Build struct {
	Version  string   `json:"version"`
	Engine   string   `json:"engine"`
	Tree     string   `json:"tree"`
	Backend  string   `json:"backend"`  // that it was built with
	Link     string   `json:"link"`     // static, modules
	Features []string `json:"features"` // of the CPU, and options, that the engine uses
}

// System is the computer, apart from the engine.
type System struct {
	OS           string     `json:"os"`
	Arch         string     `json:"arch"`
	CPU          string     `json:"cpu,omitempty"`
	Cores        int        `json:"cores"` // physical; the fast ones where there are two kinds
	LogicalCPUs  int        `json:"logical_cpus"`
	Threads      int        `json:"threads"` // that the CPU computes with
	Graphics     []Graphics `json:"graphics,omitempty"`
	Nodes        []string   `json:"device_nodes,omitempty"`  // /dev/nvidia0, /dev/kfd, /dev/dri/renderD128
	NVIDIADriver string     `json:"nvidia_driver,omitempty"` // version of the kernel's module
}

// Graphics is a graphics card, as the PCI bus knows it.
type Graphics struct {
	Address string `json:"address"`
	Vendor  string `json:"vendor"` // NVIDIA, AMD, Intel, or a number
	ID      string `json:"id"`     // vendor:device, in hexadecimal
	Driver  string `json:"kernel_driver,omitempty"`
}

// Model is what the logits were compared with.
type Model struct {
	Name      string `json:"name"`
	Bytes     int64  `json:"bytes"`
	Synthetic bool   `json:"synthetic,omitempty"`
}

// Backend is a part of the engine that has devices of a kind.
type Backend struct {
	Name    string `json:"name,omitempty"`   // CPU, CUDA, Vulkan; absent where its module did not load
	Module  string `json:"module,omitempty"` // its file; absent: it is in the program
	Devices int    `json:"devices"`
	Reason  string `json:"reason,omitempty"` // why it found none, or did not load
}

// Device is one that the engine found, with what was measured of it.
type Device struct {
	Index       int        `json:"index"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Type        string     `json:"type"` // CPU, GPU, integrated GPU, accelerator, meta
	Driver      string     `json:"driver,omitempty"`
	MemoryFree  uint64     `json:"memory_free,omitempty"`
	MemoryTotal uint64     `json:"memory_total,omitempty"`
	Copy        *Speed     `json:"copy,omitempty"`
	Products    []Product  `json:"products,omitempty"`
	Accuracy    []Accuracy `json:"accuracy,omitempty"`
	Logits      *Check     `json:"logits,omitempty"`
	Failures    []Failure  `json:"failures,omitempty"`
	// Bound is about how many tokens a second generation cannot exceed: each takes all
	// weights from memory. 0: no model was named.
	Bound float64 `json:"tokens_per_second_bound,omitempty"`
}

// Speed is per second, of the best and the median round.
type Speed struct {
	Rounds int     `json:"rounds"`
	Best   float64 `json:"best"`
	Median float64 `json:"median"`
}

// Product are multiplications of weights of a type with 32-bit floats.
type Product struct {
	Type        string `json:"type"`
	Columns     int    `json:"columns,omitempty"` // 1: as for a token; more: as for a prompt
	Flop        *Speed `json:"flop,omitempty"`    // additions and multiplications
	Weights     *Speed `json:"weights,omitempty"` // bytes of weights, with one column
	Unsupported bool   `json:"unsupported,omitempty"`
}

// Accuracy is how far products with a type of weights are from double precision.
type Accuracy struct {
	Type        string `json:"type"`
	NMSE        Float  `json:"nmse,omitempty"`
	Unsupported bool   `json:"unsupported,omitempty"`
}

// Check compares a model's logits with those of the CPU.
type Check struct {
	Tokens    int   `json:"tokens"`
	Prompt    int   `json:"prompt"` // so many of them were evaluated at once, the rest one by one
	Vocab     int   `json:"vocab"`
	NMSE      Float `json:"nmse"`       // sum of squared differences by sum of squares
	Limit     Float `json:"limit"`      // of nmse
	WorstNMSE Float `json:"worst_nmse"` // of one position
	WorstAt   int   `json:"worst_at"`   // that position
	Top1      int   `json:"top1"`       // positions with the same best token
	MaxDiff   Float `json:"max_difference"`
	NotFinite int   `json:"not_finite,omitempty"` // logits that are no numbers
}

// Failure is a step that did not come to its end.
type Failure struct {
	Step  string `json:"step"`
	Error string `json:"error"`
}

// Float is a number that JSON may not have: NaN and the infinities are strings there.
type Float float64

// MarshalJSON writes a number, or a string.
func (f Float) MarshalJSON() ([]byte, error) {
	if v := float64(f); !math.IsNaN(v) && !math.IsInf(v, 0) {
		return json.Marshal(v)
	}
	return json.Marshal(strconv.FormatFloat(float64(f), 'g', -1, 64))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *Float) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) != nil {
		return json.Unmarshal(b, (*float64)(f))
	}
	v, err := strconv.ParseFloat(text, 64)
	*f = Float(v)
	return err
}
