#!/bin/sh
# Fills third_party/llama.cpp with the pinned engine source and verifies it.
#
# Origins, in order: what is already there, the npm package of the lock file
# (a git bundle of the release), the upstream tag. Whatever the origin, the git
# tree id must be the one in third_party/llama.cpp.lock.
#
#   scripts/fetch-llama.sh            fetch if needed, verify
#   scripts/fetch-llama.sh --verify   verify only: exit 1 when missing or different
set -eu
cd "$(dirname "$0")/.."
. scripts/need.sh
. scripts/npm.sh

lock=third_party/llama.cpp.lock
src=third_party/llama.cpp
field() { awk -v k="$1" '$1 == k { print $2 }' "$lock"; }
want=$(field tree)

need git git git

# A git hook exports its own repository; ours must not go there.
# shellcheck disable=SC2046
unset $(git rev-parse --local-env-vars)

# The tree id of the files as they lie on disk, ignored files included. Empty when
# there is no source.
tree_of() {
    [ -d "$1/.git" ] || return 0
    git -C "$1" -c core.autocrlf=false -c core.fileMode=true add -A -f . >/dev/null 2>&1 || return 0
    git -C "$1" write-tree 2>/dev/null || true
}

differs() {
    fail "$src is not the pinned engine source
  git tree found: ${1:-none}
  git tree wanted: $want ($(field name) $(field version))
The engine is used unpatched. To start over: rm -rf $src && $0"
}

if [ -e "$src" ]; then
    have=$(tree_of "$src")
    [ "$have" = "$want" ] || differs "$have"
    exit 0
fi
[ "${1:-}" != --verify ] || fail "$src is missing; fetch it with: scripts/fetch-llama.sh"

tmp=$(mktemp -d third_party/.fetch.XXXXXX)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
git init -q "$tmp/src"

from_npm() {
    command -v npm >/dev/null 2>&1 || { echo "fetch-llama.sh: npm is not here, trying upstream" >&2; return 1; }
    package=$(field npm_package)
    echo "fetch-llama.sh: $package from the npm registry" >&2
    npm_fetch "$package" "$(field npm_integrity)" "$tmp" || return 1
    tar -xzf "$tmp"/*.tgz -C "$tmp" "package/$(field npm_bundle)"
    git -C "$tmp/src" fetch -q "../package/$(field npm_bundle)" HEAD
}

from_upstream() {
    echo "fetch-llama.sh: tag $(field tag) from $(field upstream)" >&2
    GIT_TERMINAL_PROMPT=0 git -C "$tmp/src" fetch -q --depth 1 "$(field upstream)" "refs/tags/$(field tag)"
}

need openssl openssl openssl
from_npm || from_upstream || fail "no origin gave the engine source: npm package $(field npm_package), or tag $(field tag) of $(field upstream). Check the network, or unpack a checkout of that tag at $src"
git -C "$tmp/src" -c advice.detachedHead=false -c core.autocrlf=false checkout -q FETCH_HEAD
have=$(tree_of "$tmp/src")
[ "$have" = "$want" ] || differs "$have"
mv "$tmp/src" "$src"
echo "fetch-llama.sh: $(field name) $(field version), tree $want verified" >&2
