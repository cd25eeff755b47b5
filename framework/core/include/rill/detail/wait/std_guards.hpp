// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/asio_coroutine.hpp>

#include <mutex>
#include <shared_mutex>

// std's guards call lock() and drop what it gives, which is to be awaited; at their end they unlock
// what they never had, or what another task has. With Rill's locks they are refused.
//
// std's own requirement is a lock() that blocks. What does not meet it has no guards of std's that
// these could differ from.

namespace rill::RILL_FORM::detail {

/// In place of such a guard.
class no_std_guard {
public:
    template <class Lock, class... How>
    explicit no_std_guard(Lock&, How&&...)
    {
        static_assert(
            sizeof(Lock) == 0,
            "std's guards cannot wait for a lock of Rill's, which is awaited: write const auto "
            "lock "
            "= co_await mutex.scoped(); and rill::scoped_lock lock(mutex) where it is held already"
        );
    }
};

} // namespace rill::RILL_FORM::detail

namespace std {

template <rill::detail::not_awaited_object Lock>
class lock_guard<Lock> : rill::detail::no_std_guard {
public:
    using no_std_guard::no_std_guard;
};

template <rill::detail::not_awaited_object Lock>
class unique_lock<Lock> : rill::detail::no_std_guard {
public:
    using no_std_guard::no_std_guard;
};

template <rill::detail::not_awaited_object Lock>
class shared_lock<Lock> : rill::detail::no_std_guard {
public:
    using no_std_guard::no_std_guard;
};

template <rill::detail::not_awaited_object Lock>
class scoped_lock<Lock> : rill::detail::no_std_guard {
public:
    using no_std_guard::no_std_guard;
};

template <class First, class Second, class... More>
    requires(
        rill::detail::not_awaited_object<First> || rill::detail::not_awaited_object<Second> ||
        (rill::detail::not_awaited_object<More> || ...)
    )
class scoped_lock<First, Second, More...> : rill::detail::no_std_guard {
public:
    using no_std_guard::no_std_guard;
};

} // namespace std
