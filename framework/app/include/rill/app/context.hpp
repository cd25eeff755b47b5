// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/app/settings.hpp>
#include <rill/awaitable.hpp>

#include <cstddef>

namespace rill::app {

namespace detail {

class worker;

} // namespace detail

/// What a running service knows of the process around it. There is one for each worker, and it
/// belongs to that worker's loop.
///
/// A stop has two steps. First wait_stop() returns: the service stops accepting, finishes what it
/// has begun, and returns. What is left after settings().drain_timeout is cancelled.
class context {
public:
    explicit context(detail::worker& worker)
        : worker_{worker}
    {}

    context(const context&) = delete;
    context& operator=(const context&) = delete;

    /// Returns once the service is asked to stop. Cancellation: total.
    awaitable<void> wait_stop();

    bool stopping() const noexcept;

    std::size_t worker() const noexcept;  ///< Which one this is, from 0.
    std::size_t workers() const noexcept; ///< How many there are.

    const app::settings& settings() const noexcept;

private:
    detail::worker& worker_;
};

} // namespace rill::app
