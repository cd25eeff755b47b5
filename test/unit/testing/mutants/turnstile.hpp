// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/future.hpp>

#include <deque>
#include <utility>

namespace mutants {

/// A semaphore by hand: each who waits has a future.
///
/// Broken: a permit lost on cancel. The future of one who was cancelled stays in the line, and is
/// given a permit that nobody will give back.
template <bool Broken>
class turnstile {
public:
    turnstile(const rill::asio::any_io_executor& ex, int permits)
        : executor_(ex)
        , free_(permits)
    {}

    rill::awaitable<void> enter()
    {
        if (free_ > 0) {
            --free_;
            co_return;
        }
        rill::future<void> mine(executor_);
        waiting_.push_back(mine);
        co_await mine; // a cancellation ends the future
    }

    void leave()
    {
        while (!waiting_.empty()) {
            auto next = std::move(waiting_.front());
            waiting_.pop_front();
            if (next.set_result_unless_done() || Broken)
                return;
        }
        ++free_;
    }

    int free() const { return free_; }

private:
    rill::asio::any_io_executor executor_;
    int free_;
    std::deque<rill::future<void>> waiting_;
};

} // namespace mutants
