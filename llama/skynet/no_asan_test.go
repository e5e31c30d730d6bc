//go:build !asan && cgo

package skynet_test

// What programs are built with, and which archive they are linked with.
const (
	sanitize = ""
	archive  = "cpu"
)
