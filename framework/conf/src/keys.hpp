// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "described.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rill::conf::detail {

/// A key or section of an object.
struct place {
    const detail::table* table = nullptr; // that has the field
    const detail::field* field = nullptr; // null: there is no such key
    void* object = nullptr;               // the struct that has the field
};

/// Null if the table has no field of that name.
const field* find_in(const table& in, std::string_view name);

/// Finds by the dotted path, "server.port".
place find(const table& in, void* object, const std::string& path);

/// The keys of a table and of its sections, as dotted paths, in the order of their description.
std::vector<std::string> paths_of(const table& of);

/// A dotted path without its last name; empty for a key above the first section.
std::string section_of(const std::string& path);

/// Somebody's key as a message may show it: on one line, and not too long.
std::string printable(const std::string& key);

} // namespace rill::conf::detail
