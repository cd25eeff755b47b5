# SPDX-License-Identifier: BSL-1.0
#
# tools/setup on a machine that lacks doctest-dev, with an apt-get that only notes how it is called.
cmake_minimum_required(VERSION 3.25)
set(bin ${BINARY_DIR}/setup/bin)
set(calls ${BINARY_DIR}/setup/calls)
file(REMOVE_RECURSE ${BINARY_DIR}/setup)

function(write_program name script)
    file(WRITE ${bin}/${name} "#!/bin/sh\n${script}\n")
    file(CHMOD ${bin}/${name} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endfunction()

write_program(dpkg-query [[for name; do :; done; [ "$name" = doctest-dev ] || printf installed]])
write_program(apt-cache [[echo "Package: any"]])
write_program(apt-get "echo \"$@\" >>${calls}; exit $(cat ${bin}/apt-get-status)")
write_program(sudo [[exec "$@"]])

function(run_setup status)
    file(WRITE ${bin}/apt-get-status "${status}")
    file(WRITE ${calls} "")
    set(ENV{PATH} "${bin}:$ENV{PATH}")
    execute_process(
        COMMAND ${SOURCE_DIR}/tools/setup ${ARGN}
        INPUT_FILE /dev/null
        RESULT_VARIABLE result
        OUTPUT_VARIABLE output
        ERROR_VARIABLE errors
    )
    file(READ ${calls} made)
    foreach(name result output errors made)
        set(${name} "${${name}}" PARENT_SCOPE)
    endforeach()
endfunction()

function(expect text words)
    if(NOT text MATCHES "${words}")
        message(FATAL_ERROR "expected: ${words}\nin: ${text}")
    endif()
endfunction()

run_setup(0 --dry-run)
expect("${result}" "^0$")
expect("${output}" "would install with apt-get, and what these depend on: doctest-dev\n")
expect("[${made}]" "^\\[\\]$")

run_setup(0)
expect("${result}" "^0$")
expect("${output}" "^setup: installing with apt-get, and what these depend on: doctest-dev\n")
expect("${made}" "install --no-remove [^\n]*doctest-dev\n")

run_setup(1) # as apt-get does where it would have to remove something
expect("${result}" "^1$")
expect("${errors}" "apt-get could not install doctest-dev")
