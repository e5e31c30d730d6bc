//go:build !asan

package worker

import "time"

// What a malformed file may take: bytes, and time without progress.
const (
	childMemory = 2 << 30
	childStall  = 10 * time.Second
)
