//go:build !linux

package main

import "time"

// threadTime is the time that goes by.
func threadTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
