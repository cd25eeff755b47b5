// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/timer_queue.hpp>

#include <algorithm>
#include <utility>

namespace rill::RILL_FORM::detail {

RILL_DECL time_point timer_queue::next() const noexcept
{
    return heap_.empty() ? never : heap_.front().when;
}

RILL_DECL void timer_queue::add(ready_node& node, time_point when)
{
    assert(!node.armed());
    const entry e{when, sequence_++, &node};
    heap_.push_back(e);
    sift_up(heap_.size() - 1, e);
}

RILL_DECL void timer_queue::remove(ready_node& node) noexcept
{
    if (!node.armed())
        return;
    const std::size_t hole = std::exchange(node.timer_, ready_node::unarmed);
    const entry last = heap_.back();
    heap_.pop_back();
    if (hole == heap_.size())
        return;
    if (hole > 0 && last.before(heap_[parent(hole)]))
        sift_up(hole, last);
    else
        sift_down(hole, last);
}

RILL_DECL bool timer_queue::fire_one(time_point now)
{
    if (heap_.empty() || heap_.front().when > now)
        return false;
    ready_node& node = *heap_.front().node;
    remove(node);
    node.action_(node, act::due);
    return true;
}

RILL_DECL void timer_queue::clear() noexcept
{
    for (entry& e : heap_)
        e.node->timer_ = ready_node::unarmed;
    heap_.clear();
}

RILL_DECL bool timer_queue::entry::before(const entry& other) const noexcept
{
    return when != other.when ? when < other.when : sequence < other.sequence;
}

RILL_DECL void timer_queue::place(std::size_t i, const entry& e) noexcept
{
    heap_[i] = e;
    e.node->timer_ = static_cast<std::uint32_t>(i);
}

RILL_DECL void timer_queue::sift_up(std::size_t i, const entry& e) noexcept
{
    while (i > 0 && e.before(heap_[parent(i)])) {
        place(i, heap_[parent(i)]);
        i = parent(i);
    }
    place(i, e);
}

RILL_DECL void timer_queue::sift_down(std::size_t i, const entry& e) noexcept
{
    for (;;) {
        const std::size_t first = i * arity + 1;
        if (first >= heap_.size())
            break;
        const std::size_t end = std::min(first + arity, heap_.size());
        std::size_t least = first;
        for (std::size_t child = first + 1; child < end; ++child)
            if (heap_[child].before(heap_[least]))
                least = child;
        if (!heap_[least].before(e))
            break;
        place(i, heap_[least]);
        i = least;
    }
    place(i, e);
}

} // namespace rill::RILL_FORM::detail
