# SPDX-License-Identifier: BSL-1.0
#
# Run after a test program is built: asks it for its cases and writes one add_test() for each.
# doctest ships a script like this, which stumbles over brackets and semicolons in a case's name
# and takes a name that selects nothing for a success.
cmake_minimum_required(VERSION 3.25)
execute_process(
    COMMAND ${PROGRAM} --list-test-cases --no-version
    OUTPUT_VARIABLE output
    COMMAND_ERROR_IS_FATAL ANY
)

set(script "")
while(output MATCHES "^([^\n]*)\n")
    set(case "${CMAKE_MATCH_1}")
    string(LENGTH "${case}" length)
    math(EXPR length "${length} + 1")
    string(SUBSTRING "${output}" ${length} -1 output)
    if(case STREQUAL "" OR case MATCHES "^(====|\\[doctest\\])")
        continue()
    endif()
    string(REPLACE "\\" "\\\\" filter "${case}")
    string(REPLACE "," "\\," filter "${filter}") # a comma separates two filters
    string(APPEND script
        "add_test([==[${PREFIX}: ${case}]==] [==[${PROGRAM}]==] [==[--test-case=${filter}]==])\n"
        "set_tests_properties([==[${PREFIX}: ${case}]==] PROPERTIES TIMEOUT ${TIMEOUT} "
        "FAIL_REGULAR_EXPRESSION \"test cases:[ ]*0 [|]\")\n"
    )
endwhile()
file(WRITE ${FILE} "${script}")
