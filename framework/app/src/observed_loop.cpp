// SPDX-License-Identifier: BSL-1.0
#include "observed_loop.hpp"

#include <rill/cancel_scope.hpp>
#include <rill/thread_future.hpp>

#include <cstdint>
#include <stdexcept>
#include <utility>

namespace rill::app::detail {

namespace {

using namespace std::chrono_literals;

constexpr auto time_for_tasks = 30s; // of one that answers: a snapshot leaves it time for its work

template <class T, class F>
awaitable<std::optional<T>> ask(const observed_loop& of, F question, duration limit)
{
    std::optional<T> answer;
    const auto wait = [&]() -> awaitable<void> {
        auto asked = wrap_future(run_coroutine_threadsafe(*of.loop, std::move(question)));
        answer.emplace(co_await std::move(asked));
    };
    try {
        co_await move_on_after(limit, wait);
    } catch (const std::logic_error&) { // the loop has ended meanwhile
    }
    co_return answer;
}

/// All tasks but the one that looks.
awaitable<std::vector<task_info>> look()
{
    loop_snapshot seen = co_await snapshot();
    const std::uint64_t me = describe(*current_task()).id;
    std::erase_if(seen.tasks, [=](const task_info& t) { return t.id == me; });
    co_return std::move(seen.tasks);
}

awaitable<loop_statistics> count()
{
    co_return statistics_of(this_loop());
}

} // namespace

awaitable<std::optional<loop_statistics>> ask_for_statistics(const observed_loop& of)
{
    return ask<loop_statistics>(of, &count, patience);
}

awaitable<std::optional<std::vector<task_info>>> ask_for_tasks(const observed_loop& of)
{
    const bool answers = (co_await ask_for_statistics(of)).has_value();
    if (!answers)
        co_return std::nullopt;
    co_return co_await ask<std::vector<task_info>>(of, &look, time_for_tasks);
}

} // namespace rill::app::detail
