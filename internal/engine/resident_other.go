//go:build !linux

package engine

// residentMemory is not known here: other systems tell the peak only.
func residentMemory() uint64 { return 0 }
