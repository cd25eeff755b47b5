# SPDX-License-Identifier: BSL-1.0
#
# Compiles SOURCE as a user without CMake does, with what pkg-config says of PACKAGE, and runs it
# with ARGUMENTS.
cmake_minimum_required(VERSION 3.25)
file(GLOB_RECURSE found ${PREFIX}/*/${PACKAGE}.pc)
cmake_path(GET found PARENT_PATH directory)
set(ENV{PKG_CONFIG_PATH} ${directory})
execute_process(
    COMMAND ${PKG_CONFIG} --cflags --libs ${PACKAGE}
    OUTPUT_VARIABLE flags
    COMMAND_ERROR_IS_FATAL ANY
)
separate_arguments(flags UNIX_COMMAND "${flags}")
execute_process(
    COMMAND ${CXX} -std=c++20 ${SOURCE} ${flags} -o ${PROGRAM}
    COMMAND_ERROR_IS_FATAL ANY
)
execute_process(
    COMMAND ${PROGRAM} ${ARGUMENTS}
    COMMAND_ERROR_IS_FATAL ANY
)
