package llama

// #include "llm.h"
import "C"

import (
	"fmt"
	"slices"
	"strings"
)

// SplitMode is how a model is divided among several devices.
type SplitMode int

// The engine's split modes: one device has all; each has some layers; each has rows of
// the weights; each has a part of all weights and of the KV cache.
const (
	SplitNone   SplitMode = 0
	SplitLayer  SplitMode = 1
	SplitRow    SplitMode = 2
	SplitTensor SplitMode = 3
)

// SplitModes are the names that ParseSplitMode knows, in the order of the modes.
var SplitModes = []string{"none", "layer", "row", "tensor"}

// ParseSplitMode reads a name such as "layer".
func ParseSplitMode(name string) (SplitMode, error) {
	i := slices.Index(SplitModes, name)
	if i < 0 {
		return 0, &Error{Op: fmt.Sprintf("split mode %q", name), Kind: ErrInvalid, Message: fmt.Sprintf("not known; use one of %v", SplitModes)}
	}
	return SplitMode(i), nil
}

// NoDevice as the only one of PlacementParams.Devices stands for the CPU alone.
const NoDevice = "none"

// PlacementParams say which device gets what of a model.
type PlacementParams struct {
	Devices     []string // as Devices names them; none: the engine's choice; NoDevice alone: the CPU
	SplitMode   SplitMode
	MainGPU     int        // with SplitNone: the one of the devices that is used
	TensorSplit []float32  // shares of the devices; none: by their free memory
	Overrides   []Override // of a tensor the first whose pattern finds something in its name counts
	NoHost      bool       // leave out the devices' own kind of host memory
	Repack      bool       // rearrange weights for the CPU
}

// Override puts tensors into another buffer.
type Override struct {
	Pattern string // a regular expression (ECMAScript) that is searched for in their names
	Buffer  string // the buffer type, as MemoryUse names it: "CPU", "CUDA0"
}

// MaxDevices is how many devices a model can be divided among.
func MaxDevices() int { return int(C.llm_max_devices()) }

// put writes the choices into params. free must be called after the load.
func (p *PlacementParams) put(params *C.struct_llm_model_params) (free func(), err error) {
	params.split_mode, params.main_gpu = C.int32_t(p.SplitMode), C.int32_t(clampInt32(p.MainGPU))
	params.no_host, params.use_extra_bufts = C.bool(p.NoHost), C.bool(p.Repack)
	var l lent
	if err := p.checkText(); err != nil {
		return nil, err
	}
	if n := len(p.Devices); n > 0 {
		names := make([]*C.char, n)
		for i, name := range p.Devices {
			names[i] = l.text(name)
		}
		l.pinner.Pin(&names[0])
		params.devices, params.n_devices = &names[0], C.int32_t(n)
	}
	if n := len(p.TensorSplit); n > 0 {
		shares := make([]C.float, n)
		for i, share := range p.TensorSplit {
			shares[i] = C.float(share)
		}
		l.pinner.Pin(&shares[0])
		params.tensor_split, params.n_tensor_split = &shares[0], C.int32_t(n)
	}
	if n := len(p.Overrides); n > 0 {
		overrides := make([]C.struct_llm_override, n)
		for i, o := range p.Overrides {
			overrides[i] = C.struct_llm_override{pattern: l.text(o.Pattern), buffer: l.text(o.Buffer)}
		}
		l.pinner.Pin(&overrides[0])
		params.overrides, params.n_overrides = &overrides[0], C.int32_t(n)
	}
	return l.free, nil
}

func (p *PlacementParams) checkText() error {
	for _, name := range p.Devices {
		if strings.IndexByte(name, 0) >= 0 {
			return checkText(fmt.Sprintf("device %q", name), name)
		}
	}
	for _, o := range p.Overrides {
		if err := checkText(fmt.Sprintf("override of tensors %q", o.Pattern), o.Pattern+o.Buffer); err != nil {
			return err
		}
	}
	return nil
}

// DeviceShare is what a device has of a model.
type DeviceShare struct {
	Device  string
	Layers  int    // layers that it computes, the output being one
	Weights uint64 // bytes of the tensors in its memory
	Tensors int
}

// Shares are the devices of the model, and the CPU, with what each has.
func (m *Model) Shares() []DeviceShare {
	var shares []DeviceShare
	of := func(device string) *DeviceShare {
		for i := range shares {
			if shares[i].Device == device {
				return &shares[i]
			}
		}
		shares = append(shares, DeviceShare{Device: device})
		return &shares[len(shares)-1]
	}
	for _, device := range m.Devices() {
		of(device)
	}
	for _, device := range m.LayerDevices() {
		of(device).Layers++
	}
	for _, t := range m.Tensors() {
		share := of(t.Device)
		share.Tensors++
		share.Weights += t.Size
	}
	return shares
}

// Devices are those beside the CPU that the model uses.
func (m *Model) Devices() (names []string) {
	for i := C.int32_t(0); ; i++ {
		name := C.llm_model_device(m.c, i)
		if name == nil {
			return names
		}
		names = append(names, C.GoString(name))
	}
}

// LayerDevices are the devices that compute the layers, the last of which is the output.
func (m *Model) LayerDevices() (names []string) {
	for i := C.int32_t(0); ; i++ {
		name := C.llm_model_layer_device(m.c, i)
		if name == nil {
			return names
		}
		names = append(names, C.GoString(name))
	}
}

// Tensor is a weight and where it is.
type Tensor struct {
	Name   string
	Buffer string // the buffer type, as MemoryUse names it
	Device string
	Size   uint64 // bytes
	By     int    // which of PlacementParams.Overrides placed it; -1: none
}

// Tensors are the weights. One that two layers share is there twice where they are
// computed by different devices.
func (m *Model) Tensors() []Tensor {
	var tensors []Tensor
	for i := C.int32_t(0); ; i++ {
		var t C.struct_llm_placed
		if !C.llm_model_tensor(m.c, i, &t) {
			return tensors
		}
		tensors = append(tensors, Tensor{C.GoString(t.name), C.GoString(t.buffer), C.GoString(t.device), uint64(t.size), int(t.by)})
	}
}
