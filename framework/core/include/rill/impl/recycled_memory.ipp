// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/recycled_memory.hpp>

namespace rill::RILL_FORM::detail {

/// At the end of its thread. What is given back later, by other such ends, is not kept.
class recycled_memory::closer {
public:
    explicit closer(recycled_memory& memory) noexcept
        : memory_(memory)
    {}

    ~closer() { memory_.close(); }

private:
    recycled_memory& memory_;
};

RILL_DECL void recycled_memory::begin_keeping() noexcept
{
    here.state_ = open;
    [[maybe_unused]] static thread_local const closer at_end(here);
}

RILL_DECL void recycled_memory::close() noexcept
{
    state_ = closed;
    for (piece*& first : pieces_)
        while (piece* const p = first) {
            first = p->next;
            ::operator delete(p);
        }
    kept_ = 0;
}

} // namespace rill::RILL_FORM::detail
