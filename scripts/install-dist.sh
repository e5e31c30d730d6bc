#!/bin/sh
# Installs llm from its release archive, which is unpacked here or lies beside this script.
#
#   sh install.sh [PREFIX]              install below PREFIX (/usr/local)
#   sh install.sh uninstall [PREFIX]    remove what it put there
#
# The libraries of llm go to PREFIX/lib/llm, where nothing else finds them. DESTDIR is
# put before PREFIX when files are written.
set -eu

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

action=install
if [ "${1:-}" = uninstall ]; then
    action=uninstall
    shift
fi
[ $# -le 1 ] || fail "too many arguments; usage: sh install.sh [PREFIX], sh install.sh uninstall [PREFIX]"
prefix=${1:-/usr/local}
case $prefix in
-*) fail "unknown flag $prefix; usage: sh install.sh [PREFIX], sh install.sh uninstall [PREFIX]" ;;
/*) ;;
*) prefix=$PWD/$prefix ;;
esac
root=${DESTDIR:-}$prefix
list=$root/lib/llm/FILES

# remove_installed removes what the list of an installation names, and empty folders of ours.
remove_installed() {
    [ -e "$list" ] || return 0
    while IFS= read -r file; do
        rm -f "$root/$file"
    done <"$list"
    rm -f "$list"
    rmdir "$root/lib/llm" "$root/share/doc/llm" 2>/dev/null || true
}

if [ $action = uninstall ]; then
    [ -e "$list" ] || fail "llm is not installed in $prefix by this script: $list is missing"
    remove_installed
    exit 0
fi

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || fail "this is a release for Linux on x86-64; this machine is $(uname -s) on $(uname -m)"

here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
if [ ! -e "$here/bin/llm" ]; then
    set -- "$here"/llm-*-linux-amd64.tar.zst
    [ -e "$1" ] || fail "there is no archive llm-*-linux-amd64.tar.zst in $here"
    [ $# -eq 1 ] || fail "there are several archives in $here; leave one of them there: $*"
    command -v zstd >/dev/null 2>&1 || fail "'zstd' is missing; install it with: sudo apt-get install -y zstd"
    zstd -dcq "$1" | tar -xf - -C "$tmp"
    here=$(echo "$tmp"/llm-*)
fi

# The C++ libraries in the archive want a newer glibc than llm does; a system with an
# older one (Ubuntu 22.04) has its own.
if ! "$here/bin/llm" version >/dev/null 2>"$tmp/reason"; then
    mkdir "$tmp/older"
    cp -R "$here/." "$tmp/older"
    rm -f "$tmp/older/lib/llm/libstdc++.so.6" "$tmp/older/lib/llm/libgcc_s.so.1"
    "$tmp/older/bin/llm" version >/dev/null 2>&1 ||
        fail "llm does not start on this machine; nothing was installed. $(head -n 1 "$tmp/reason")"
    echo "install.sh: installed without its C++ libraries, which want a newer glibc; llm uses those of the system" >&2
    here=$tmp/older
fi

remove_installed
# A list before the files: what is cut off in the middle can be removed.
mkdir -p "$root/lib/llm" 2>/dev/null && [ -w "$root/lib/llm" ] || fail "you may not write in $root; choose another place, for example: sh install.sh ~/.local"
(cd "$here" && find bin lib share -type f | LC_ALL=C sort) >"$list"
while IFS= read -r file; do
    mode=644
    [ ! -x "$here/$file" ] || mode=755
    mkdir -p "$root/${file%/*}"
    install -m $mode "$here/$file" "$root/$file"
done <"$list"
