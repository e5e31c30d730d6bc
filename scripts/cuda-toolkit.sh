#!/bin/sh
# Prints the root of a CUDA toolkit that has nvcc and cuBLAS: $CUDA_HOME, the one of the
# nvcc on the PATH, /usr/local/cuda, or build/cuda-toolkit, which it fills from NVIDIA's
# Python packages (scripts/cuda-toolkit.txt, verified by sha256; 0.6 GB to fetch, 1 GB on
# disk). Nothing of it is installed elsewhere, and none of it is given on.
#
#   scripts/cuda-toolkit.sh            an installed one, else what was fetched, else fetch
#   scripts/cuda-toolkit.sh --fetch    what was fetched, else fetch
set -eu
cd "$(dirname "$0")/.."
. scripts/need.sh

root=$PWD/build/cuda-toolkit
oldest=11.7 # the oldest that upstream's docs/build.md speaks of

version() { "$1/bin/nvcc" --version 2>/dev/null | sed -n 's/.*release \([0-9.]*\),.*/\1/p'; }
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# use ROOT: prints it and ends, if there is a toolkit. One that will not do is an error:
# to build with another than the person installed would surprise.
use() {
    [ -x "$1/bin/nvcc" ] || return 0
    have=$(version "$1")
    [ -n "$have" ] || fail "$1/bin/nvcc does not say its version; point CUDA_HOME at a toolkit that works, or at one that is fetched: CUDA_HOME=\$(scripts/cuda-toolkit.sh --fetch)"
    at_least "$oldest" "$have" || fail "the CUDA toolkit at $1 is $have and $oldest or newer is needed; point CUDA_HOME at a newer one, or at one that is fetched: CUDA_HOME=\$(scripts/cuda-toolkit.sh --fetch)"
    echo "$1"
    exit 0
}

case ${1:-} in
'')
    if [ -n "${CUDA_HOME:-}" ]; then
        use "$CUDA_HOME"
        fail "CUDA_HOME is $CUDA_HOME, which has no bin/nvcc; point it at NVIDIA's CUDA toolkit, or at one that is fetched: CUDA_HOME=\$(scripts/cuda-toolkit.sh --fetch)"
    fi
    nvcc=$(command -v nvcc || true)
    [ -z "$nvcc" ] || use "$(dirname "$(dirname "$(readlink -f "$nvcc")")")"
    use /usr/local/cuda
    ;;
--fetch) ;;
*) fail "unknown argument '$1'; the only one is --fetch" ;;
esac
use "$root"

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] ||
    fail "there is no CUDA toolkit, and the one that can be fetched is for Linux on x86-64; install NVIDIA's and point CUDA_HOME at it"
need_pip

mkdir -p build
tmp=$(mktemp -d build/.cuda.XXXXXX)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
echo "cuda-toolkit.sh: fetching CUDA $(sed -n 's/^nvidia-cuda-nvcc==\([^ ]*\).*/\1/p' scripts/cuda-toolkit.txt) from the Python package index, 0.6 GB" >&2
python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --dest "$tmp" -r scripts/cuda-toolkit.txt >&2 ||
    fail "pip could not download it; check the network, or install NVIDIA's CUDA toolkit and point CUDA_HOME at it"
for wheel in "$tmp"/*.whl; do
    python3 -m zipfile -e "$wheel" "$tmp/files"
done
cuda=$tmp/files/nvidia/cu13
find "$cuda/bin" "$cuda/nvvm/bin" -type f -exec chmod +x {} +
# What linkers and CMake look for.
for library in cublas cublasLt cudart; do
    ln -s "lib$library.so.13" "$cuda/lib/lib$library.so"
done
ln -s lib "$cuda/lib64"
mkdir "$cuda/licenses"
for license in "$tmp"/files/*.dist-info/licenses/*; do
    package=${license%/licenses/*}
    package=${package##*/}
    cp "$license" "$cuda/licenses/${package%%-*}.txt"
done
mv "$cuda" "$root"
use "$root"
