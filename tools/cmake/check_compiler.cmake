# SPDX-License-Identifier: BSL-1.0
#
# Sets rill_compiler_problem if the compiler's coroutines cannot be trusted. The installed package
# runs this file too: the headers are full of coroutines.
set(rill_compiler_problem "")
set(rill_compiler "${CMAKE_CXX_COMPILER_VERSION} (${CMAKE_CXX_COMPILER})")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    string(CONCAT rill_compiler_problem
        "Rill needs g++ 13 or newer, or clang 16 or newer; this is g++ ${rill_compiler}.\n"
        "g++ 12 miscompiles coroutines: it destroys temporaries of an expression with co_await "
        "twice, which corrupts memory without a warning.\n"
    )
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
    string(CONCAT rill_compiler_problem
        "Rill needs clang 16 or newer, or g++ 13 or newer; this is clang ${rill_compiler}.\n"
        "Older releases lack parts of C++20 that Rill and the standard library use.\n"
    )
endif()
if(rill_compiler_problem)
    string(APPEND rill_compiler_problem
        "On Debian 12 run tools/setup, or install clang-19 and libclang-rt-19-dev. Elsewhere "
        "install g++-13 or newer. Then configure in an empty build directory, with "
        "-DCMAKE_CXX_COMPILER=clang++-19 if it is not found by itself."
    )
endif()
