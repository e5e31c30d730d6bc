#!/bin/sh
# Installs what `make build` made: bin/llm with its manual and completions, and for programs that link the engine
# (go build -tags llm_system) the archive, its headers and pkg-config files.
#
#   PREFIX=/usr/local DESTDIR= scripts/install.sh             install
#   PREFIX=/usr/local DESTDIR= scripts/install.sh uninstall   remove these files
set -eu
start=$PWD
cd "$(dirname "$0")/.."
. scripts/need.sh

backend=${BACKEND:-cpu}
absolute() {
    case $1 in
    '' | /*) printf '%s' "$1" ;;
    *) printf '%s' "$start/$1" ;;
    esac
}
prefix=$(absolute "${PREFIX:-/usr/local}")
root=$(absolute "${DESTDIR:-}")$prefix

# pkg-config and the go command split flags at blanks, and more.
LC_ALL=C
export LC_ALL
case $prefix in
*[!A-Za-z0-9/._+@:,=~-]*) fail "PREFIX may have letters, digits and /._+@:,=~- in it, and nothing else: $prefix" ;;
esac

man=$root/share/man/man1
bash=$root/share/bash-completion/completions/llm
zsh=$root/share/zsh/site-functions/_llm
fish=$root/share/fish/vendor_completions.d/llm.fish

case ${1:-} in
uninstall)
    rm -f "$root/bin/llm" "$root/include/llm.h" "$root/include/llm_stamp.h" "$root/lib/libllm.a" "$root/lib/pkgconfig/llm.pc" \
        "$root/lib/libbinding.a" "$root/lib/pkgconfig/llm-skynet.pc" "$root"/include/llm-skynet/*.h \
        "$man"/llm.1 "$man"/llm-*.1 "$bash" "$zsh" "$fish"
    exit 0
    ;;
'') ;;
*) fail "unknown argument '$1'; the only one is 'uninstall'" ;;
esac

bin=bin/llm
[ "$backend" = cpu ] || bin=bin/llm-$backend
stamp=llama/stamp_$backend.h
for file in "$bin" "build/$backend/libllm.a" "build/$backend/libbinding.a" "$stamp"; do
    [ -e "$file" ] || fail "$file is missing; make it with: make build"
done
case $(uname -s) in
Darwin) libs='-lc++ -framework Accelerate -framework Foundation' ;;
*) libs='-lstdc++ -lgomp -lm -lpthread -ldl' ;;
esac
case $backend in
cuda)
    toolkit=$(readlink -f build/cuda/toolkit)
    libs="-L$toolkit/lib64 -lcudart_static -lcublas -Wl,-rpath,$toolkit/lib64 $libs -lrt"
    ;;
vulkan) libs="-lvulkan $libs" ;;
metal) libs="$libs -framework Metal -framework MetalKit" ;;
esac

mkdir -p "$root/bin" "$root/include" "$root/lib/pkgconfig"
install -m 755 "$bin" "$root/bin/llm"
install -m 644 "build/$backend/libllm.a" "$root/lib/libllm.a"
install -m 644 llama/native/llm.h "$root/include/llm.h"
sed 's| *//.*||' "$stamp" >"$root/include/llm_stamp.h" # without the path in this folder
sed -e "s|@PREFIX@|$prefix|" -e "s|@LIBS@|$libs|" scripts/llm.pc.in >"$root/lib/pkgconfig/llm.pc"

# For programs of github.com/go-skynet/go-llama.cpp (docs/migrate-from-go-skynet.md).
mkdir -p "$root/include/llm-skynet"
install -m 644 llama/skynet/include/*.h "$root/include/llm-skynet"
install -m 644 "build/$backend/libbinding.a" "$root/lib/libbinding.a"
sed "s|@PREFIX@|$prefix|" scripts/llm-skynet.pc.in >"$root/lib/pkgconfig/llm-skynet.pc"

mkdir -p "$man" "${bash%/*}" "${zsh%/*}" "${fish%/*}"
"$bin" man "$man"
"$bin" completion bash >"$bash"
"$bin" completion zsh >"$zsh"
"$bin" completion fish >"$fish"
