// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "described.hpp"
#include "document.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rill::conf::detail {

/// What came of reading a value: the scalars, or problems.
struct reading {
    rill::described::scalars scalars;
    std::vector<problem> problems;
};

/// Checks a value against its field: type, unit, range, choices, its own condition.
reading read_value(const field& field, const std::string& path, const node& value);

/// The scalar, if the value has the right type and form; range and conditions are another matter.
std::optional<scalar> scalar_of(const field& field, const node& value);

/// The value that a text without quotes stands for, from the environment or a flag. Lists are
/// written as in a file, or with commas alone.
node node_of(const field& field, std::string_view text, const origin& where);

/// A value as it stands in a conf file.
std::string toml_of(const field& field, const scalars& scalars);

} // namespace rill::conf::detail
