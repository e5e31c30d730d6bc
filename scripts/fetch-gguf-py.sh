#!/bin/sh
# Gets numpy and gguf-py, to compare our reader of GGUF files with, into build/python. The
# tests use the gguf-py of the pinned engine; the package is there to be measured.
set -eu
cd "$(dirname "$0")/.."
. scripts/need.sh

# numpy 2.2.6 is the last for Python 3.10.
packages='gguf==0.19.0 numpy==2.2.6;python_version<"3.11" numpy==2.3.5;python_version>="3.11"'

[ "$(cat build/python/packages 2>/dev/null)" != "$packages" ] || exit 0
need_pip

mkdir -p build
tmp=$(mktemp -d build/.python.XXXXXX)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

echo "fetch-gguf-py.sh: numpy and gguf-py from the Python package index" >&2
# shellcheck disable=SC2086
python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps --no-compile --target "$tmp/python" $packages >&2 ||
    fail "pip could not install $packages; check the network"
printf '%s\n' "$packages" >"$tmp/python/packages"
rm -rf build/python
mv "$tmp/python" build/python
