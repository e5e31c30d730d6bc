//go:build asan

package engine

// sanitized: the engine was built with other flags than the programs that were asked
// for records, and rounds differently.
const sanitized = true
