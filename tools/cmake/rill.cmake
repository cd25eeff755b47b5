# SPDX-License-Identifier: BSL-1.0
#
# The functions that keep each folder's CMakeLists.txt a short list.
include_guard(GLOBAL)
include(GNUInstallDirs)

# rill_add_layer(<name>
#     SOURCES      src/….cpp             compiled into librill_<name>.a; none: header-only
#     HEADERS      include/rill/….hpp    those in rill/detail too, which no user includes himself
#     LINK         rill::… Boost::…      what users of the layer need too
#     LINK_PRIVATE …                     what only the sources need
#     PACKAGES     …                     the packages that the two lines above come from
# )
# Defines rill_<name>, with the alias rill::<name>, and its install rules as component <name>.
function(rill_add_layer name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS;LINK;LINK_PRIVATE;PACKAGES")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "rill_add_layer(${name}): unknown: ${arg_UNPARSED_ARGUMENTS}")
    endif()

    set(target rill_${name})
    if(arg_SOURCES)
        set(scope PUBLIC)
        add_library(${target} STATIC ${arg_SOURCES})
        target_link_libraries(${target} PRIVATE ${arg_LINK_PRIVATE} $<BUILD_INTERFACE:rill_warnings>)
    else()
        set(scope INTERFACE)
        add_library(${target} INTERFACE)
    endif()
    add_library(rill::${name} ALIAS ${target})
    target_compile_features(${target} ${scope} cxx_std_20)
    target_link_libraries(${target} ${scope} ${arg_LINK})
    set(not_by_itself "/(detail|impl)/|/src.hpp$") # included by the others, or a source file
    set(details ${arg_HEADERS})
    list(FILTER details INCLUDE REGEX "${not_by_itself}")
    list(FILTER arg_HEADERS EXCLUDE REGEX "${not_by_itself}")
    target_sources(${target} ${scope}
        FILE_SET HEADERS
        BASE_DIRS include
        FILES ${arg_HEADERS}
    )
    target_sources(${target} ${scope}
        FILE_SET details TYPE HEADERS
        BASE_DIRS include
        FILES ${details}
    )
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
    if(RILL_CHECK_HEADERS AND arg_HEADERS)
        rill_check_headers(${name} ${arg_HEADERS})
    endif()

    set_property(GLOBAL APPEND PROPERTY RILL_LAYERS ${name})
    set(requires ${arg_LINK} ${arg_LINK_PRIVATE})
    list(FILTER requires INCLUDE REGEX "^rill::")
    list(TRANSFORM requires REPLACE "^rill::" "")
    set_property(GLOBAL PROPERTY RILL_${name}_REQUIRES "${requires}")
    set_property(GLOBAL PROPERTY RILL_${name}_PACKAGES "${arg_PACKAGES}")
endfunction()

# rill_check_headers(<layer> include/rill/….hpp)
# Compiles each header alone, with what its layer links and no other. CMake's own check of header
# sets would compile core's with every body in them, sixty times.
function(rill_check_headers layer)
    set(sources "")
    foreach(header IN LISTS ARGN)
        string(REGEX REPLACE "^include/" "" header ${header})
        set(source ${CMAKE_CURRENT_BINARY_DIR}/${layer}_headers/${header}.cpp)
        file(CONFIGURE OUTPUT ${source} CONTENT "#include <@header@>\n" @ONLY)
        list(APPEND sources ${source})
    endforeach()
    set(target rill_${layer}_headers)
    add_library(${target} OBJECT ${sources})
    target_link_libraries(${target} PRIVATE rill::${layer})
    target_compile_definitions(${target} PRIVATE
        BOOST_ASIO_SEPARATE_COMPILATION
        RILL_SEPARATE_COMPILATION
        RILL_COROUTINE_PLACES
    )
    target_compile_options(${target} PRIVATE -O0)
endfunction()

# rill_add_service(<name> SOURCES … LINK …)
# Defines the program <name>, and <name>_service, which holds every source but main.cpp: the
# service's tests link that.
function(rill_add_service name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
    set(sources ${arg_SOURCES})
    list(REMOVE_ITEM sources main.cpp)
    add_library(${name}_service OBJECT ${sources})
    target_include_directories(${name}_service PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(${name}_service PUBLIC ${arg_LINK} PRIVATE rill_warnings)
    add_executable(${name} main.cpp)
    target_link_libraries(${name} PRIVATE ${name}_service rill_warnings)
endfunction()

# rill_add_test(<name> [TIMEOUT <seconds>] [INTERNALS <layer>] SOURCES … LINK …)
# Defines one doctest program; each file with cases in it is one test of ctest, "<name>: <file>".
# TIMEOUT is for each case. With INTERNALS, it sees the headers in the layer's src/ too. The labels
# of the program and its tests stand in test/CMakeLists.txt: rill_<label>_tests lists programs, and
# the target <label>_tests builds them.
function(rill_add_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT;INTERNALS" "SOURCES;LINK")
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120) # a hang ends as a failure, a slow machine under load does not
    endif()
    set(labels "")
    foreach(label IN LISTS RILL_TEST_LABELS)
        if(name IN_LIST rill_${label}_tests)
            list(APPEND labels ${label})
        endif()
    endforeach()
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE ${arg_LINK} test_support rill_warnings)
    # g++ 14 takes `std::string(n, c) + "text"` for a write beyond the string, where it is inlined.
    target_compile_options(${name} PRIVATE
        $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds -Wno-restrict -Wno-stringop-overflow>
    )
    set(headers test_headers)
    if(RILL_TEST_OPTIONS AND NOT "smoke" IN_LIST labels)
        set(headers test_headers_with_options)
        target_compile_options(${name} PRIVATE ${RILL_TEST_OPTIONS})
    endif()
    target_precompile_headers(${name} REUSE_FROM ${headers})
    if(TARGET ${headers}_bodies)
        target_link_libraries(${name} PRIVATE ${headers}_bodies)
    endif()
    if(arg_INTERNALS)
        target_include_directories(${name} PRIVATE
            ${PROJECT_SOURCE_DIR}/framework/${arg_INTERNALS}/src
        )
    endif()
    foreach(label IN LISTS labels)
        add_dependencies(${label}_tests ${name})
    endforeach()
    rill_discover_tests(${name} ${arg_TIMEOUT} "${labels}")
endfunction()

# Lists the files of a test program after each build of it.
function(rill_discover_tests target timeout labels)
    set(file ${CMAKE_CURRENT_BINARY_DIR}/${target}_files.cmake)
    add_custom_command(TARGET ${target} POST_BUILD
        COMMAND ${CMAKE_COMMAND}
            -D PROGRAM=$<TARGET_FILE:${target}>
            -D PREFIX=${target}
            -D TIMEOUT=${timeout}
            "-DLABELS=${labels}"
            -D FILE=${file}
            -P ${PROJECT_SOURCE_DIR}/tools/cmake/list_test_files.cmake
        BYPRODUCTS ${file}
        VERBATIM
    )
    set(include_file ${CMAKE_CURRENT_BINARY_DIR}/${target}_include.cmake)
    file(WRITE ${include_file}
        "if(EXISTS \"${file}\")\n"
        "    include(\"${file}\")\n"
        "else()\n"
        "    add_test(\"${target} is not built\" \"${target}\")\n"
        "endif()\n"
    )
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${include_file})
endfunction()
