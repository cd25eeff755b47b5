# SPDX-License-Identifier: BSL-1.0
#
# Installs every layer as a component of the package: find_package(rill COMPONENTS core net).
# Each layer is an export set of its own, so that a user of core needs nothing but Boost.
include(CMakePackageConfigHelpers)
include(tools/cmake/pkgconfig.cmake)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/rill)

get_property(layers GLOBAL PROPERTY RILL_LAYERS)
set(RILL_COMPONENTS "")
foreach(layer IN LISTS layers)
    install(TARGETS rill_${layer}
        EXPORT rill_${layer}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILE_SET details DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    )
    install(EXPORT rill_${layer}
        FILE rill-${layer}.cmake
        NAMESPACE rill::
        DESTINATION ${package_dir}
    )
    rill_install_pkgconfig(${layer})
    get_property(requires GLOBAL PROPERTY RILL_${layer}_REQUIRES)
    get_property(packages GLOBAL PROPERTY RILL_${layer}_PACKAGES)
    string(APPEND RILL_COMPONENTS
        "set(rill_${layer}_requires ${requires})\n"
        "set(rill_${layer}_packages ${packages})\n"
    )
endforeach()
list(JOIN layers " " RILL_COMPONENT_NAMES)

configure_package_config_file(tools/cmake/rillConfig.cmake.in rillConfig.cmake
    INSTALL_DESTINATION ${package_dir}
    NO_SET_AND_CHECK_MACRO
)
write_basic_package_version_file(rillConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(
    FILES
        ${CMAKE_CURRENT_BINARY_DIR}/rillConfig.cmake
        ${CMAKE_CURRENT_BINARY_DIR}/rillConfigVersion.cmake
        tools/cmake/boost.cmake
        tools/cmake/check_compiler.cmake
    DESTINATION ${package_dir}
)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
