# SPDX-License-Identifier: BSL-1.0
#
# What every target of this project is built with.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON) # users may link the layers into a shared library

# Warnings concern our own sources only: layers link this PRIVATE, and Boost is SYSTEM.
add_library(rill_warnings INTERFACE)
target_compile_options(rill_warnings INTERFACE
    -Wall
    -Wextra
    -Wpedantic
    -Wconversion
    -Wno-sign-conversion # std::ptrdiff_t against std::size_t, everywhere, to no avail
    -Woverloaded-virtual
    -Wold-style-cast
    -Wimplicit-fallthrough
)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(rill_warnings INTERFACE
        -Wshadow=local # as clang means it: without the names of members and types
        -Wno-mismatched-new-delete # wrong where a coroutine frame's delete is inlined (g++ 13)
    )
else()
    target_compile_options(rill_warnings INTERFACE -Wshadow)
endif()
option(RILL_WERROR "Treat warnings as errors" ${PROJECT_IS_TOP_LEVEL})
if(RILL_WERROR)
    target_compile_options(rill_warnings INTERFACE -Werror)
endif()

if(NOT PROJECT_IS_TOP_LEVEL)
    return()
endif()

# RILL_SANITIZE is a list for -fsanitize=, such as address,undefined. The presets set it.
set(RILL_SANITIZE "" CACHE STRING "Sanitizers to build everything with")
if(RILL_SANITIZE)
    add_compile_options(
        -fsanitize=${RILL_SANITIZE}
        -fno-sanitize-recover=all
        -fno-omit-frame-pointer
    )
    add_link_options(-fsanitize=${RILL_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # g++ says itself that sanitizers make this warning wrong, also in system headers.
        target_compile_options(rill_warnings INTERFACE -Wno-maybe-uninitialized)
    endif()
endif()

find_program(RILL_CCACHE NAMES ccache)
mark_as_advanced(RILL_CCACHE)
if(RILL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${RILL_CCACHE})
endif()

include(CheckLinkerFlag)
check_linker_flag(CXX -fuse-ld=lld RILL_HAVE_LLD)
if(RILL_HAVE_LLD)
    add_link_options(-fuse-ld=lld)
endif()
