// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace rill {

/// See schema.hpp. Enough for a header that declares the `describe` of a struct.
template <class T>
class schema;

} // namespace rill
