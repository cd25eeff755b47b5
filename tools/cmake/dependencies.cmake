# SPDX-License-Identifier: BSL-1.0
#
# Every dependency, in one place. All come from the distribution; tools/setup installs them.
include(tools/cmake/check_compiler.cmake)
include(tools/cmake/boost.cmake) # Asio, Beast, URL, JSON: headers, compiled in the layers
if(rill_compiler_problem)
    message(FATAL_ERROR "${rill_compiler_problem}")
elseif(rill_boost_problem)
    message(FATAL_ERROR "${rill_boost_problem}")
endif()
message(STATUS "Boost ${rill_boost_version}: ${Boost_INCLUDE_DIR}")

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED) # net: TLS
find_package(spdlog REQUIRED)      # app: logging
find_package(CLI11 REQUIRED)       # app: the command line; header-only
if(RILL_TESTS)
    find_package(doctest REQUIRED)
endif()

# conf: the syntax of settings. Its headers only: the distributions' library is built with
# exceptions and assertions, which conf/src/document.cpp turns off.
find_path(RILL_TOML_INCLUDE_DIR NAMES toml++/toml.h REQUIRED)
mark_as_advanced(RILL_TOML_INCLUDE_DIR)
add_library(rill_toml INTERFACE)
target_include_directories(rill_toml SYSTEM INTERFACE ${RILL_TOML_INCLUDE_DIR})

# rill-top: the live screen. Characters beyond ASCII need the wide variant.
if(RILL_TOOLS)
    set(CURSES_NEED_WIDE TRUE)
    set(CURSES_NEED_NCURSES TRUE)
    find_package(Curses REQUIRED)
    add_library(rill_ncurses INTERFACE)
    target_include_directories(rill_ncurses SYSTEM INTERFACE ${CURSES_INCLUDE_DIRS})
    target_link_libraries(rill_ncurses INTERFACE ${CURSES_LIBRARIES})
endif()
