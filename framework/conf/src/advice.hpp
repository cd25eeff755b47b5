// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "described.hpp"
#include "document.hpp"

#include <string>

namespace rill::conf::detail {

/// What stands in the file instead of a good value, for the end of a sentence.
std::string found(const field& field, const node& value);

/// What would be right in the place of a value that has the wrong type or form, as "; write …";
/// empty if nobody can tell.
std::string advice(const field& field, const node& value);

} // namespace rill::conf::detail
