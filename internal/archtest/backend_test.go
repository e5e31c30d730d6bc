package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// program writes a shell program of that name into dir.
func program(t *testing.T, dir, name, script string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestBackendsThatCannotBeBuilt: each says what is missing, before anything is fetched.
func TestBackendsThatCannotBeBuilt(t *testing.T) {
	dir, tools := scriptsOnly(t), t.TempDir()
	for name, says := range map[string]string{
		"old": "Cuda compilation tools, release 10.1, V10.1.243", "silent": "",
	} {
		program(t, filepath.Join(tools, name, "bin"), "nvcc", "echo '"+says+"'")
	}
	headers := filepath.Join(tools, "include")
	for version, more := range map[string]string{"1": "", "2": "struct VkPhysicalDeviceCooperativeMatrixFeaturesKHR {};\n"} {
		at := filepath.Join(headers, version, "vulkan")
		if err := os.MkdirAll(at, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(at, "vulkan_core.h"), []byte("#define VK_HEADER_VERSION 239\n"+more), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program(t, filepath.Join(tools, "shaders"), "glslc", "[ \"$1\" != --version ] || { echo shaderc v2023.2; exit; }; exit 1")
	program(t, filepath.Join(tools, "shaders"), "uname", "echo Linux")
	ours := "PATH=" + filepath.Join(tools, "shaders") + ":" + os.Getenv("PATH")
	for _, test := range []struct {
		name string
		env  []string
		want string
	}{
		{"unknown", []string{"BACKEND=abacus"}, "unknown BACKEND=abacus; the backends are cpu, cuda, vulkan, metal and hip"},
		{"SYCL", []string{"BACKEND=sycl"}, "needs Intel's icpx"},
		{"link", []string{"LINK=glue"}, "unknown LINK=glue; it is static or modules"},
		{"Metal", []string{"BACKEND=metal", ours}, "BACKEND=metal is for macOS"},
		{"no toolkit", []string{"BACKEND=cuda", "CUDA_HOME=" + tools}, "which has no bin/nvcc; point it at NVIDIA's CUDA toolkit, or at one that is fetched: CUDA_HOME=$(scripts/cuda-toolkit.sh --fetch)"},
		{"old toolkit", []string{"BACKEND=cuda", "CUDA_HOME=" + filepath.Join(tools, "old")}, "is 10.1 and 11.7 or newer is needed"},
		{"broken toolkit", []string{"BACKEND=cuda", "CUDA_HOME=" + filepath.Join(tools, "silent")}, "does not say its version"},
		{"old headers", []string{"BACKEND=vulkan", ours, "CPLUS_INCLUDE_PATH=" + filepath.Join(headers, "1")}, "the Vulkan headers here are 1.3.239, 1.3.255 or newer are needed"},
		{"old glslc", []string{"BACKEND=vulkan", ours, "CPLUS_INCLUDE_PATH=" + filepath.Join(headers, "2")}, "glslc here (shaderc v2023.2) cannot compile cooperative matrices"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if out, err := runScript(t, dir, test.env, "scripts/build-native.sh"); err == nil || !strings.Contains(out, test.want) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "third_party", "llama.cpp")); err == nil {
		t.Error("the engine's source was fetched first")
	}
}

// TestOptionsAreUpstreams holds the options of the build, and the frameworks that
// llama/cgo_metal.go links, to the engine's own build: CMake takes any name in silence.
func TestOptionsAreUpstreams(t *testing.T) {
	root := filepath.Join("..", "..")
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	engine := "third_party/llama.cpp/"
	upstream := read(engine+"CMakeLists.txt") + read(engine+"ggml/CMakeLists.txt") + read(engine+"ggml/src/CMakeLists.txt")
	options := regexp.MustCompile(`-D((?:GGML|LLAMA)_[A-Z0-9_]+)=`).FindAllStringSubmatch(read("scripts/build-native.sh")+read("scripts/backend.sh"), -1)
	if len(options) < 15 {
		t.Fatalf("%d options were found", len(options))
	}
	for _, option := range options {
		if !regexp.MustCompile(`(?m)^\s*option\(\s*` + option[1] + `\s`).MatchString(upstream) {
			t.Errorf("the engine's build has no option %s", option[1])
		}
	}

	linked := read("llama/cgo_metal.go")
	frameworks := regexp.MustCompile(`find_library\([A-Z_]+\s+([A-Za-z]+)\s`).FindAllStringSubmatch(read(engine+"ggml/src/ggml-metal/CMakeLists.txt"), -1)
	if len(frameworks) < 2 {
		t.Fatalf("frameworks: %q", frameworks)
	}
	for _, framework := range frameworks {
		if !strings.Contains(linked, "-framework "+framework[1]) {
			t.Errorf("cgo_metal.go does not link %s", framework[1])
		}
	}
}
