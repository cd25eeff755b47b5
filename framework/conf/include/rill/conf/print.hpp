// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/conf/load.hpp>
#include <rill/schema.hpp>

#include <string>

namespace rill::conf {

/// The settings in effect as TOML, each with its origin as a comment; secrets as "***".
std::string
print_config(const rill::described::table& table, const void* object, const report& report);

/// The commented conf file of a settings struct: every key at its default, with help, unit and
/// range. What stands in conf/ is this text, and a test compares the two.
std::string reference(const rill::described::table& table, const void* defaults);

template <class T>
std::string print_config(const loaded<T>& settings)
{
    return print_config(rill::described::table_of<T>(), &*settings, settings.report());
}

template <class T>
std::string reference()
{
    const T defaults{};
    return reference(rill::described::table_of<T>(), &defaults);
}

} // namespace rill::conf
