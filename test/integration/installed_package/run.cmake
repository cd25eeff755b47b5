# SPDX-License-Identifier: BSL-1.0
#
# Builds a project as an outsider would, against the installed package in PREFIX or with the sources
# in RILL, and runs its programs.
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE ${DIRECTORY})
execute_process(
    COMMAND ${CMAKE_COMMAND} -G Ninja -S ${PROJECT} -B ${DIRECTORY}
        -D CMAKE_PREFIX_PATH=${PREFIX}
        -D CMAKE_CXX_COMPILER=${CXX}
        -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}
        -D Boost_INCLUDE_DIR=${BOOST}
        -D FETCHCONTENT_SOURCE_DIR_RILL=${RILL}
    COMMAND_ERROR_IS_FATAL ANY
)
execute_process(
    COMMAND ${CMAKE_COMMAND} --build ${DIRECTORY} --target ${PROGRAMS}
    COMMAND_ERROR_IS_FATAL ANY
)
foreach(program IN LISTS PROGRAMS)
    execute_process(
        COMMAND ${DIRECTORY}/${program}
        COMMAND_ERROR_IS_FATAL ANY
    )
endforeach()
