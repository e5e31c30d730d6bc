# Sourced by the other scripts: names a missing tool together with the one
# command that installs it.

# need TOOL DEBIAN_PACKAGE BREW_FORMULA: fails unless TOOL is on the PATH.
need() {
    command -v "$1" >/dev/null 2>&1 && return 0
    if [ "$(uname -s)" = Darwin ]; then
        how="brew install $3"
    else
        how="sudo apt-get install -y $2"
    fi
    echo "${0##*/}: '$1' is missing; install it with: $how" >&2
    exit 1
}

# need_pip: fails unless Python has pip.
need_pip() {
    need python3 python3 python
    python3 -m pip --version >/dev/null 2>&1 || need pip3 python3-pip python
}

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}
