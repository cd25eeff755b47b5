// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/wait/std_guards.hpp>

#include <memory>

namespace rill::RILL_FORM::detail {

/// Holds a lock, and gives it back at its end. What `async with lock:` is in asyncio.
///
/// Each lock names its own: scoped_lock, scoped_shared_lock. It has a private give_back(), of the
/// kind in which it is held if there are several, and this for a friend.
template <class Lock, auto... Kind>
class [[nodiscard]] lock_guard {
public:
    lock_guard() = default; ///< Holds nothing.

    /// Takes over a lock that the caller holds, in the way of the guard.
    explicit lock_guard(Lock& held) noexcept
        : lock_(&held)
    {}

    bool owns_lock() const noexcept { return lock_ != nullptr; }

    void unlock() noexcept { lock_.reset(); } ///< Now; nothing if it holds nothing.

protected:
    struct back {
        void operator()(Lock* held) const noexcept
        {
            if constexpr (sizeof...(Kind) > 0)
                held->template give_back<Kind...>();
            else
                held->give_back();
        }
    };

    std::unique_ptr<Lock, back> lock_;
};

} // namespace rill::RILL_FORM::detail
