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

/// An item and the room that it takes, which is measured when it comes.
template <class T>
struct stored_item {
    T value;
    std::size_t size;
};

template <class T>
class fifo_store {
public:
    bool empty() const noexcept { return items_.empty(); }

    std::size_t size() const noexcept { return items_.size(); }

    void push(stored_item<T>&& item) { items_.push_back(std::move(item)); }

    stored_item<T> pop()
    {
        stored_item<T> item(std::move(items_.front()));
        items_.pop_front();
        return item;
    }

private:
    std::deque<stored_item<T>> items_;
};

template <class T>
class lifo_store {
public:
    bool empty() const noexcept { return items_.empty(); }

    std::size_t size() const noexcept { return items_.size(); }

    void push(stored_item<T>&& item) { items_.push_back(std::move(item)); }

    stored_item<T> pop()
    {
        stored_item<T> item(std::move(items_.back()));
        items_.pop_back();
        return item;
    }

private:
    std::vector<stored_item<T>> items_;
};

template <class T, class Compare>
class priority_store {
public:
    bool empty() const noexcept { return items_.empty(); }

    std::size_t size() const noexcept { return items_.size(); }

    void push(stored_item<T>&& item)
    {
        items_.push_back({std::move(item), ++pushed_});
        std::push_heap(items_.begin(), items_.end(), after);
    }

    stored_item<T> pop()
    {
        std::pop_heap(items_.begin(), items_.end(), after);
        stored_item<T> item(std::move(items_.back().item));
        items_.pop_back();
        return item;
    }

private:
    struct numbered {
        stored_item<T> item;
        std::uint64_t number; // counts pushes: the order among equals
    };

    static bool after(const numbered& a, const numbered& b)
    {
        const Compare before;
        if (before(a.item.value, b.item.value))
            return false;
        return before(b.item.value, a.item.value) || a.number > b.number;
    }

    std::vector<numbered> items_; // a heap
    std::uint64_t pushed_ = 0;
};

} // namespace detail
} // namespace rill::RILL_FORM
