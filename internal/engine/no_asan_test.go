//go:build !asan

package engine

const sanitized = false
