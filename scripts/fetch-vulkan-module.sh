#!/bin/sh
# Prints the path of a Vulkan module of the engine's own release, for tests on machines
# whose glslc is too old to build one: build/vulkan-module/libggml-vulkan.so, from an npm
# package, verified by its integrity. It loads into the modules build through
# GGML_BACKEND_PATH and is never given on.
set -eu
cd "$(dirname "$0")/.."
. scripts/need.sh
. scripts/npm.sh

package=@node-llama-cpp/linux-x64-vulkan@3.22.1 # llama.cpp v0.5.0, as third_party/llama.cpp.lock
integrity=sha512-bBxqU+JOcBu1nb5Qj2zcMci+JByT1E8EajHvYodyNfVIPkEhXh+/HMwR1/BT7xP08YK0hks+kM8fglER0P8JEg==
file=package/bins/linux-x64-vulkan/libggml-vulkan.so
module=$PWD/build/vulkan-module/libggml-vulkan.so

if [ -e "$module" ]; then
    echo "$module"
    exit 0
fi
[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || fail "the module is for Linux on x86-64"
need npm npm node
need openssl openssl openssl
mkdir -p "${module%/*}"
tmp=$(mktemp -d "${module%/*}/.fetch.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
echo "fetch-vulkan-module.sh: $package from the npm registry" >&2
npm_fetch "$package" "$integrity" "$tmp" || fail "npm could not get $package; check the network"
tar -xzf "$tmp"/*.tgz -C "$tmp" "$file" # alone: beside its own libggml-base.so it would load that one too
mv "$tmp/$file" "$module"
echo "$module"
