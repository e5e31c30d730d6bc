package llama

import (
	"bytes"
	"fmt"
	"os"
)

// memAvailable is how much memory programs can still take without swapping, in
// bytes.
func memAvailable() (uint64, bool) {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	_, rest, found := bytes.Cut(b, []byte("MemAvailable:"))
	var kib uint64
	if _, err := fmt.Sscan(string(bytes.SplitN(rest, []byte("\n"), 2)[0]), &kib); !found || err != nil {
		return 0, false
	}
	return kib << 10, true
}
