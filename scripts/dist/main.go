// Command dist is the part of scripts/dist.sh that a shell cannot do:
//
//	go run ./scripts/dist -glibc FOLDER                          the newest version of glibc that an ELF file in it needs
//	go run ./scripts/dist -pack FOLDER -time SECONDS -o FILE     the folder as .tar.zst, the same bytes for the same content
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	glibc := flag.String("glibc", "", "print the version of glibc that the programs and libraries in this folder need")
	pack := flag.String("pack", "", "write this folder as an archive")
	seconds := flag.Int64("time", 0, "time of all files in the archive, in seconds since 1970")
	out := flag.String("o", "", "the archive")
	flag.Parse()
	if err := run(*glibc, *pack, *out, time.Unix(*seconds, 0)); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func run(glibc, pack, out string, at time.Time) error {
	if glibc != "" {
		v, err := glibcFloor(glibc)
		if err != nil {
			return err
		}
		_, err = fmt.Println(v)
		return err
	}
	var b bytes.Buffer
	if err := writeArchive(&b, os.DirFS(filepath.Dir(pack)), filepath.Base(pack), at); err != nil {
		return fmt.Errorf("pack %s: %w", pack, err)
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}
