package archtest

import (
	"go/ast"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// imports says which packages of the module each package may import: the levels of
// docs/architecture.md. A package that is not here has no place yet.
var imports = map[string][]string{
	"llama":                   {},
	"llama/reference":         {"llama", "sampler"},
	"llama/skynet":            {"."},
	"gguf":                    {},
	"internal/spelling":       {},
	"plan":                    {"gguf", "internal/spelling"},
	"quant":                   {"gguf"},
	"sampler":                 {},
	"sampler/kernelgen":       {},
	"internal/chat":           {},
	"internal/stat":           {},
	"internal/bench/record":   {"internal/stat", "internal/wholefile"},
	"internal/bench/report":   {"internal/bench/record"},
	"internal/bench/levels":   {"gguf", "quant", "internal/bench/record", "internal/eval", "internal/eval/task", "internal/stat"},
	"internal/bench/lab":      {"gguf", "llama", "plan", "quant", "internal/bench/levels", "internal/bench/record", "internal/bench/speed", "internal/chat", "internal/engine", "internal/eval", "internal/eval/task", "internal/imatrix/pass", "internal/oracle", "internal/quantize", "internal/score", "internal/wholefile"},
	"internal/bench/speed":    {"gguf", "llama", "plan", "internal/engine", "internal/oracle", "internal/stat"},
	"internal/state":          {"internal/chat", "internal/wholefile"},
	"internal/wholefile":      {},
	"internal/engine":         {"gguf", "llama", "plan", "sampler", "internal/chat", "internal/oracle", "internal/schema", "internal/state"},
	"internal/imatrix":        {"gguf", "internal/wholefile"},
	"internal/imatrix/pass":   {"gguf", "llama", "sampler", "internal/engine", "internal/imatrix", "internal/score"},
	"internal/quantize":       {"gguf", "llama", "quant", "internal/chat", "internal/engine", "internal/imatrix", "internal/worker"},
	"internal/license":        {"gguf"},
	"internal/eval/task":      {"internal/stat"},
	"internal/schema":         {},
	"internal/store/remote":   {},
	"internal/oracle":         {"gguf", "llama", "plan"},
	"internal/worker":         {"llama", "plan", "internal/chat", "internal/engine", "internal/oracle"},
	"internal/testheader":     {"gguf", "llama/reference", "internal/testmodel"},
	"internal/testplan":       {"gguf", "plan", "internal/oracle", "internal/testheader", "internal/testmodel"},
	"internal/testmodel":      {},
	"internal/golden":         {},
	"internal/testgguf":       {},
	"internal/testsampler":    {"sampler"},
	"internal/testgpu":        {},
	"internal/archtest":       {},
	".":                       {"gguf", "llama", "plan", "quant", "internal/chat", "internal/engine", "internal/imatrix", "internal/imatrix/pass", "internal/oracle", "internal/state", "internal/worker"},
	"internal/doctor":         {"gguf", "plan"},
	"internal/doctor/machine": {"gguf", "llama", "internal/doctor"},
	"cmd/llm":                 {".", "gguf", "plan", "quant", "sampler", "internal/bench/lab", "internal/bench/levels", "internal/bench/record", "internal/bench/report", "internal/bench/speed", "internal/doctor", "internal/doctor/machine", "internal/imatrix", "internal/license", "internal/quantize", "internal/spelling", "internal/store/remote"},
	"scripts/bench":           {".", "gguf", "llama", "llama/reference", "plan", "sampler", "internal/bench/speed", "internal/engine", "internal/eval", "internal/oracle", "internal/score", "internal/stat", "internal/testheader", "internal/testplan", "internal/testsampler"},
	"internal/eval":           {"gguf", "sampler", "internal/stat"},
	"internal/score":          {"gguf", "llama", "sampler", "internal/engine", "internal/eval"},
	"scripts/bench/peers":     {},
	"scripts/dist":            {},
	"scripts/gpu":             {},
	"scripts/page":            {"internal/bench/record", "internal/bench/report"},
	"scripts/notices":         {},
}

// forTestsOnly are packages that nothing but tests, each other and the benchmark may
// import: it has the engine read files in the same process as ours.
var forTestsOnly = []string{"llama/reference", "internal/golden", "internal/testmodel", "internal/testgguf", "internal/testgpu", "internal/testheader", "internal/testplan", "internal/testsampler"}

func TestImports(t *testing.T) {
	files := tree(t)
	for _, dir := range packages(files) {
		if _, ok := imports[dir]; !ok {
			t.Errorf("%s has no place in the import rules", dir)
		}
	}
	for _, f := range files {
		for _, dir := range f.local() {
			switch {
			case f.test:
			case slices.Contains(forTestsOnly, dir) && f.dir != "scripts/bench" && !slices.Contains(forTestsOnly, f.dir):
				t.Errorf("%s imports %s, which is for tests", f.path, dir)
			case !slices.Contains(imports[f.dir], dir):
				t.Errorf("%s must not import %s", f.path, dir)
			}
		}
	}
}

func TestOnlyLlamaTouchesC(t *testing.T) {
	flags := regexp.MustCompile(`#cgo[^\n]*(CFLAGS|LDFLAGS)`)
	for _, f := range tree(t) {
		inLlama := f.dir == "llama" || strings.HasPrefix(f.dir, "llama/")
		if slices.Contains(f.imports, "C") && !inLlama {
			t.Errorf("%s imports C", f.path)
		}
		if flags.MatchString(f.text) && !strings.HasPrefix(f.path, "llama/cgo_") && f.dir != "llama/reference" && f.dir != "internal/archtest" {
			t.Errorf("%s has flags for cgo; they belong into llama/cgo_<backend>.go", f.path)
		}
	}
}

// TestStandardLibrary: the packages at the bottom import nothing from elsewhere.
func TestStandardLibrary(t *testing.T) {
	for _, f := range code(tree(t)) {
		if f.dir != "llama" && f.dir != "internal/chat" && f.dir != "internal/store/remote" {
			continue
		}
		for _, i := range f.imports {
			if strings.Contains(strings.Split(i, "/")[0], ".") {
				t.Errorf("%s imports %s; only the standard library is allowed there", f.path, i)
			}
		}
	}
}

func TestHTTPHasItsPlaces(t *testing.T) {
	places := []string{"server", "internal/egress", "internal/store"}
	for _, f := range code(tree(t)) {
		if slices.Contains(f.imports, "net/http") && !slices.ContainsFunc(places, func(p string) bool { return f.dir == p || strings.HasPrefix(f.dir, p+"/") }) {
			t.Errorf("%s imports net/http", f.path)
		}
	}
}

// forbidden are calls with the only folder that may make them; "": none.
var forbidden = []struct{ call, where, why string }{
	{"os.Getenv", "cmd/llm", "the environment is read in cmd only"},
	{"os.LookupEnv", "cmd/llm", "the environment is read in cmd only"},
	{"os.Exit", "cmd/llm", "only the command ends the process"},
	{"runtime.SetFinalizer", "", "handles are closed explicitly; AddCleanup reports leaks"},
	{"flag.Parse", "", "flags are read in cmd only"},
}

func TestForbiddenCalls(t *testing.T) {
	for _, f := range code(tree(t)) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			for _, x := range forbidden {
				if name(call.Fun) == x.call && f.dir != x.where && !strings.HasPrefix(f.dir, "scripts/") {
					t.Errorf("%s calls %s: %s", f.path, x.call, x.why)
				}
			}
			return true
		})
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function", f.path)
			}
		}
	}
}

