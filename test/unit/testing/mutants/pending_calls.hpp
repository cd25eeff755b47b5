// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/future.hpp>
#include <rill/timeout.hpp>

#include <chrono>
#include <map>

namespace mutants {

/// Questions that wait for their answers, a second at most.
///
/// Broken: double completion. An answer that comes after the time is over completes the call again.
template <bool Broken>
class pending_calls {
public:
    rill::awaitable<int> call(int id)
    {
        using namespace std::chrono_literals;
        const rill::future<int> answer;
        calls_[id] = answer;
        const auto wait = [&answer]() -> rill::awaitable<int> { co_return co_await answer; };
        co_return co_await rill::timeout(1s, wait); // which cancels the future
    }

    void answer(int id, int value)
    {
        auto call = calls_.extract(id);
        if (call.empty())
            return;
        if constexpr (Broken)
            call.mapped().set_result(value);
        else
            call.mapped().set_result_unless_done(value);
    }

private:
    std::map<int, rill::future<int>> calls_;
};

} // namespace mutants
