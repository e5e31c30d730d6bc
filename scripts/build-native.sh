#!/bin/sh
# Builds the engine and our C++ into what cgo links, in build/<name>:
#
#   libllm.a                one static archive (LINK=static, the default; the name is
#                           the backend's): linked by llama/cgo_<backend>.go
#   bin/tiny-models         beside a static archive: the engine's generator of tiny
#                           models, for tests
#   libllm.a, lib/          our C++ alone, and shared libraries (LINK=modules, which is
#                           the name too): a CPU module for each kind of processor, and
#                           one for BACKEND, chosen at run time: llama/cgo_modules.go
#   libbinding.a            a linker script: the archive and what it needs, under the name
#                           that github.com/go-skynet/go-llama.cpp links
#   llama/stamp_<name>.h    changes when the archive does, so that the Go build cache
#                           notices; written last
#   llama/abi.h             changes when llm.h does (scripts/abi.sh)
#
#   BACKEND=cpu scripts/build-native.sh          the archive (the default backend)
#   BACKEND=cpu scripts/build-native.sh peers    upstream's own tools as well (llama-bench,
#                                                llama-perplexity and others), from
#                                                the same objects, for comparison
#   SANITIZE=address scripts/build-native.sh     with AddressSanitizer, for
#                                                go test -asan: build/cpu-asan
#   CUDA_ARCHITECTURES=89-real BACKEND=cuda ...  kernels for one generation of cards,
#                                                in a fifth of the time
#
# The only place that sets options of the engine's build, with backend.sh. Incremental:
# a build with nothing to do takes about a second.
set -eu
cd "$(dirname "$0")/.."
. scripts/need.sh

backend=${BACKEND:-cpu}
case $backend in
cpu | cuda | vulkan | metal | hip) ;;
sycl) fail "BACKEND=sycl is not there: it needs Intel's icpx as the compiler of the whole engine, and oneMKL" ;;
*) fail "unknown BACKEND=$backend; the backends are cpu, cuda, vulkan, metal and hip" ;;
esac
# No path of this machine in messages, archives or ccache's keys.
name=$backend called=$backend optimize=-O3 flags=-ffile-prefix-map=$PWD/=
link=${LINK:-static}
case $link in
static) link_options="-DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=${NATIVE:-ON}" ;;
modules)
    name=modules called=modules
    link_options="-DBUILD_SHARED_LIBS=ON -DGGML_BACKEND_DL=ON -DGGML_NATIVE=OFF -DGGML_CPU_ALL_VARIANTS=ON"
    ;;
*) fail "unknown LINK=$LINK; it is static or modules" ;;
esac
case ${SANITIZE:-} in
'') ;;
address) name=$name-asan optimize=-O1 flags="$flags -g1 -fno-omit-frame-pointer -fsanitize=address" ;;
*) fail "unknown SANITIZE=$SANITIZE; the only one is address" ;;
esac
case ${1:-} in
'') peers=OFF target=llm_archive ;;
peers) peers=ON target=llm_peers ;;
*) fail "unknown argument '$1'; the only one is 'peers'" ;;
esac

case $PWD in
*[[:space:]]*) fail "the path of this folder has a space in it, which the archiver cannot take: $PWD" ;;
esac
need git git git
need cmake cmake cmake
need c++ g++ gcc
out=$PWD/build/$name
mkdir -p "$out"
. scripts/backend.sh
scripts/fetch-llama.sh
scripts/abi.sh

jobs=${JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}
tree=$(awk '$1 == "tree" { print $2 }' third_party/llama.cpp.lock)

set --
if [ ! -e "$out/cmake/CMakeCache.txt" ] && command -v ninja >/dev/null 2>&1; then
    set -- -G Ninja
elif [ ! -e "$out/cmake/build.ninja" ]; then
    need make make make
fi
if command -v ccache >/dev/null 2>&1; then
    set -- "$@" -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_CUDA_COMPILER_LAUNCHER=ccache
fi

set -- "$@" -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags" \
    -DCMAKE_C_FLAGS_RELEASE="$optimize -DNDEBUG" -DCMAKE_CXX_FLAGS_RELEASE="$optimize -DNDEBUG"
options="-DCMAKE_BUILD_TYPE=Release $link_options $backend_options
    -DGGML_CCACHE=OFF -DGGML_OPENMP=ON -DGGML_BLAS=OFF
    -DLLAMA_BUILD_COMMON=ON -DLLAMA_BUILD_TOOLS=$peers -DLLAMA_BUILD_SERVER=OFF
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF
    -DLLAMA_OPENSSL=OFF -DLLAMA_SUBPROCESS=OFF -DLLAMA_LLGUIDANCE=OFF"

# Configuring says nothing of interest unless it fails.
# shellcheck disable=SC2086
cmake -S llama/native -B "$out/cmake" "$@" $options -DLLM_TREE="$tree" -DLLM_BACKEND="$called" \
    >"$out/configure.log" 2>&1 || {
    tail -n 30 "$out/configure.log" >&2
    fail "cmake could not configure the engine; the whole log is $out/configure.log"
}
cmake --build "$out/cmake" --target "$target" -j "$jobs"

scripts/binding.sh "$backend" "$link" "$out" >"$out/libbinding.a.new"
mv "$out/libbinding.a.new" "$out/libbinding.a"

sum=$(cksum <"$out/libllm.a" | tr ' ' '-')
stamp=llama/stamp_$name.h
text="#define LLM_ARCHIVE \"$sum\" // $out/libllm.a
$(sed -n 's/#define LLM_ABI /#define LLM_ARCHIVE_ABI /p' llama/abi.h)"
if [ "$(cat "$stamp" 2>/dev/null)" != "$text" ]; then
    printf '%s\n' "$text" >"$stamp"
fi
