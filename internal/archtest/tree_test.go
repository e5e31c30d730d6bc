package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/seed-f87006eb/llm"

// file is a parsed Go file of the module.
type file struct {
	path    string // from the root, with slashes
	dir     string // its package, from the root; "." is the root
	test    bool
	ast     *ast.File
	text    string
	imports []string
}

// local are the imports within the module, as folders.
func (f *file) local() (dirs []string) {
	for _, i := range f.imports {
		if i == module {
			dirs = append(dirs, ".")
		} else if dir, ok := strings.CutPrefix(i, module+"/"); ok {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// tree parses every Go file of the module, below the folders that are ours.
func tree(t *testing.T) []*file {
	t.Helper()
	root := filepath.Join("..", "..")
	var files []*file
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if d.IsDir() && (slices.Contains([]string{"third_party", "build", "bin", "models", "testdata"}, d.Name()) || rel != "." && strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			f, err := parse(path, filepath.ToSlash(rel))
			if err != nil {
				return err
			}
			files = append(files, f)
		}
		return nil
	})
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

func parse(path, rel string) (*file, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	f := &file{path: rel, dir: filepath.ToSlash(filepath.Dir(rel)), test: strings.HasSuffix(rel, "_test.go"), ast: parsed, text: string(text)}
	for _, i := range parsed.Imports {
		name, _ := strconv.Unquote(i.Path.Value)
		f.imports = append(f.imports, name)
	}
	return f, nil
}

// code are the files that are not tests.
func code(files []*file) (list []*file) {
	for _, f := range files {
		if !f.test {
			list = append(list, f)
		}
	}
	return list
}

// packages are the folders with code.
func packages(files []*file) []string {
	dirs := map[string]bool{}
	for _, f := range code(files) {
		dirs[f.dir] = true
	}
	return slices.Sorted(maps.Keys(dirs))
}
