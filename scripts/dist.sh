#!/bin/sh
# Makes the release archive of the modules build, which runs on every x86-64 with Linux:
#
#   dist/llm-<version>-linux-amd64.tar.zst, its .sha256, and install.sh
#
# The same commit, compiler and Go make the same bytes, in whatever folder. In it are the
# files named here and no others: modules for GPUs are not.
set -eu
cd "$(dirname "$0")/.."
. scripts/need.sh

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || fail "the release archive is made on Linux on x86-64; this is $(uname -s) on $(uname -m)"
need strip binutils binutils
command -v go >/dev/null || fail "'go' is missing; install Go 1.26 or newer from https://go.dev/dl"
LINK=modules BACKEND=cpu SANITIZE='' scripts/build-native.sh

LC_ALL=C TZ=UTC
export LC_ALL TZ
umask 022
stage=dist/stage
rm -rf dist
mkdir -p $stage/bin $stage/lib/llm

for lib in build/modules/lib/libllama.so build/modules/lib/libllama-common.so build/modules/lib/libggml.so \
    build/modules/lib/libggml-base.so build/modules/lib/libggml-cpu-*.so; do
    strip --strip-unneeded -o "$stage/lib/llm/${lib##*/}" "$lib"
done
for lib in libstdc++.so.6 libgcc_s.so.1 libgomp.so.1; do
    path=$(cc -print-file-name=$lib)
    [ "$path" != $lib ] || fail "the compiler has no $lib"
    cp -L "$path" "$stage/lib/llm/$lib"
done
chmod 644 $stage/lib/llm/*

# Where the source of the compiler's libraries is, as their licence wants it.
gcc=$(cc -dumpfullversion)
{
    echo "libstdc++.so.6, libgcc_s.so.1 and libgomp.so.1 are those of GCC $gcc, unchanged."
    echo "Source: https://ftp.gnu.org/gnu/gcc/gcc-$gcc/"
    if command -v dpkg-query >/dev/null 2>&1; then
        dpkg-query -W -f 'Package ${Package} ${Version}, source ${source:Package} ${source:Version}: https://snapshot.debian.org/package/${source:Package}/${source:Version}/\n' libstdc++6 libgcc-s1 libgomp1
    fi
} >$stage/lib/llm/SOURCE

# The program is linked twice: the second time it knows which glibc all of it needs.
link() {
    GOFLAGS='' GOAMD64=v1 CGO_ENABLED=1 go build -trimpath -buildvcs=true -tags llm_modules \
        -ldflags "-s -w -buildid= -X main.glibcFloor=$1" -o $stage/bin/llm ./cmd/llm
}
link ''
link "$(go run ./scripts/dist -glibc $stage)"

version=$($stage/bin/llm version --json | sed 's/.*"llm":"\([^"]*\)".*/\1/')
case $version in
v*) ;;
*) fail "the release has no version: the go command found '$version'; build it in a git checkout" ;;
esac

mkdir -p $stage/share/man/man1 $stage/share/bash-completion/completions $stage/share/zsh/site-functions \
    $stage/share/fish/vendor_completions.d $stage/share/doc/llm
$stage/bin/llm man $stage/share/man/man1
$stage/bin/llm completion bash >$stage/share/bash-completion/completions/llm
$stage/bin/llm completion zsh >$stage/share/zsh/site-functions/_llm
$stage/bin/llm completion fish >$stage/share/fish/vendor_completions.d/llm.fish
install -m 644 LICENSE cmd/llm/THIRD_PARTY_NOTICES $stage/share/doc/llm/
sed "s/@VERSION@/$version/; s/@GLIBC@/$($stage/bin/llm version --json | sed 's/.*"glibc":"\([^"]*\)".*/\1/')/" scripts/dist/README.in >$stage/share/doc/llm/README
install -m 755 scripts/install-dist.sh $stage/install.sh
for file in LICENSE THIRD_PARTY_NOTICES README; do
    cp $stage/share/doc/llm/$file $stage/
done

name=llm-$version-linux-amd64
mv $stage dist/$name
go run ./scripts/dist -pack dist/$name -time "${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}" -o dist/$name.tar.zst
rm -rf "dist/$name"
(cd dist && sha256sum $name.tar.zst >$name.tar.zst.sha256)
install -m 755 scripts/install-dist.sh dist/install.sh
ls -l dist/$name.tar.zst
