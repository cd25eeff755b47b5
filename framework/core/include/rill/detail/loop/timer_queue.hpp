// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/ready_node.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rill::RILL_FORM::detail {

/// Something that happens at a point in time, and nothing else.
class timer_node : public ready_node {
public:
    using action = void (*)(timer_node&);

    explicit timer_node(action fire) noexcept
        : ready_node(&on_act)
        , fire_(fire)
    {}

private:
    static void on_act(ready_node& node, act what)
    {
        auto& self = static_cast<timer_node&>(node);
        if (what == act::due)
            self.fire_(self);
    }

    action fire_;
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

    void add(ready_node& node, time_point when);

    void remove(ready_node& node) noexcept;

    /// Takes out the first timer that is due at `now` and fires it. False if none is due.
    bool fire_one(time_point now);

    /// Disarms all without firing.
    void clear() noexcept;

private:
    struct entry {
        time_point when;
        std::uint64_t sequence; // order among equal deadlines
        ready_node* node;

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
