// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/task_state.hpp>

#include <atomic>
#include <concepts>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM {

namespace detail {
class callback;
class callback_claim;
} // namespace detail

/// A callback that has been asked for: by call_soon, call_later, call_at, or add_done_callback.
/// Mirrors asyncio.Handle and TimerHandle.
///
/// Dropping it does not cancel it. Belongs to the loop's thread.
class handle {
public:
    handle() noexcept = default; ///< Of no callback; cancel() does nothing.

    /// It will not be called; the callable and what it holds are destroyed now. Harmless when it
    /// has been called or cancelled already.
    void cancel() noexcept;

    bool cancelled() const noexcept;

    /// When it is due; the time of the call itself where there is no deadline.
    time_point when() const noexcept;

    explicit handle(std::shared_ptr<detail::callback> c) noexcept; ///< The library's own.

private:
    friend std::string creation_trace(const handle& h);

    std::shared_ptr<detail::callback> callback_;
};

/// A callback that was asked for by call_soon_threadsafe. Mirrors the handle that asyncio's gives.
///
/// Dropping it does not cancel it. Any thread may use it, and it may outlive the loop.
class threadsafe_handle {
public:
    threadsafe_handle() noexcept = default; ///< Of no callback; cancel() does nothing.

    /// True if it will never be called; the callable and what it holds are then destroyed here and
    /// now. False if it has been called, or is being called at this moment on the loop's thread:
    /// asyncio waits for such a call to return, this does not, so that nothing can lock up.
    bool cancel() noexcept;

    /// Whether a cancel() came in time.
    bool cancelled() const noexcept;

    explicit threadsafe_handle(std::shared_ptr<detail::callback_claim> c) noexcept;

private:
    std::shared_ptr<detail::callback_claim> claim_;
};

} // namespace rill::RILL_FORM

#include <rill/impl/handle.hpp>

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/handle.ipp>
#endif
