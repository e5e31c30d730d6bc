package llama

// #include "llm.h"
import "C"

import (
	"fmt"
	"math"
	"unicode/utf8"
)

// Described is a device that need not be there: the engine plans for it and never computes on
// it. Sizes are in bytes.
type Described struct {
	Name        string // at most 63 bytes, unlike any other; that of its buffers too
	Description string
	Backend     string // "cuda", "metal", "vulkan": which operations it has, how it pads
	Total, Free uint64 // memory

	Alignment     int    // of a tensor, a power of two
	HostAlignment int    // of the backend's own kind of host memory, a power of two
	MaxBuffer     uint64 // 0: no limit
	MaxTensor     uint64 // that it can compute with; 0: no limit
	RowPadding    int    // rows of quantized weights are padded to a multiple of so many numbers; 0: they are not
	HostBuffer    bool   // it has its own kind of host memory
	Async, Events bool   // with both, several devices work on several batches at once
	Unified       bool   // its memory is the host's

	ComputeCapability int // of CUDA: 89 for 8.9; 0: that of a new card
}

// putDescribed writes the descriptions into params: nil stands for the devices that are there,
// an empty list for the CPU alone. free must be called after the load.
func putDescribed(devices []Described, params *C.struct_llm_model_params) (free func(), err error) {
	if devices == nil {
		return func() {}, nil
	}
	var l lent
	list := make([]C.struct_llm_described, max(len(devices), 1)) // its address says that there is a list
	for i, d := range devices {
		if err := d.check(); err != nil {
			l.free()
			return nil, err
		}
		list[i] = C.struct_llm_described{
			name: l.text(d.Name), description: l.text(d.Description), backend: l.text(d.Backend),
			total: C.uint64_t(d.Total), free: C.uint64_t(d.Free),
			max_buffer: C.uint64_t(d.MaxBuffer), max_tensor: C.uint64_t(d.MaxTensor),
			alignment: C.uint32_t(d.Alignment), host_alignment: C.uint32_t(d.HostAlignment), row_padding: C.uint32_t(d.RowPadding),
			host_buffer: C.bool(d.HostBuffer), async: C.bool(d.Async), events: C.bool(d.Events), unified: C.bool(d.Unified),
			compute_capability: C.uint32_t(d.ComputeCapability),
		}
	}
	l.pinner.Pin(&list[0])
	params.described, params.n_described = &list[0], C.int32_t(len(devices))
	return l.free, nil
}

// check refuses what C would read otherwise.
func (d *Described) check() error {
	for _, s := range [...]string{d.Name, d.Description, d.Backend} {
		if err := checkText(fmt.Sprintf("described device %q", d.Name), s); err != nil {
			return err
		}
		if !utf8.ValidString(s) {
			return d.invalid(fmt.Sprintf("%q is not UTF-8", s))
		}
	}
	for _, n := range [...]int{d.Alignment, d.HostAlignment, d.RowPadding, d.ComputeCapability} {
		if n < 0 || n > math.MaxInt32 {
			return d.invalid(fmt.Sprintf("%d is out of range", n))
		}
	}
	return nil
}

func (d *Described) invalid(message string) error {
	return &Error{Op: fmt.Sprintf("described device %q", d.Name), Kind: ErrInvalid, Message: message}
}

// DescribeDevice is what a device that is there would be described by: device i of [Devices],
// with its memory as it is now. Its compute capability is not told. A simulation on the
// description takes what a load on the device takes; devices that are there can be simulated on
// without it as well, and a backend with no rules here is an error.
func DescribeDevice(i int) (Described, error) {
	start()
	var d C.struct_llm_described
	var cerr *C.char
	if code := C.llm_device_describe(C.int(clampInt32(i)), &d, &cerr); code != C.LLM_OK {
		return Described{}, newError("describe device", code, cerr)
	}
	return Described{
		Name: C.GoString(d.name), Description: C.GoString(d.description), Backend: C.GoString(d.backend),
		Total: uint64(d.total), Free: uint64(d.free), MaxBuffer: uint64(d.max_buffer), MaxTensor: uint64(d.max_tensor),
		Alignment: int(d.alignment), HostAlignment: int(d.host_alignment), RowPadding: int(d.row_padding),
		HostBuffer: bool(d.host_buffer), Async: bool(d.async), Events: bool(d.events), Unified: bool(d.unified),
		ComputeCapability: int(d.compute_capability),
	}, nil
}
