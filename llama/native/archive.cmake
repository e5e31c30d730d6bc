# Included by CMakeLists.txt where the engine is static: one archive, so that there is
# no link order and no --start-group.
set(parts llm_native llama-common llama-common-base cpp-httplib llama ggml ggml-cpu ggml-base)
foreach(part vendor-hash ggml-cuda ggml-vulkan ggml-metal)
    if(TARGET ${part})
        list(APPEND parts ${part})
    endif()
endforeach()
if(TARGET ggml-cuda) # compiled as the module is, so that ccache has it after either
    set_target_properties(ggml-cuda PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_compile_definitions(ggml-cuda PRIVATE GGML_SHARED GGML_BACKEND_SHARED GGML_BACKEND_BUILD)
endif()
set(files "")
foreach(part ${parts})
    list(APPEND files $<TARGET_FILE:${part}>)
endforeach()
if(APPLE)
    set(merge libtool -static -o ${OUT}/libllm.a ${files})
else()
    string(REPLACE ";" "\naddlib " addlibs "${files}")
    file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/merge.mri
        CONTENT "create ${OUT}/libllm.a\naddlib ${addlibs}\nsave\nend\n")
    set(merge ${CMAKE_AR} -M < ${CMAKE_BINARY_DIR}/merge.mri)
endif()
add_custom_command(OUTPUT ${OUT}/libllm.a COMMAND ${merge} DEPENDS ${parts} VERBATIM
    COMMENT "Merging libllm.a")

# For tests only: upstream's generator of tiny models, one of each architecture.
add_executable(llm_tiny_models EXCLUDE_FROM_ALL ${LLAMA}/tests/test-llama-archs.cpp)
target_link_libraries(llm_tiny_models PRIVATE llama-common llama)
target_include_directories(llm_tiny_models SYSTEM PRIVATE ${LLAMA}/src)
set_target_properties(llm_tiny_models PROPERTIES OUTPUT_NAME tiny-models RUNTIME_OUTPUT_DIRECTORY ${OUT}/bin)

add_custom_target(llm_archive DEPENDS ${OUT}/libllm.a llm_reference llm_tiny_models)
