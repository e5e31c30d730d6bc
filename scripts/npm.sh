# Sourced by the scripts that fetch an npm package.

# npm_fetch PACKAGE INTEGRITY DIR: puts the package into DIR as a .tgz. False, with the
# reason on standard error, when it cannot be had or is another than INTEGRITY says.
npm_fetch() {
    (cd "$3" && npm pack --silent "$1" >/dev/null 2>npm.err) || { sed 's/^/  /' "$3/npm.err" >&2; return 1; }
    got=sha512-$(cat "$3"/*.tgz | openssl dgst -sha512 -binary | openssl base64 -A)
    [ "$got" = "$2" ] || {
        echo "${0##*/}: $1 has integrity $got, $2 was expected" >&2
        return 1
    }
}
