// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

namespace rill::http::detail {

/// What a connection may keep of a container between two requests, so that most requests need no
/// memory of their own for it, and an idle connection holds next to none.
constexpr std::size_t worth_keeping = 512;

/// Empties `c`, and gives its memory back if that is more. Neither clear() nor the assignment of an
/// empty one does that.
template <class Container>
void give_back_if_large(Container& c) noexcept
{
    if (c.capacity() * sizeof(typename Container::value_type) > worth_keeping)
        Container().swap(c);
    else
        c.clear();
}

} // namespace rill::http::detail
