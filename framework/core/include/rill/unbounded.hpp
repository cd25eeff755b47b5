// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <cstddef>
#include <cstdint>

namespace rill::RILL_FORM {

/// The capacity of a channel or concurrent_queue that never makes its producers wait: what feeds it
/// must be bounded elsewhere. (Of a queue that is capacity 0, as in asyncio.)
inline constexpr std::size_t unbounded = SIZE_MAX;

} // namespace rill::RILL_FORM
