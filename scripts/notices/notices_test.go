package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

func committed(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestCommitted: the file is what the program writes.
func TestCommitted(t *testing.T) {
	want, err := notices(root)
	if err != nil {
		t.Fatal(err)
	}
	if got := committed(t); got != want {
		t.Errorf("%s is not what the sources say; write it with: go run ./scripts/notices", file)
	}
}

// TestComplete: every module of the program and every other part is there with a licence.
func TestComplete(t *testing.T) {
	text := committed(t)
	all, err := packages(root)
	if err != nil {
		t.Fatal(err)
	}
	modules := 0
	for _, p := range all {
		if m := p.Module; m != nil && !m.Main {
			modules++
			if !strings.Contains(text, "\n"+m.Path+" "+m.Version+"\nLicence: ") {
				t.Errorf("%s, of module %s %s, is not in %s", p.ImportPath, m.Path, m.Version, file)
			}
		}
	}
	if modules < 10 {
		t.Errorf("the program has packages of %d modules", modules)
	}
	sections, err := sections(root)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "NVIDIA") || strings.Contains(text, "Vulkan") {
		t.Error("the notices speak of what is not in the program and its archive")
	}
	for _, s := range sections {
		for _, p := range s.parts {
			_, after, ok := strings.Cut(text, "\n"+p.name+"\n")
			licence, _, _ := strings.Cut(after, strings.Repeat("=", 80))
			if !ok || len(licence) < 100 || len(p.texts) == 0 {
				t.Errorf("%s is there: %v, with a text of %d bytes", p.name, ok, len(licence))
			}
		}
	}
}

// compiled are the files of the engine that the compiler reads for our archive on x86-64
// and arm64, by their folders.
var compiled = []string{"ggml/src/*", "ggml/src/ggml-cpu/*", "ggml/src/ggml-cpu/amx/*", "ggml/src/ggml-cpu/llamafile/*", "ggml/src/ggml-cpu/arch/x86/*",
	"ggml/src/ggml-cpu/arch/arm/*", "src/*", "src/models/*", "include/*", "common/*", "common/jinja/*", "common/parsers/*", "vendor/cpp-httplib/*", "vendor/hash/*", "vendor/hash/*/*", "vendor/nlohmann/*"}

// somebody is a line that says whose work it is.
var somebody = regexp.MustCompile(`(?i)copyright (\(c\)|[0-9©])|SPDX-FileCopyrightText|public domain|(adapted|ported|borrowed|taken) from|MIT licen[sc]e`)

// known are words of such lines that the notices have an answer for, or that name nobody.
var known = []string{"The ggml authors", "Niels Lohmann", "Evan Nemerson", "Florian Loitsch", "Hoehrmann", "Yuji Hirose", "Yann Collet", "Mozilla Foundation",
	"Jeffrey Quesnelle", "Public Domain", "Igor Pavlov", "Wei Dai", "arm limited optimized routine", "cmp-nct/ggllm.cpp",
	"The Abseil Authors",                               // of another branch of the preprocessor
	"borrowed from the GitHub repository",              // of OpenVINO, for ARM's SVE: not compiled for x86-64
	"Koboldcpp", "public domain implementation by the", // given to llama.cpp by its author; the public domain
	"highwayhash/blob/master/highwayhash/hh_vsx.h", // for POWER
	"ranges-v3", "is_complete_type", // declarations only; ranges-v3's Boost licence asks for nothing in programs
	"https://github.com/ggml-org", "borrowed pointer", "adapted from deepseek32.cpp", "//  MIT License", "abseil/abseil-cpp",
	"template taken from model", "type is taken from the tool schema"}

// TestNobodyIsMissing looks for authors in the source of the engine that the notices do
// not know: what a new version of the engine may bring.
func TestNobodyIsMissing(t *testing.T) {
	s, err := sourcesOf(root)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, pattern := range compiled {
		files, _ := fs.Glob(s.folders["engine"], pattern)
		if len(files) == 0 {
			t.Errorf("%s: no file", pattern)
		}
		for _, f := range files {
			if !slices.Contains([]string{".c", ".cpp", ".h", ".hpp"}, filepath.Ext(f)) || f == "common/base64.hpp" {
				continue
			}
			b, err := fs.ReadFile(s.folders["engine"], f)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(b)) {
				if !somebody.MatchString(line) {
					continue
				}
				found++
				if !slices.ContainsFunc(known, func(k string) bool { return strings.Contains(line, k) }) {
					t.Errorf("%s: %s", f, strings.TrimSpace(line))
				}
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d lines name an author", found)
	}
}

// TestVendored: each folder of what the engine vendors is in the notices, or not compiled.
func TestVendored(t *testing.T) {
	s, err := sourcesOf(root)
	if err != nil {
		t.Fatal(err)
	}
	build, err := os.ReadFile(filepath.Join(root, "scripts/build-native.sh"))
	if err != nil || !strings.Contains(string(build), "-DLLAMA_SUBPROCESS=OFF") || !strings.Contains(string(build), "-DLLAMA_OPENSSL=OFF") {
		t.Errorf("the build has sheredom's subprocess.h or OpenSSL in it: %v", err)
	}
	notCompiled := []string{"miniaudio", "stb", "sheredom"}
	noticed := []string{"cpp-httplib", "hash", "nlohmann"}
	folders, err := fs.ReadDir(s.folders["engine"], "vendor")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if f.IsDir() && !slices.Contains(append(noticed, notCompiled...), f.Name()) {
			t.Errorf("the engine vendors %s", f.Name())
		}
	}
	include := regexp.MustCompile(`#include\s+[<"](` + strings.Join(notCompiled, "|") + `|base64\.hpp)`)
	for _, pattern := range compiled {
		files, _ := fs.Glob(s.folders["engine"], pattern)
		for _, f := range files {
			b, _ := fs.ReadFile(s.folders["engine"], f)
			if m := include.Find(b); m != nil && f != "common/subproc.h" {
				t.Errorf("%s has %s", f, m)
			}
		}
	}
}

// TestGoHolders: the files of Go's own that name other authors are those we know.
func TestGoHolders(t *testing.T) {
	all, err := packages(root)
	if err != nil {
		t.Fatal(err)
	}
	holder := regexp.MustCompile(`(?i)copyright (©|\(c\)|[0-9]{4}).*`)
	known := regexp.MustCompile(`The Go Authors|Sun Microsystems|Stephen L. Moshier|Lucent|Vita Nuova|fiat-crypto`)
	for _, p := range all {
		if p.Module != nil {
			continue
		}
		for _, f := range slices.Concat(p.GoFiles, p.CgoFiles, p.SFiles) {
			b, err := os.ReadFile(filepath.Join(p.Dir, f))
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range holder.FindAllString(string(b), -1) {
				if !known.MatchString(m) {
					t.Errorf("%s/%s: %s", p.ImportPath, f, m)
				}
			}
		}
	}
}
