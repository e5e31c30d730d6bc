package main

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
)

// glibcFloor is the newest version of glibc that the ELF files in a folder need, as
// "2.36".
func glibcFloor(folder string) (string, error) {
	major, minor := 0, 0
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		versions, err := neededVersions(path)
		for _, v := range versions {
			if a, b, ok := glibcVersion(v); ok && (a > major || a == major && b > minor) {
				major, minor = a, b
			}
		}
		return err
	})
	if err == nil && major == 0 {
		err = fmt.Errorf("%s has no program that needs glibc", folder)
	}
	return fmt.Sprintf("%d.%d", major, minor), err
}

// neededVersions are the versions of symbols that a file wants of its libraries; none of a
// file that is not ELF.
func neededVersions(path string) (versions []string, err error) {
	f, err := elf.Open(path)
	var format *elf.FormatError
	if errors.As(err, &format) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	defer f.Close()
	needs, err := f.DynamicVersionNeeds()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	for _, n := range needs {
		for _, v := range n.Needs {
			versions = append(versions, v.Dep)
		}
	}
	return versions, nil
}

// glibcVersion reads "GLIBC_2.36" or "GLIBC_2.2.5".
func glibcVersion(s string) (major, minor int, ok bool) {
	s, ok = strings.CutPrefix(s, "GLIBC_")
	parts := strings.Split(s, ".")
	if !ok || len(parts) < 2 {
		return 0, 0, false
	}
	major, err := strconv.Atoi(parts[0])
	if err != nil {
		return 0, 0, false
	}
	minor, err = strconv.Atoi(parts[1])
	return major, minor, err == nil
}
