#!/bin/sh
# Vets the Go side as for macOS on ARM, with Metal, on another system: cgo with the
# headers of macOS that the compiler of the Python package ziglang has, and a stamp of an
# archive that is not there. It links nothing.
set -eu
cd "$(dirname "$0")/.."
. scripts/need.sh

zig=$PWD/build/zig
if [ ! -e "$zig/cc" ]; then
    need_pip
    mkdir -p "$zig"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$zig" ziglang==0.17.1 >&2 || fail "pip could not download ziglang; check the network"
    python3 -m zipfile -e "$zig"/ziglang-*.whl "$zig/files"
    rm "$zig"/ziglang-*.whl
    chmod +x "$zig/files/ziglang/zig"
    printf '#!/bin/sh\nexec "%s" cc -target aarch64-macos "$@"\n' "$zig/files/ziglang/zig" >"$zig/cc"
    chmod +x "$zig/cc"
fi
stamp=llama/stamp_metal.h
made=./-.o # zig's answer to a question of the go command's about the compiler
trap 'rm -f "$made"' EXIT
[ -e "$stamp" ] || {
    trap 'rm -f "$made" "$stamp"' EXIT
    printf '#define LLM_ARCHIVE "none"\n%s\n' "$(sed -n 's/#define LLM_ABI /#define LLM_ARCHIVE_ABI /p' llama/abi.h)" >"$stamp"
}
GOOS=darwin GOARCH=arm64 CGO_ENABLED=1 CC=$zig/cc go vet -tags metal ./...
