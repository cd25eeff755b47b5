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

# A newer compiler warns of more, so warnings are errors only where somebody asks for it: with ON, or
# with KNOWN, which tools/test says: for the compilers that the project is kept free of warnings for.
set(RILL_WERROR OFF CACHE STRING "Treat warnings as errors: OFF, ON, or KNOWN compilers' only")
set_property(CACHE RILL_WERROR PROPERTY STRINGS OFF ON KNOWN)
set(rill_werror ${RILL_WERROR})
if(RILL_WERROR STREQUAL "KNOWN")
    string(REGEX MATCH "^[0-9]+" major "${CMAKE_CXX_COMPILER_VERSION}")
    if("${CMAKE_CXX_COMPILER_ID} ${major}" MATCHES "^(Clang 19|GNU 13|GNU 14)$")
        set(rill_werror ON)
    else()
        set(rill_werror OFF)
    endif()
endif()
if(rill_werror)
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

# Most test programs are compiled with these options too. An optimiser would take most of the time
# that tests need; what the tests are about is compiled apart, in the libraries.
set(RILL_TEST_OPTIONS "" CACHE STRING "Further compiler options for tests")

option(RILL_CHECK_HEADERS "Compile each public header alone too" OFF)

find_program(RILL_CCACHE NAMES ccache)
mark_as_advanced(RILL_CCACHE)
if(RILL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # It passes by sources with a precompiled header unless it may take these two lightly (nothing
    # here uses __DATE__ or __TIME__), and must not preprocess them, for which clang would look for
    # each precompiled header's own includes.
    set(sloppiness "pch_defines,time_macros")
    execute_process(
        COMMAND ${RILL_CCACHE} --get-config sloppiness
        OUTPUT_VARIABLE users
        OUTPUT_STRIP_TRAILING_WHITESPACE
        ERROR_QUIET
    )
    if(users)
        string(REPLACE " " "" users "${users}")
        string(PREPEND sloppiness "${users},")
    endif()
    set(CMAKE_CXX_COMPILER_LAUNCHER
        env CCACHE_DEPEND=1 CCACHE_SLOPPINESS=${sloppiness} ${RILL_CCACHE}
    )
endif()

include(CheckLinkerFlag)
check_linker_flag(CXX -fuse-ld=lld RILL_HAVE_LLD)
if(RILL_HAVE_LLD)
    add_link_options(-fuse-ld=lld)
endif()
