# SPDX-License-Identifier: BSL-1.0
#
# Finds Boost's headers; no compiled Boost library is used. RILL_BOOST_ROOT, BOOST_ROOT and
# Boost_ROOT (prefixes) or Boost_INCLUDE_DIR choose others than the distribution's. Sets
# rill_boost_version, and rill_boost_problem if they will not do. The installed package runs this
# file too.
set(rill_boost_minimum 1.83)
set(rill_boost_version "none")
set(rill_boost_problem "")

if(TARGET Boost::headers)
    get_target_property(Boost_INCLUDE_DIR Boost::headers INTERFACE_INCLUDE_DIRECTORIES)
else()
    find_path(Boost_INCLUDE_DIR
        NAMES boost/version.hpp
        HINTS ${RILL_BOOST_ROOT} ${BOOST_ROOT} ${Boost_ROOT} ENV BOOST_ROOT
        PATH_SUFFIXES include
        DOC "The directory that contains boost/version.hpp"
    )
    mark_as_advanced(Boost_INCLUDE_DIR)
endif()

if(EXISTS "${Boost_INCLUDE_DIR}/boost/version.hpp")
    file(STRINGS "${Boost_INCLUDE_DIR}/boost/version.hpp" rill_boost_version
        REGEX "define BOOST_LIB_VERSION"
    )
    string(REGEX REPLACE ".*\"([0-9_]+)\".*" "\\1" rill_boost_version "${rill_boost_version}")
    string(REPLACE "_" "." rill_boost_version "${rill_boost_version}")
endif()

if(rill_boost_version STREQUAL "none" OR rill_boost_version VERSION_LESS rill_boost_minimum)
    string(CONCAT rill_boost_problem
        "Rill needs the headers of Boost ${rill_boost_minimum} or newer; found: "
        "${rill_boost_version} (${Boost_INCLUDE_DIR}).\n"
        "Older releases of Asio lose items of closed channels and cancel only some operations.\n"
        "On Debian 12 run tools/setup, or install libboost1.83-dev from bookworm-backports. "
        "Elsewhere install libboost-dev, or name the prefix of a newer release with "
        "-DRILL_BOOST_ROOT=<prefix> in an empty build directory."
    )
elseif(NOT TARGET Boost::headers)
    add_library(Boost::headers INTERFACE IMPORTED)
    target_include_directories(Boost::headers INTERFACE ${Boost_INCLUDE_DIR})
endif()
