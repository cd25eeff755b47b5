// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/wait/basic_queue.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

namespace rill::RILL_FORM {

namespace detail {

template <class T>
class fifo_store;
template <class T>
class lifo_store;
template <class T, class Compare>
class priority_store;

} // namespace detail

/// FIFO between the tasks of one loop. Mirrors asyncio.Queue.
///
/// Has the members of detail::basic_queue: put, get, try_put, try_get, task_done, join, shutdown,
/// size, capacity, statistics. A full queue suspends put, so producers move at their consumer's
/// pace. Waiters are served in order, and a newcomer never overtakes them: an item goes straight to
/// the first who waits for one. Every operation supports total cancellation; what was handed over
/// before a cancel arrived is delivered. Those who wait when the queue is destroyed end with
/// operation_aborted.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
template <std::movable T>
class queue : public detail::basic_queue<T, detail::fifo_store<T>> {
public:
    using detail::basic_queue<T, detail::fifo_store<T>>::basic_queue;
};

/// A queue that gives the newest item first. Mirrors asyncio.LifoQueue. As queue in all else.
template <std::movable T>
class lifo_queue : public detail::basic_queue<T, detail::lifo_store<T>> {
public:
    using detail::basic_queue<T, detail::lifo_store<T>>::basic_queue;
};

/// A queue that gives the smallest item first: the one that `Compare` puts before the others; equal
/// ones in the order in which they came, where asyncio leaves that open. Mirrors
/// asyncio.PriorityQueue. As queue in all else.
template <std::movable T, std::strict_weak_order<const T&, const T&> Compare = std::less<T>>
class priority_queue : public detail::basic_queue<T, detail::priority_store<T, Compare>> {
public:
    using detail::basic_queue<T, detail::priority_store<T, Compare>>::basic_queue;
};

// Implementation

namespace detail {

template <class T>
class fifo_store {
public:
    bool empty() const noexcept { return items_.empty(); }

    std::size_t size() const noexcept { return items_.size(); }

    void push(T&& value) { items_.push_back(std::move(value)); }

    T pop()
    {
        T value(std::move(items_.front()));
        items_.pop_front();
        return value;
    }

private:
    std::deque<T> items_;
};

template <class T>
class lifo_store {
public:
    bool empty() const noexcept { return items_.empty(); }

    std::size_t size() const noexcept { return items_.size(); }

    void push(T&& value) { items_.push_back(std::move(value)); }

    T pop()
    {
        T value(std::move(items_.back()));
        items_.pop_back();
        return value;
    }

private:
    std::vector<T> items_;
};

template <class T, class Compare>
class priority_store {
public:
    bool empty() const noexcept { return items_.empty(); }

    std::size_t size() const noexcept { return items_.size(); }

    void push(T&& value)
    {
        items_.push_back({std::move(value), ++pushed_});
        std::push_heap(items_.begin(), items_.end(), after);
    }

    T pop()
    {
        std::pop_heap(items_.begin(), items_.end(), after);
        T value(std::move(items_.back().value));
        items_.pop_back();
        return value;
    }

private:
    struct item {
        T value;
        std::uint64_t number; // counts pushes: the order among equals
    };

    static bool after(const item& a, const item& b)
    {
        const Compare before;
        if (before(a.value, b.value))
            return false;
        return before(b.value, a.value) || a.number > b.number;
    }

    std::vector<item> items_; // a heap
    std::uint64_t pushed_ = 0;
};

} // namespace detail
} // namespace rill::RILL_FORM
