# SPDX-License-Identifier: BSL-1.0
#
# Sources are listed by hand, so that a diff shows what joined. This finds those that nobody
# listed: tests that would never run, headers that would be neither checked nor installed.
cmake_minimum_required(VERSION 3.25)
file(GLOB_RECURSE files
    RELATIVE ${SOURCE_DIR}
    ${SOURCE_DIR}/framework/*/include/*.hpp
    ${SOURCE_DIR}/framework/*.cpp
    ${SOURCE_DIR}/services/*.cpp
    ${SOURCE_DIR}/test/*.cpp
    ${SOURCE_DIR}/tools/*.cpp
)
set(unlisted "")
foreach(file IN LISTS files)
    # The list is in the next CMakeLists.txt upwards.
    cmake_path(GET file PARENT_PATH directory)
    while(directory AND NOT EXISTS ${SOURCE_DIR}/${directory}/CMakeLists.txt)
        cmake_path(GET directory PARENT_PATH directory)
    endwhile()
    cmake_path(RELATIVE_PATH file BASE_DIRECTORY ${directory} OUTPUT_VARIABLE name)
    file(READ ${SOURCE_DIR}/${directory}/CMakeLists.txt list)
    string(REGEX REPLACE "[()\n ]+" ";" list "${list}")
    if(NOT name IN_LIST list)
        string(APPEND unlisted "\n  ${name} in ${directory}/CMakeLists.txt")
    endif()
endforeach()

# A folder of tests that its parent does not add is as good as unlisted, unless it is a project.
file(GLOB_RECURSE lists RELATIVE ${SOURCE_DIR} ${SOURCE_DIR}/test/*/CMakeLists.txt)
foreach(file IN LISTS lists)
    cmake_path(GET file PARENT_PATH directory)
    cmake_path(GET directory FILENAME name)
    cmake_path(GET directory PARENT_PATH parent)
    if(EXISTS ${SOURCE_DIR}/${parent}/CMakeLists.txt)
        file(READ ${SOURCE_DIR}/${parent}/CMakeLists.txt text)
        file(READ ${SOURCE_DIR}/${file} own)
        if(NOT text MATCHES "add_subdirectory\\(${name}\\)" AND NOT own MATCHES "\nproject\\(")
            string(APPEND unlisted "\n  ${name} in ${parent}/CMakeLists.txt")
        endif()
    endif()
endforeach()

if(unlisted)
    message(FATAL_ERROR "not listed:${unlisted}")
endif()
