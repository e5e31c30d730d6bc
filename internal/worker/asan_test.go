//go:build asan

package worker

import "time"

// childMemory is no limit: one would count the sanitizer's own memory.
const (
	childMemory = 0
	childStall  = 2 * time.Minute
)
