# SPDX-License-Identifier: BSL-1.0
cmake_minimum_required(VERSION 3.25)

file(READ ${SOURCE} text)
if(NOT text MATCHES "\n// expect: ([^\n]+)\n")
    message(FATAL_ERROR "${SOURCE}: no line says what to expect")
endif()
set(expected "${CMAKE_MATCH_1}")
set(most_lines 15) # of a message, so that the sentence is seen

set(ENV{LC_ALL} C) # diagnostics are translated, and their quotes differ
function(compile)
    execute_process(
        COMMAND ${CXX} @${OPTIONS} -fsyntax-only ${ARGN} ${SOURCE}
        RESULT_VARIABLE status
        OUTPUT_VARIABLE output
        ERROR_VARIABLE output
    )
    set(status "${status}" PARENT_SCOPE)
    set(output "${output}" PARENT_SCOPE)
endfunction()

compile(-DCORRECT)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "the correct form does not compile:\n${output}")
endif()
compile()
if(status EQUAL 0)
    message(FATAL_ERROR "the mistake compiles")
endif()
if(NOT output MATCHES "${expected}")
    message(FATAL_ERROR "the compiler does not say \"${expected}\":\n${output}")
endif()
string(REGEX MATCHALL "\n" lines "${output}")
list(LENGTH lines count)
if(CXX MATCHES "clang" AND count GREATER most_lines)
    message(FATAL_ERROR "the compiler prints ${count} lines, and ${most_lines} are enough:\n${output}")
endif()
