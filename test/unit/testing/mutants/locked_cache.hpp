// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/mutex.hpp>
#include <rill/sleep.hpp>

#include <chrono>
#include <map>

namespace mutants {

/// Squares, each computed once, by one task at a time.
///
/// Broken: lock leak. The lock is taken and given back by hand, and a computation that throws comes
/// in between.
template <bool Broken>
class locked_cache {
public:
    explicit locked_cache(const rill::asio::any_io_executor& ex)
        : mutex_(ex)
    {}

    rill::awaitable<int> square(int n)
    {
        if constexpr (Broken) {
            co_await mutex_.lock();
            const int result = co_await find_or_compute(n);
            mutex_.unlock();
            co_return result;
        } else {
            const auto lock = co_await mutex_.scoped();
            co_return co_await find_or_compute(n);
        }
    }

    bool locked() const { return mutex_.locked(); }

private:
    rill::awaitable<int> find_or_compute(int n)
    {
        using namespace std::chrono_literals;
        const auto known = squares_.find(n);
        if (known != squares_.end())
            co_return known->second;
        co_await rill::sleep(1s);
        squares_[n] = n * n;
        co_return n* n;
    }

    rill::mutex mutex_;
    std::map<int, int> squares_;
};

} // namespace mutants