// name is "pkg.Func" of a call.
func name(e ast.Expr) string {
	if s, ok := e.(*ast.SelectorExpr); ok {
		if x, ok := s.X.(*ast.Ident); ok {
			return x.Name + "." + s.Sel.Name
		}
	}
	return ""
}

// TestPackageDocs: one comment a package, which says what it is for.
func TestPackageDocs(t *testing.T) {
	docs := map[string]int{}
	files := tree(t)
	for _, f := range code(files) {
		if f.ast.Doc != nil && len(f.ast.Doc.Text()) > 40 {
			docs[f.dir]++
		}
	}
	for _, dir := range packages(files) {
		if docs[dir] != 1 {
			t.Errorf("%s has %d package comments", dir, docs[dir])
		}
	}
}

func TestNames(t *testing.T) {
	for _, f := range code(tree(t)) {
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "misc", "base"}, f.ast.Name.Name) {
			t.Errorf("%s: package %s says nothing", f.path, f.ast.Name.Name)
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if ok && fn.Name.IsExported() && f.dir == "llama" && (strings.Contains(fn.Name.Name, "Llama") || strings.HasPrefix(fn.Name.Name, "Get")) {
				t.Errorf("%s: %s carries a prefix", f.path, fn.Name.Name)
			}
			if ok && fn.Name.IsExported() && f.dir == "llama" && mentionsC(fn.Type) {
				t.Errorf("%s: %s shows a C type or an unsafe pointer", f.path, fn.Name.Name)
			}
		}
	}
}

func mentionsC(n ast.Node) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && (x.Name == "C" || x.Name == "unsafe") {
				found = true
			}
		}
		return true
	})
	return found
}

// TestArchitecturePage: docs/architecture.md names every package, and no other.
func TestArchitecturePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, diagram, ok := strings.Cut(string(page), "```tree\n")
	diagram, _, _ = strings.Cut(diagram, "\n```")
	if !ok {
		t.Fatal("docs/architecture.md has no ```tree block")
	}
	var named []string
	for line := range strings.Lines(diagram) {
		dir, _, _ := strings.Cut(line, " ")
		if dir = strings.TrimSuffix(strings.TrimSpace(dir), "/"); dir != "" {
			named = append(named, dir)
			if _, err := os.Stat("../../" + dir); err != nil {
				t.Errorf("the page names %s: %v", dir, err)
			}
		}
	}
	for _, dir := range packages(tree(t)) {
		if !slices.Contains(named, dir) {
			t.Errorf("the page does not name %s", dir)
		}
	}
}

// TestFilesAreShort: a file is one subject.
func TestFilesAreShort(t *testing.T) {
	for _, f := range code(tree(t)) {
		if n := strings.Count(f.text, "\n"); n > 400 {
			t.Errorf("%s has %d lines", f.path, n)
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				body := f.text[fn.Body.Pos()-f.ast.FileStart : fn.Body.End()-f.ast.FileStart]
				if n := strings.Count(body, "\n"); n > 70 {
					t.Errorf("%s: %s has %d lines", f.path, fn.Name.Name, n)
				}
			}
		}
	}
}
