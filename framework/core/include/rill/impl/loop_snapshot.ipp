// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/loop_snapshot.hpp>
#include <rill/detail/watch/task_reader.hpp>
#include <rill/introspect.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace rill::RILL_FORM::detail {

RILL_DECL loop_statistics statistics_of(loop_core& core)
{
    const loop_meter& meter = core.monitor.meter;
    loop_statistics s;
    s.tasks = core.registry.task_count();
    s.ready = core.ready_count();
    s.timers = core.timers().size();
    s.turns = meter.turns;
    s.steps = meter.steps;
    s.io = meter.io;
    s.busy = meter.busy;
    s.longest_turn = meter.longest;
    s.lag.assign(meter.histogram.begin(), meter.histogram.end());
    const time_point now = core.now();
    for (const slow_step& step : meter.slowest)
        s.slowest.push_back({step.took, step.task, step.where, now - step.began, step.steps});
    return s;
}

RILL_DECL loop_snapshot snapshot_of(loop_core& core)
{
    loop_snapshot s;
    s.loop = statistics_of(core);
    s.tasks.reserve(s.loop.tasks);
    const task_reader reader(core);
    core.registry.tasks.for_each([&](task_state& task) { s.tasks.push_back(reader.read(task)); });
    return s;
}

RILL_DECL task_state* task_walk::next() noexcept
{
    task_state* const next =
        last_ ? core_.registry.tasks.next(*last_) : core_.registry.tasks.front();
    if (next)
        last_ = next;
    return next;
}

RILL_DECL void task_walk::on(loop_event event, task_state* task) noexcept
{
    if (event == loop_event::task_ended && task == last_)
        last_ = core_.registry.tasks.previous(*task);
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL duration loop_statistics::lag_percentile(double p) const
{
    std::uint64_t all = 0;
    for (const std::uint64_t n : lag)
        all += n;
    const double wanted = p * static_cast<double>(all);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < lag.size(); ++i) {
        seen += lag[i];
        if (seen > 0 && static_cast<double>(seen) >= wanted && i + 1 < lag.size())
            return std::min<duration>(std::chrono::microseconds(1ull << i), longest_turn);
    }
    return longest_turn;
}

RILL_DECL loop_statistics statistics_of(const asio::any_io_executor& ex)
{
    return detail::statistics_of(detail::loop_core::of(ex));
}

RILL_DECL loop_snapshot take_snapshot(const asio::any_io_executor& ex)
{
    return detail::snapshot_of(detail::loop_core::of(ex));
}

RILL_DECL awaitable<loop_snapshot> snapshot(duration slice)
{
    const asio::any_io_executor here = co_await asio::this_coro::executor;
    detail::loop_core& core = detail::loop_core::of(here);
    loop_snapshot s;
    s.loop = detail::statistics_of(core);
    s.tasks.reserve(s.loop.tasks);
    const std::uint64_t youngest = core.registry.last_task_number();
    detail::task_reader reader(core);
    detail::task_walk walk(core);
    time_point end = clock::now() + slice;
    for (detail::task_state* t = walk.next(); t && t->number() <= youngest; t = walk.next()) {
        s.tasks.push_back(reader.read(*t));
        if (s.tasks.size() % 16 != 0 || clock::now() < end)
            continue;
        auto sockets_too = asio::post(core.io(), asio::deferred); // a yield would go on before them
        co_await std::move(sockets_too);
        reader.look_again();
        end = clock::now() + slice;
    }
    co_return s;
}

} // namespace rill::RILL_FORM
