//go:build !linux

package oracle

func createSparse() (*sparseFile, error) { return createNamed() }
