// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rill::detail {

/// Something that happens at a point in time. It unregisters itself by cancel_timer, or fires.
class timer_node {
public:
    using action = void (*)(timer_node&);

    explicit timer_node(action fire) noexcept
        : fire_(fire)
    {}

    timer_node(const timer_node&) = delete;
    timer_node& operator=(const timer_node&) = delete;

    ~timer_node() { assert(!armed() && "a timer dies while it is armed"); }

    bool armed() const noexcept { return index_ != idle; }

private:
    friend class timer_queue;

    static constexpr std::size_t idle = SIZE_MAX;

    action fire_;
    std::size_t index_ = idle; // its place in the heap
};

/// Deadlines in order; those that are equal in the order in which they were added.
///
/// A heap of four children a node: the keys lie beside each other, so that a step down reads one
/// or two cache lines. A removed timer leaves at once, hence nothing accumulates.
class timer_queue {
public:
    bool empty() const noexcept { return heap_.empty(); }

    std::size_t size() const noexcept { return heap_.size(); }

    /// The earliest deadline; `never` where there is none.
    time_point next() const noexcept { return heap_.empty() ? never : heap_.front().when; }

    void add(timer_node& node, time_point when)
    {
        assert(!node.armed());
        const entry e{when, sequence_++, &node};
        heap_.push_back(e);
        sift_up(heap_.size() - 1, e);
    }

    void remove(timer_node& node) noexcept
    {
        const std::size_t hole = node.index_;
        if (hole == timer_node::idle)
            return;
        node.index_ = timer_node::idle;
        const entry last = heap_.back();
        heap_.pop_back();
        if (hole == heap_.size())
            return;
        if (hole > 0 && last.before(heap_[parent(hole)]))
            sift_up(hole, last);
        else
            sift_down(hole, last);
    }

    /// Takes out the first timer that is due at `now` and fires it. False if none is due.
    bool fire_one(time_point now)
    {
        if (heap_.empty() || heap_.front().when > now)
            return false;
        timer_node& node = *heap_.front().node;
        remove(node);
        node.fire_(node);
        return true;
    }

    /// Disarms all without firing.
    void clear() noexcept
    {
        for (entry& e : heap_)
            e.node->index_ = timer_node::idle;
        heap_.clear();
    }

private:
    struct entry {
        time_point when;
        std::uint64_t sequence; // order among equal deadlines
        timer_node* node;

        bool before(const entry& other) const noexcept
        {
            return when != other.when ? when < other.when : sequence < other.sequence;
        }
    };

    static constexpr std::size_t arity = 4;

    static std::size_t parent(std::size_t i) noexcept { return (i - 1) / arity; }

    void place(std::size_t i, const entry& e) noexcept
    {
        heap_[i] = e;
        e.node->index_ = i;
    }

    void sift_up(std::size_t i, const entry& e) noexcept
    {
        while (i > 0 && e.before(heap_[parent(i)])) {
            place(i, heap_[parent(i)]);
            i = parent(i);
        }
        place(i, e);
    }

    void sift_down(std::size_t i, const entry& e) noexcept
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

    std::vector<entry> heap_;
    std::uint64_t sequence_ = 0;
};

} // namespace rill::detail
