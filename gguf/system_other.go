//go:build !unix

package gguf

import (
	"io/fs"
	"os"
)

// Elsewhere there are no locks, owners and folders that can be synced: what is written
// is protected by the look at size and time alone.

const nonBlocking = 0

func lock(*os.File) (bool, error) { return false, nil }

func names(fs.FileInfo) int { return 1 }

func giveTo(f *os.File, info fs.FileInfo) error { return f.Chmod(info.Mode()) }

func syncFolder(string) error { return nil }
