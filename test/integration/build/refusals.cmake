# SPDX-License-Identifier: BSL-1.0
cmake_minimum_required(VERSION 3.25)

# Fails unless `text` contains `words`, however the lines are broken.
function(expect text words)
    string(REGEX REPLACE "[ \n]+" " " text "${text}")
    string(FIND "${text}" "${words}" at)
    if(at EQUAL -1)
        message(FATAL_ERROR "expected: ${words}\nin: ${text}")
    endif()
endfunction()

# What the check says about a compiler.
function(problem_of id version result)
    set(CMAKE_CXX_COMPILER_ID ${id})
    set(CMAKE_CXX_COMPILER_VERSION ${version})
    set(CMAKE_CXX_COMPILER compiler)
    include(${SOURCE_DIR}/tools/cmake/check_compiler.cmake)
    set(${result} "${rill_compiler_problem}" PARENT_SCOPE)
endfunction()

# What configuring the project says; it must fail.
function(configure result)
    execute_process(
        COMMAND ${CMAKE_COMMAND} --fresh -G Ninja -S ${SOURCE_DIR} -B ${BINARY_DIR}/${CASE}
            -D CMAKE_CXX_COMPILER=${CXX} ${ARGN}
        RESULT_VARIABLE status
        OUTPUT_VARIABLE output
        ERROR_VARIABLE output
    )
    if(status EQUAL 0)
        message(FATAL_ERROR "configured all the same:\n${output}")
    endif()
    set(${result} "${output}" PARENT_SCOPE)
endfunction()

if(CASE STREQUAL "compiler")
    problem_of(GNU 12.2.0 problem)
    expect("${problem}" "g++ 12 miscompiles coroutines")
    expect("${problem}" "corrupts memory without a warning")
    expect("${problem}" "install clang-19")
    problem_of(Clang 15.0.7 problem)
    expect("${problem}" "needs clang 16 or newer")
    foreach(usable "GNU;13.1.0" "GNU;14.2.0" "Clang;16.0.6" "Clang;19.1.7")
        problem_of(${usable} problem)
        if(problem)
            message(FATAL_ERROR "${usable} refused: ${problem}")
        endif()
    endforeach()
    # Where the machine has such a compiler, as Debian 12 does, the whole way.
    find_program(GXX NAMES g++)
    if(GXX)
        execute_process(COMMAND ${GXX} -dumpversion OUTPUT_VARIABLE version)
        if(version VERSION_LESS 13)
            configure(output -D CMAKE_CXX_COMPILER=${GXX})
            expect("${output}" "g++ 12 miscompiles coroutines")
        endif()
    endif()
elseif(CASE STREQUAL "old_boost")
    file(WRITE ${BINARY_DIR}/boost_1_82/boost/version.hpp
        "#define BOOST_VERSION 108200\n#define BOOST_LIB_VERSION \"1_82\"\n"
    )
    configure(output -D Boost_INCLUDE_DIR=${BINARY_DIR}/boost_1_82)
    expect("${output}" "Boost 1.83 or newer; found: 1.82")
    expect("${output}" "libboost1.83-dev from bookworm-backports")
elseif(CASE STREQUAL "no_boost")
    configure(output -D Boost_INCLUDE_DIR=${BINARY_DIR}/nowhere)
    expect("${output}" "Boost 1.83 or newer; found: none")
    expect("${output}" "install libboost-dev")
else()
    message(FATAL_ERROR "no such case: ${CASE}")
endif()
