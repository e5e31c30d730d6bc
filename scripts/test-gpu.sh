#!/bin/sh
# Builds the modules, tests the program on the GPU devices that are there, and prints a
# report to paste (docs/gpu.md).
#
#   BACKEND=cuda scripts/test-gpu.sh      an NVIDIA card
#   BACKEND=vulkan scripts/test-gpu.sh    any card with a Vulkan driver
#   scripts/test-gpu.sh                   Vulkan with a module that is fetched, not built;
#                                         on Mesa's software driver where there is no card
set -eu
cd "$(dirname "$0")/.."
. scripts/need.sh

backend=${BACKEND:-cpu}
LINK=modules BACKEND=$backend scripts/build-native.sh
go build -trimpath -tags llm_modules -o bin/llm-modules ./cmd/llm
scripts/fetch-model.sh

if [ "$backend" = cpu ] && [ -z "${GGML_BACKEND_PATH:-}" ]; then
    GGML_BACKEND_PATH=$(scripts/fetch-vulkan-module.sh)
    export GGML_BACKEND_PATH
    [ -n "$(ls /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json 2>/dev/null)" ] ||
        fail "there is no Vulkan driver; install that of your card, or Mesa's software driver with: sudo apt-get install -y mesa-vulkan-drivers libvulkan1"
    # The backend takes no device of type CPU unless it is named.
    if [ -z "${GGML_VK_VISIBLE_DEVICES:-}" ] && ! bin/llm-modules devices | grep -q '^Vulkan'; then
        GGML_VK_VISIBLE_DEVICES=0
        export GGML_VK_VISIBLE_DEVICES
    fi
fi
LD_LIBRARY_PATH=$PWD/build/modules/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
exec go test -tags 'gpu llm_modules' -count=1 -timeout 60m -v ./scripts/gpu
