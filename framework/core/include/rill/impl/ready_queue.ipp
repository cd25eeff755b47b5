// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/ready_queue.hpp>

namespace rill::RILL_FORM::detail {

/// One of the next few.
RILL_DECL ready_node* ready_queue::take_any() noexcept
{
    constexpr std::size_t few = 32;
    std::size_t n = 0;
    for (ready_node* node = nodes_.front(); node && n < few; node = nodes_.next(*node))
        ++n;
    if (n == 0)
        return nullptr;
    ready_node* node = nodes_.front();
    for (std::size_t skip = (*shuffle_)() % n; skip > 0; --skip)
        node = nodes_.next(*node);
    node->unlink();
    return node;
}

} // namespace rill::RILL_FORM::detail
