# The compiler must destroy coroutine arguments exactly once; GCC 12 does not. The probe is built and run here, so
# that a compiler that fails it is refused by name rather than found out at run time.
set(probe_binary ${CMAKE_BINARY_DIR}/coroutine_probe)
set(probe_key "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
if(NOT INNKEEPER_PROBED STREQUAL probe_key)
    execute_process(
        COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -O1 ${CMAKE_SOURCE_DIR}/tools/coroutine_probe.cc -o ${probe_binary}
        RESULT_VARIABLE probe_build ERROR_VARIABLE probe_errors)
    if(probe_build)
        message(FATAL_ERROR "${CMAKE_CXX_COMPILER} (${probe_key}) cannot build tools/coroutine_probe.cc:\n${probe_errors}")
    endif()
    execute_process(COMMAND ${probe_binary} RESULT_VARIABLE probe_run OUTPUT_VARIABLE probe_output)
    if(probe_run)
        message(FATAL_ERROR "${CMAKE_CXX_COMPILER} (${probe_key}) miscompiles coroutines:\n${probe_output}"
            "Use clang++-19 (Debian package clang-19), as the presets do.")
    endif()
    set(INNKEEPER_PROBED ${probe_key} CACHE INTERNAL "compiler that passed the coroutine probe")
endif()

find_program(CCACHE ccache)
if(CCACHE)
    # Paths relative to the tree, so that a second checkout finds the first one's objects.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror -Wno-missing-field-initializers
    -fno-omit-frame-pointer -fstack-protector-strong -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
add_compile_options($<$<CONFIG:RelWithDebInfo>:-gline-tables-only>)
string(REPLACE "-g " "" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO} ")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -gline-tables-only")
add_link_options(-fuse-ld=lld-19 -Wl,-z,relro,-z,now)
if(INNKEEPER_SANITIZE)
    add_compile_options(-fsanitize=${INNKEEPER_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${INNKEEPER_SANITIZE})
endif()
if(INNKEEPER_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
    add_link_options(-fsanitize=fuzzer-no-link)
endif()
