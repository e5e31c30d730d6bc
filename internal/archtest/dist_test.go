package archtest

import (
	"os"
	"path/filepath"
	"testing"
)

// fakeTools stand for what scripts/dist.sh calls. The packer writes names
// instead of an archive.
var fakeTools = map[string]string{
	"scripts/build-native.sh": "#!/bin/sh\n[ \"$LINK $BACKEND\" = 'modules cpu' ] || exit 1\nmkdir -p build/modules/lib\ncd build/modules/lib\n" +
		"for l in llama llama-common ggml ggml-base ggml-cpu-x64 ggml-cpu-haswell ggml-cuda ggml-vulkan; do echo $l >lib$l.so; done\necho >libcublas.so.13\n",
	"tools/strip":     "#!/bin/sh\ncp \"$4\" \"$3\"\n",
	"tools/cc":        "#!/bin/sh\ncase $1 in\n-dumpfullversion) echo 12.2.0 ;;\n-print-file-name=*) echo \"$PWD/tools/runtime\" ;;\nesac\n",
	"tools/uname":     "#!/bin/sh\n[ $1 = -s ] && echo Linux || echo x86_64\n",
	"tools/sha256sum": "#!/bin/sh\necho 0123 $1\n",
	"tools/git":       "#!/bin/sh\necho 1700000000\n",
	"tools/go": "#!/bin/sh\ncase \"$*\" in\n*-glibc*) echo 2.36 ;;\n*-pack*) cd \"$4\" && find . -type f | LC_ALL=C sort >../../\"$8\" ;;\n" +
		"build*) for f; do [ \"$o\" != -o ] || cp tools/llm \"$f\"; o=$f; case $f in *glibcFloor=2.36) echo floor >tools/floor ;; esac; done ;;\nesac\n",
	"tools/llm":     "#!/bin/sh\ncase $1 in\nversion) echo '{\"llm\":\"v1.2\",\"glibc\":\"2.36\"}' ;;\nman) echo page >$2/llm.1 ;;\ncompletion) echo for $2 ;;\nesac\n",
	"tools/runtime": "library\n", "LICENSE": "licence\n", "cmd/llm/THIRD_PARTY_NOTICES": "notices\n",
}

const released = `./LICENSE
./README
./THIRD_PARTY_NOTICES
./bin/llm
./install.sh
./lib/llm/SOURCE
./lib/llm/libgcc_s.so.1
./lib/llm/libggml-base.so
./lib/llm/libggml-cpu-haswell.so
./lib/llm/libggml-cpu-x64.so
./lib/llm/libggml.so
./lib/llm/libgomp.so.1
./lib/llm/libllama-common.so
./lib/llm/libllama.so
./lib/llm/libstdc++.so.6
./share/bash-completion/completions/llm
./share/doc/llm/LICENSE
./share/doc/llm/README
./share/doc/llm/THIRD_PARTY_NOTICES
./share/fish/vendor_completions.d/llm.fish
./share/man/man1/llm.1
./share/zsh/site-functions/_llm
`

// TestDistTakesWhatItNames: modules for GPUs that lie with the others, and libraries of
// CUDA, stay out of the archive.
func TestDistTakesWhatItNames(t *testing.T) {
	dir := scriptsOnly(t)
	put(t, dir, fakeTools)
	for _, f := range []string{"scripts/dist.sh", "scripts/dist/README.in", "scripts/install-dist.sh"} {
		put(t, dir, map[string]string{f: read(t, "../..", f)})
	}
	environment := []string{"PATH=" + filepath.Join(dir, "tools") + ":" + os.Getenv("PATH"), "BACKEND=cuda"}
	if out, err := runScript(t, dir, environment, "scripts/dist.sh"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := read(t, dir, "dist/llm-v1.2-linux-amd64.tar.zst"); got != released {
		t.Errorf("the archive has\n%s", got)
	}
	if read(t, dir, "tools/floor") == "" {
		t.Error("the program was not told which glibc it needs")
	}
}
