package plan

// Device is a card, here or described. The CPU is not one: what is not on a device is on the
// host.
type Device struct {
	Name      string // what a plan calls it: "RTX 4090", "24 GiB", "CUDA0"
	Backend   string // whose rules it follows: "cuda", "vulkan", "metal"; see [Rules]
	Total     uint64 // memory
	Free      uint64 // of it; what a card that is here has left
	Bandwidth uint64 // of its memory, bytes a second; 0: unknown
	// ComputeCapability of CUDA, 89 for 8.9; 0: unknown, taken for the newest.
	ComputeCapability int
	// Rules that this device has otherwise than its backend; zero values: as the backend.
	Rules Rules
}
