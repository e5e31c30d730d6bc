//go:build asan

package main

// buildFlags are those of the program under test: as the tests were built.
var buildFlags = []string{"-asan"}
