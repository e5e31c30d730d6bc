#!/bin/sh
# Prints a linker script, libbinding.a: github.com/go-skynet/go-llama.cpp asks the linker for
# that name, and gets the archive with the libraries that it needs. Called by build-native.sh.
#
#   scripts/binding.sh BACKEND LINK FOLDER     FOLDER has the archive and, of CUDA, toolkit/
#
# A script cannot say where libraries are when the program runs: with CUDA or LINK=modules the
# program needs an rpath of its own (docs/migrate-from-go-skynet.md).
set -eu
backend=$1 link=$2 out=$3

case $(uname -s) in
Darwin) # its linker has no scripts; the one line is for those that do
    libs=-lc++
    ;;
*) libs='-lstdc++ -lgomp -lm -lpthread -ldl' ;;
esac
case $backend in
cuda) libs="-lcudart_static -lcublas $libs -lrt" ;;
vulkan) libs="-lvulkan $libs" ;;
esac
if [ "$link" = modules ]; then
    echo "SEARCH_DIR($out/lib)"
    libs='-lllama-common -lllama -lggml -lggml-base -lstdc++ -lm -lpthread -ldl'
elif [ "$backend" = cuda ]; then
    echo "SEARCH_DIR($(readlink -f "$out/toolkit")/lib64)"
fi
echo "INPUT(-lllm $libs)"
