package llama

// #include "llm.h"
import "C"

import "fmt"

// DeviceType is what kind of device the engine found.
type DeviceType int

// The engine's device types.
const (
	DeviceCPU   DeviceType = C.LLM_DEVICE_CPU
	DeviceGPU   DeviceType = C.LLM_DEVICE_GPU
	DeviceIGPU  DeviceType = C.LLM_DEVICE_IGPU
	DeviceAccel DeviceType = C.LLM_DEVICE_ACCEL
	DeviceMeta  DeviceType = C.LLM_DEVICE_META
)

func (t DeviceType) String() string {
	switch t {
	case DeviceCPU:
		return "CPU"
	case DeviceGPU:
		return "GPU"
	case DeviceIGPU:
		return "integrated GPU"
	case DeviceAccel:
		return "accelerator"
	case DeviceMeta:
		return "meta"
	}
	return fmt.Sprintf("DeviceType(%d)", int(t))
}

// Device is one that the engine can compute on.
type Device struct {
	Name        string
	Description string
	Type        DeviceType
	// MemoryFree and MemoryTotal are in bytes; both are 0 where the device does
	// not tell.
	MemoryFree, MemoryTotal uint64
}

// Devices lists what the engine sees, in its own order.
func Devices() ([]Device, error) {
	start()
	devices := make([]Device, int(C.llm_device_count()))
	for i := range devices {
		var d C.struct_llm_device
		var cerr *C.char
		if code := C.llm_device_get(C.int(i), &d, &cerr); code != C.LLM_OK {
			return nil, newError("device", code, cerr)
		}
		devices[i] = Device{
			Name:        C.GoString(d.name),
			Description: C.GoString(d.description),
			Type:        DeviceType(d._type),
			MemoryFree:  uint64(d.memory_free),
			MemoryTotal: uint64(d.memory_total),
		}
		if devices[i].Type == DeviceCPU {
			// The engine reports the total as free (ggml-cpu.cpp,
			// ggml_backend_cpu_device_get_memory, at the pinned tree).
			if free, ok := memAvailable(); ok {
				devices[i].MemoryFree = min(free, devices[i].MemoryTotal)
			}
		}
	}
	return devices, nil
}
