// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "document.hpp"
#include "draft.hpp"

namespace rill::conf::detail {

/// Sets what a document says. What it says of keys and sections that do not exist is a problem, and
/// what may have been meant is part of the message. The problems of its syntax are not looked at.
void read_sections(draft& into, const document& from);

} // namespace rill::conf::detail
