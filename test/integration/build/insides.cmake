# SPDX-License-Identifier: BSL-1.0
#
# rill::detail is core's own. The layers above it see of core's inside what rill/extend.hpp and its
# parts name, and those above net what rill/extend_net.hpp names.
cmake_minimum_required(VERSION 3.25)
set(found "")
function(look_into layer pattern)
    file(GLOB_RECURSE files RELATIVE ${SOURCE_DIR} ${SOURCE_DIR}/framework/${layer}/*.[hc]pp)
    foreach(file IN LISTS files)
        file(STRINGS ${SOURCE_DIR}/${file} lines REGEX "${pattern}")
        foreach(line IN LISTS lines)
            string(APPEND found "\n  ${file}: ${line}")
        endforeach()
    endforeach()
    set(found "${found}" PARENT_SCOPE)
endfunction()

foreach(layer IN ITEMS net http app testing)
    look_into(${layer} "include <rill/detail/(loop|wait|watch)/|rill::detail::|using namespace detail")
endforeach()
foreach(layer IN ITEMS http app)
    look_into(${layer} "net_detail")
endforeach()
if(found)
    message(FATAL_ERROR "the inside of a lower layer is used; extend.hpp names what may be:${found}")
endif()
