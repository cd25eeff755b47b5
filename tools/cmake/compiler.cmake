# SPDX-License-Identifier: BSL-1.0
#
# Chooses the compiler where nobody else did. g++ 12 miscompiles coroutines (see
# check_compiler.cmake) and is what Debian 12 calls c++, so a newer clang or g++ beside it
# is taken instead. -DCMAKE_CXX_COMPILER, a toolchain file and CXX all go first.
if(CMAKE_CXX_COMPILER OR CMAKE_TOOLCHAIN_FILE OR DEFINED ENV{CXX})
    return()
endif()

find_program(RILL_DEFAULT_CXX NAMES c++ g++)
mark_as_advanced(RILL_DEFAULT_CXX)
if(RILL_DEFAULT_CXX)
    # Defined by g++ and by clang, which claims to be g++ 4.
    execute_process(
        COMMAND ${RILL_DEFAULT_CXX} -E -P -x c++ -
        INPUT_FILE ${CMAKE_CURRENT_LIST_DIR}/compiler_is_usable.in
        OUTPUT_VARIABLE usable
        ERROR_QUIET
    )
    if(usable MATCHES "usable")
        return()
    endif()
endif()

find_program(RILL_CXX NAMES
    clang++-21
    clang++-20
    clang++-19
    clang++-18
    clang++-17
    clang++-16
    g++-15
    g++-14
    g++-13
)
mark_as_advanced(RILL_CXX)
if(RILL_CXX)
    set(CMAKE_CXX_COMPILER ${RILL_CXX} CACHE FILEPATH "C++ compiler")
endif()
