#!/bin/sh
# Makes the release archive twice, the second time from nothing in a clone in another
# folder, and compares them. What differs is named by file.
set -eu
cd "$(dirname "$0")/.."
. scripts/need.sh

[ -z "$(git status --porcelain)" ] || fail "there are changes that are not committed; the second build would not have them"
scripts/dist.sh
other=$(mktemp -d)
trap 'rm -rf "$other"' EXIT
trap 'exit 130' INT TERM
git clone -q . "$other/elsewhere"
cp -RL third_party/llama.cpp "$other/elsewhere/third_party/"
(cd "$other/elsewhere" && CCACHE_DISABLE=1 GOCACHE=$other/cache scripts/dist.sh)

for file in dist/*.tar.zst; do
    if ! cmp -s "$file" "$other/elsewhere/$file"; then
        mkdir "$other/one" "$other/two"
        zstd -dc "$file" | tar -xf - -C "$other/one"
        zstd -dc "$other/elsewhere/$file" | tar -xf - -C "$other/two"
        diff -r "$other/one" "$other/two" >&2 || true
        fail "two builds of $file differ"
    fi
    echo "two builds are the same: $(cat "$file.sha256")"
done
