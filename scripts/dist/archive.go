package main

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/klauspost/compress/zstd"
)

// writeArchive writes a folder as .tar.zst. Only names, contents and whether a file can
// be executed count: the order is that of the names, the owner root, the time one.
func writeArchive(w io.Writer, fsys fs.FS, folder string, at time.Time) error {
	// One encoder: with several the cuts between blocks would depend on their number.
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	err = fs.WalkDir(fsys, folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return addToArchive(t, fsys, path, e, at)
	})
	if err != nil {
		return err
	}
	if err := t.Close(); err != nil {
		return err
	}
	return z.Close()
}

func addToArchive(t *tar.Writer, fsys fs.FS, path string, e fs.DirEntry, at time.Time) error {
	info, err := e.Info()
	if err != nil {
		return err
	}
	h := &tar.Header{Name: path, Mode: 0o644, ModTime: at, Format: tar.FormatUSTAR, Typeflag: tar.TypeReg, Size: info.Size()}
	if info.Mode()&0o100 != 0 {
		h.Mode = 0o755
	}
	switch {
	case e.IsDir():
		h.Name, h.Typeflag, h.Size, h.Mode = path+"/", tar.TypeDir, 0, 0o755
		return t.WriteHeader(h)
	case !e.Type().IsRegular():
		return fmt.Errorf("%s is neither a file nor a folder", path)
	}
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	f, err := fsys.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(t, f)
	return err
}
