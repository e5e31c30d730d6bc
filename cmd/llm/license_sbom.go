package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func (a *app) licenseSBOM(f *licenseFlags, address string) error {
	ctx, stop := interruptible()
	defer stop()
	if f.hash && strings.Contains(address, "://") {
		return usagef("--hash reads the whole model; get the file first")
	}
	facts, err := licenseFacts(f.facts)
	if err != nil {
		return err
	}
	e, files, err := evidence(ctx, address)
	if err != nil {
		return err
	}
	if len(files) == 1 {
		files[0].Name = filepath.Base(address)
	}
	for i := range files {
		if !f.hash {
			break
		}
		if files[i].SHA256, err = fileSum(ctx, filepath.Join(filepath.Dir(address), files[i].Name)); err != nil {
			return err
		}
	}
	v, err := version()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := facts.SBOM(&b, e, files, v.LLM); err != nil {
		return err
	}
	_, err = a.out.Write(b.Bytes())
	return err
}

// fileSum is the SHA-256 of a file in hexadecimal.
func fileSum(ctx context.Context, path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	for buffer := make([]byte, 1<<20); ; {
		if ctx.Err() != nil {
			return "", fmt.Errorf("hash %s: %w", path, context.Cause(ctx))
		}
		n, err := file.Read(buffer)
		h.Write(buffer[:n])
		if err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return "", fmt.Errorf("hash %s: %w", path, err)
		}
	}
}
