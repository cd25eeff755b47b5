# SPDX-License-Identifier: BSL-1.0
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE ${DIRECTORY}/prefix ${DIRECTORY}/build)
execute_process(
    COMMAND ${CMAKE_COMMAND} --install ${RILL_BINARY_DIR} --prefix ${DIRECTORY}/prefix
    OUTPUT_QUIET
    COMMAND_ERROR_IS_FATAL ANY
)
execute_process(
    COMMAND ${CMAKE_COMMAND} -G Ninja -S ${PROJECT} -B ${DIRECTORY}/build
        -D CMAKE_PREFIX_PATH=${DIRECTORY}/prefix
        -D CMAKE_BUILD_TYPE=${BUILD_TYPE}
        -D CMAKE_CXX_COMPILER=${CXX}
        -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}
        -D Boost_INCLUDE_DIR=${BOOST}
    COMMAND_ERROR_IS_FATAL ANY
)
execute_process(
    COMMAND ${CMAKE_COMMAND} --build ${DIRECTORY}/build
    COMMAND_ERROR_IS_FATAL ANY
)
foreach(program IN ITEMS uses_core uses_net)
    execute_process(
        COMMAND ${DIRECTORY}/build/${program}
        COMMAND_ERROR_IS_FATAL ANY
    )
endforeach()
