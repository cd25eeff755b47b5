// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rill::RILL_FORM::detail {

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
    time_point next() const noexcept;

    void add(timer_node& node, time_point when);

    void remove(timer_node& node) noexcept;

    /// Takes out the first timer that is due at `now` and fires it. False if none is due.
    bool fire_one(time_point now);

    /// Disarms all without firing.
    void clear() noexcept;

private:
    struct entry {
        time_point when;
        std::uint64_t sequence; // order among equal deadlines
        timer_node* node;

        bool before(const entry& other) const noexcept;
    };

    static constexpr std::size_t arity = 4;

    static std::size_t parent(std::size_t i) noexcept { return (i - 1) / arity; }

    void place(std::size_t i, const entry& e) noexcept;

    void sift_up(std::size_t i, const entry& e) noexcept;

    void sift_down(std::size_t i, const entry& e) noexcept;

    std::vector<entry> heap_;
    std::uint64_t sequence_ = 0;
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/timer_queue.ipp>
#endif
