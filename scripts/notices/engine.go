package main

import (
	"os"
	"path/filepath"
	"strings"
)

// engine are the parts of llama.cpp that are compiled into what we link: llama, ggml with
// its CPU backend, llama-common and the folders of vendor that it links. Vendored but
// not compiled are miniaudio and stb (tools/mtmd), sheredom (LLAMA_SUBPROCESS is off) and
// base64.hpp. A test finds
// what names somebody who is not here.
func engine(root string) []part {
	upstream, version, tag := lock(root, "upstream"), lock(root, "version"), lock(root, "tag")
	return []part{
		{"llama.cpp, with ggml", upstream + " " + version, "MIT", "The ggml authors are named in " + upstream + "/blob/" + tag + "/AUTHORS", []text{whole("engine/LICENSE")}},
		{"JSON for Modern C++", "https://github.com/nlohmann/json", "MIT",
			"With Hedley, Copyright (c) 2016-2021 Evan Nemerson; Grisu2, Copyright (c) 2009 Florian Loitsch; the UTF-8 decoder,\nCopyright (c) 2008-2009 Björn Hoehrmann: all three under the same licence. Its code of The Abseil Authors is for C++11\nonly and not compiled.",
			[]text{whole("engine/licenses/LICENSE-jsonhpp")}},
		{"cpp-httplib", "https://github.com/yhirose/cpp-httplib", "MIT", "", []text{whole("engine/vendor/cpp-httplib/LICENSE")}},
		{"xxHash", "https://github.com/Cyan4973/xxHash", "BSD-2-Clause", "", []text{whole("engine/vendor/hash/xxhash/LICENSE")}},
		{"rotate-bits", "https://github.com/jb55/rotate-bits.h", "MIT", "", []text{whole("engine/vendor/hash/rotate-bits/LICENSE.md")}},
		{"SHA-1 in C", "", "public domain", "", []text{{"engine/vendor/hash/sha1/sha1.c", "SHA-1 in C", "Public Domain"}}},
		{"SHA-256 in C", "https://github.com/jb55/sha256.c", "public domain", "", []text{{"engine/vendor/hash/sha256/sha256.c", "Crypto/Sha256.c", "Wei Dai"}}},
		{"llamafile's matrix multiplication", "https://github.com/mozilla-ai/llamafile", "MIT", "",
			[]text{{"engine/ggml/src/ggml-cpu/llamafile/sgemm.cpp", "Copyright 2024 Mozilla", "// SOFTWARE."}}},
		{"YaRN", "https://github.com/jquesnelle/yarn", "MIT", "",
			[]text{{"engine/ggml/src/ggml-cpu/ops.cpp", "YaRN algorithm based on", "MIT licensed. Copyright"}, whole("texts/MIT.txt")}},
		{"Arm Optimized Routines", "https://github.com/ARM-software/optimized-routines", "MIT OR Apache-2.0 WITH LLVM-exception",
			"Copyright (c) Arm Limited. The exponential functions of ggml's vec.h are adapted from it; the MIT licence was chosen.", []text{whole("texts/MIT.txt")}},
		{"ggllm.cpp", "https://github.com/cmp-nct/ggllm.cpp", "MIT",
			"The tokenizer for byte pairs in llama-vocab.cpp is adapted from it.", []text{whole("texts/MIT.txt")}},
	}
}

// lock is a value of the file that pins the engine.
func lock(root, key string) string {
	b, err := os.ReadFile(filepath.Join(root, "third_party/llama.cpp.lock"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == key {
			return f[1]
		}
	}
	return ""
}

// compiler is what gcc adds to programs: in the release archive as libraries.
var compiler = []part{
	{"GCC runtime libraries: libstdc++.so.6, libgcc_s.so.1, libgomp.so.1", "https://gcc.gnu.org", "GPL-3.0-or-later WITH GCC-exception-3.1",
		"Copyright (C) Free Software Foundation, Inc. They are the unchanged libraries of the compiler that built the release; the\nfile lib/SOURCE of the archive names their exact version, and where its source is. The source of all versions is at\nhttps://ftp.gnu.org/gnu/gcc/",
		[]text{whole("texts/GCC-exception-3.1.txt"), whole("texts/GPL-3.0.txt")}},
	{"C++ Standard Template Library, in the headers of libstdc++", "https://gcc.gnu.org", "HPND-sell-variant", "", []text{whole("texts/STL.txt")}},
}
