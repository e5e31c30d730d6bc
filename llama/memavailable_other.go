//go:build !linux

package llama

func memAvailable() (uint64, bool) { return 0, false }
