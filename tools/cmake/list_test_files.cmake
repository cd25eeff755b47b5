# SPDX-License-Identifier: BSL-1.0
#
# Run after a test program is built: asks it for the files that its cases are in and writes one
# add_test() for each. A process for each case would cost more than most cases do.
cmake_minimum_required(VERSION 3.25)
execute_process(
    COMMAND ${PROGRAM} --list-test-cases --reporters=xml
    OUTPUT_VARIABLE output
    COMMAND_ERROR_IS_FATAL ANY
)
string(REGEX MATCHALL " filename=\"[^\"]*\"" files "${output}")
list(TRANSFORM files REPLACE ".*[/\"]([^/\"]+)\"$" "\\1")
list(REMOVE_DUPLICATES files)

set(script "")
foreach(file IN LISTS files)
    string(APPEND script
        "add_test([==[${PREFIX}: ${file}]==] [==[${PROGRAM}]==] [==[--source-file=*/${file}]==])\n"
        "set_tests_properties([==[${PREFIX}: ${file}]==] PROPERTIES "
        "LABELS \"${LABELS}\" ENVIRONMENT RILL_TEST_TIMEOUT=${TIMEOUT} "
        "FAIL_REGULAR_EXPRESSION \"test cases:[ ]*0 [|]\")\n"
    )
endforeach()
file(WRITE ${FILE} "${script}")
