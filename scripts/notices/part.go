package main

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// part is something that others wrote.
type part struct {
	name    string
	where   string // its address, with the version where it has one
	licence string // SPDX
	note    string
	texts   []text
}

// text is a licence: a whole file, or the comment between two lines of one. The first
// element of path says where it lies (sourcesOf).
type text struct{ path, from, to string }

func whole(path string) text { return text{path: path} }

//go:embed texts
var texts embed.FS

// sources are the folders that texts come from.
type sources struct {
	engine  string
	folders map[string]fs.FS
}

func sourcesOf(root string) (*sources, error) {
	s := &sources{engine: filepath.Join(root, "third_party/llama.cpp")}
	if _, err := os.Stat(filepath.Join(s.engine, "LICENSE")); err != nil {
		return nil, fmt.Errorf("the engine's source is missing; get it with: scripts/fetch-llama.sh")
	}
	goroot, err := goCommand(root, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	s.folders = map[string]fs.FS{"engine": os.DirFS(s.engine), "go": os.DirFS(strings.TrimSpace(goroot)), "texts": texts, "": os.DirFS("/")}
	return s, nil
}

// read is the text of a licence without the marks of comments.
func (s *sources) read(t text) (string, error) {
	folder, path, _ := strings.Cut(t.path, "/")
	if folder == "texts" {
		path = t.path
	}
	b, err := fs.ReadFile(s.folders[folder], path)
	if err != nil || t.from == "" {
		return strings.TrimSpace(strings.ReplaceAll(string(b), "\r\n", "\n")), err
	}
	var lines []string
	for line := range strings.Lines(string(b)) {
		if len(lines) > 0 || strings.Contains(line, t.from) {
			lines = append(lines, strings.TrimRight(strings.TrimLeft(strings.TrimSpace(line), "/*!"), " "))
		}
		if len(lines) > 0 && strings.Contains(line, t.to) {
			return strings.TrimSpace(strings.Join(lines, "\n")), nil
		}
	}
	return "", fmt.Errorf("%s has no comment from %q to %q", t.path, t.from, t.to)
}

func (p part) write(b *strings.Builder, s *sources) error {
	fmt.Fprintf(b, "\n%s\n%s\n", strings.Repeat("=", 80), p.name)
	for _, line := range []string{p.where, "Licence: " + p.licence, p.note} {
		if line != "" {
			fmt.Fprintln(b, line)
		}
	}
	for _, t := range p.texts {
		text, err := s.read(t)
		if err != nil {
			return fmt.Errorf("licence of %s: %w", p.name, err)
		}
		fmt.Fprintf(b, "%s\n\n%s\n", strings.Repeat("-", 80), text)
	}
	return nil
}
