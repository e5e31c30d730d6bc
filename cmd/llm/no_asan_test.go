//go:build !asan

package main

var buildFlags []string
