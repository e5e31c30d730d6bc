# Sourced by build-native.sh: what the backend that $backend names needs of this
# machine, and its options of the engine's build, into $backend_options.

vulkan_headers=1.3.255 # the first with VK_KHR_cooperative_matrix

backend_cpu() { backend_options=-DGGML_METAL=OFF; }

backend_cuda() {
    root=$(scripts/cuda-toolkit.sh)
    case $root in
    *[[:space:]]*) fail "the path of the CUDA toolkit has a space in it: $root" ;;
    esac
    # Cards of 2018 and later, as upstream's ggml-cuda/CMakeLists.txt: Turing and Ampere's
    # first as code that the driver compiles once, then RTX 30, RTX 40, Hopper, RTX 50.
    architectures=75-virtual\;80-virtual\;86-real\;89-real\;90-virtual
    case $("$root/bin/nvcc" --version | sed -n 's/.*release \([0-9.]*\),.*/\1/p') in
    11.* | 12.[0-7]) ;;
    *) architectures="$architectures;120a-real" ;;
    esac
    # Without its virtual memory the backend needs no libcuda to start, only to compute.
    backend_options="-DGGML_CUDA=ON -DGGML_CUDA_NO_VMM=ON -DGGML_CUDA_NCCL=OFF -DCMAKE_CUDA_COMPILER=$root/bin/nvcc
        -DCUDAToolkit_ROOT=$root -DCMAKE_CUDA_ARCHITECTURES=${CUDA_ARCHITECTURES:-$architectures}"
    ln -sfn "$root" "$out/toolkit" # which llama/cgo_cuda.go names
}

backend_vulkan() {
    need glslc glslc shaderc
    header=$(echo '#include <vulkan/vulkan_core.h>' | c++ -E -x c++ - 2>/dev/null | sed -n 's/^# 1 "\(.*vulkan_core.h\)".*/\1/p' | head -n 1)
    [ -n "$header" ] || fail "the Vulkan headers are missing; install them with: sudo apt-get install -y libvulkan-dev spirv-headers"
    grep -q VkPhysicalDeviceCooperativeMatrixFeaturesKHR "$header" ||
        fail "the Vulkan headers here are 1.3.$(sed -n 's/#define VK_HEADER_VERSION \([0-9]*\)$/\1/p' "$header"), $vulkan_headers or newer are needed (Debian 13, Ubuntu 24.04, or LunarG's Vulkan SDK)"
    printf '#version 450\n#extension GL_KHR_cooperative_matrix : require\nvoid main() {}\n' |
        glslc -fshader-stage=compute --target-env=vulkan1.3 -o /dev/null - 2>/dev/null ||
        fail "glslc here ($(glslc --version | head -n 1)) cannot compile cooperative matrices (GL_KHR_cooperative_matrix); shaderc 2023.8 or newer is needed (Debian 13, Ubuntu 24.04, or LunarG's Vulkan SDK)"
    backend_options=-DGGML_VULKAN=ON
}

backend_metal() {
    [ "$(uname -s)" = Darwin ] ||
        fail "BACKEND=metal is for macOS; here the backends are cpu, cuda and vulkan"
    backend_options="-DGGML_METAL=ON -DGGML_METAL_EMBED_LIBRARY=ON"
}

backend_hip() {
    need hipcc hipcc hip
    [ "$link" = modules ] || fail "BACKEND=hip is built as a module only: LINK=modules BACKEND=hip scripts/build-native.sh"
    backend_options="-DGGML_HIP=ON -DCMAKE_HIP_ARCHITECTURES=${HIP_ARCHITECTURES:-gfx1030;gfx1100;gfx1201}"
}

backend_"$backend"
