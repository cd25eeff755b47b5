// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace rill {

/// See schema.hpp. Enough for a header that declares the `describe` of a struct.
template <class T>
class schema;

namespace described {

struct table;

/// The table of a described struct; built once. A library that offers such a struct compiles its
/// table: `extern template` beside the struct, `template` in a source.
template <class T>
const table& table_of();

} // namespace described

} // namespace rill
