#!/bin/sh
# Writes llama/abi.h, if it changes: a number for the text of llama/native/llm.h
# without comments and blanks. Go code and archive must have the same, or they do not
# link (llama/archive.h).
#
#   scripts/abi.sh            write it
#   scripts/abi.sh --verify   exit 1 when it is not up to date
set -eu
cd "$(dirname "$0")/.."
. scripts/need.sh

number=$(sed 's|//.*||' llama/native/llm.h | tr -d ' \t\r\n' | cksum | cut -d ' ' -f 1)
text="// Written by scripts/abi.sh from native/llm.h.
#define LLM_ABI $number
#define LLM_ABI_SYMBOL llm_archive_with_abi_$number"
[ "$(cat llama/abi.h 2>/dev/null)" != "$text" ] || exit 0
[ "${1:-}" != --verify ] || fail "llama/abi.h is not up to date; run 'make native' and commit it"
printf '%s\n' "$text" >llama/abi.h
