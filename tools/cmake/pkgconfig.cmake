# SPDX-License-Identifier: BSL-1.0
#
# A pkg-config file for each layer, rill-core and so on, for those who build without CMake. The
# prefix is found from where the file lies, so `cmake --install --prefix` may choose it.
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH rill_pc_to_prefix /${pkgconfig_dir} /)
string(REGEX REPLACE "/$" "" rill_pc_to_prefix "${rill_pc_to_prefix}")

# What a package of rill_add_layer is for pkg-config, where that has it.
set(rill_pc_of_OpenSSL openssl)
set(rill_pc_of_spdlog spdlog)

# A header directory that compilers know needs no option, and must not come before others.
set(rill_pc_boost "")
if(NOT Boost_INCLUDE_DIR IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
    set(rill_pc_boost " -I${Boost_INCLUDE_DIR}")
endif()

function(rill_install_pkgconfig layer)
    get_property(requires GLOBAL PROPERTY RILL_${layer}_REQUIRES)
    get_property(packages GLOBAL PROPERTY RILL_${layer}_PACKAGES)
    get_target_property(type rill_${layer} TYPE)
    get_target_property(definitions rill_${layer} INTERFACE_COMPILE_DEFINITIONS)
    set(all "")
    foreach(required IN LISTS requires)
        list(APPEND all "rill-${required} = ${PROJECT_VERSION}")
    endforeach()
    foreach(package IN LISTS packages)
        list(APPEND all ${rill_pc_of_${package}})
    endforeach()
    list(JOIN all ", " rill_pc_requires)
    set(rill_pc_cflags "-pthread${rill_pc_boost}")
    foreach(definition IN LISTS definitions)
        if(definition)
            string(APPEND rill_pc_cflags " -D${definition}")
        endif()
    endforeach()
    set(rill_pc_libs "-pthread")
    if(NOT type STREQUAL "INTERFACE_LIBRARY")
        string(PREPEND rill_pc_libs "-L\${libdir} -lrill_${layer} ")
    endif()
    set(rill_pc_name rill-${layer})
    configure_file(tools/cmake/rill.pc.in ${rill_pc_name}.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${rill_pc_name}.pc DESTINATION ${pkgconfig_dir})
endfunction()
