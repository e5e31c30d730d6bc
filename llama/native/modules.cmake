# Included by CMakeLists.txt where the engine is shared: our C++ is an archive that the
# program links, and the engine's libraries and modules lie in one folder.
set_target_properties(llm_native PROPERTIES OUTPUT_NAME llm ARCHIVE_OUTPUT_DIRECTORY ${OUT})

set(modules "")
foreach(module ${GGML_AVAILABLE_BACKENDS})
    if(TARGET ${module}) # the list is a cached one
        list(APPEND modules ${module})
    endif()
endforeach()
set(libraries llama-common llama ggml ggml-base ${modules})
set_target_properties(${libraries} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${OUT}/lib)
# No versions: the folder is the program's own, and modules of the same release that
# others built look for libggml-base.so.
foreach(property VERSION SOVERSION)
    set_property(TARGET ${libraries} PROPERTY ${property})
endforeach()
if(TARGET ggml-cuda) # cuBLAS, of the toolkit that it was built with
    set_target_properties(ggml-cuda PROPERTIES INSTALL_RPATH "$ORIGIN;$ORIGIN/../toolkit/lib64")
endif()
add_custom_target(llm_archive DEPENDS llm_native llm_reference ${libraries})
