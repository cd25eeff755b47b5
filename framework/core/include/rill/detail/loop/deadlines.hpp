// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/timer_queue.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>

namespace rill::RILL_FORM::detail {

namespace asio = boost::asio;

class loop_core;

/// A loop's deadlines and the clock that they refer to. Behind all of them stands one timer of
/// Asio's, the alarm, which is set to the earliest.
class deadlines {
public:
    /// The alarm calls loop_core::on_alarm.
    deadlines(asio::io_context& io, loop_core& loop);
    ~deadlines();

    deadlines(const deadlines&) = delete;
    deadlines& operator=(const deadlines&) = delete;

    time_point now() const noexcept { return last_now_ = clock_ ? clock_->now() : clock::now(); }

    std::chrono::system_clock::time_point wall_now() const noexcept
    {
        return clock_ ? clock_->wall_now() : std::chrono::system_clock::now();
    }

    /// From now on `source` is the clock, or the real one again if null. With another clock nothing
    /// is due by itself: its owner moves it and calls loop_core::fire_due.
    void set_clock(const clock_source* source) noexcept;

    bool has_foreign_clock() const noexcept { return clock_ != nullptr; }

    /// Something was due already when it was added, and has not been fired since.
    bool overdue() const noexcept { return overdue_; }

    const timer_queue& timers() const noexcept { return timers_; }

    void add(ready_node& node, time_point when);

    void remove(ready_node& node) noexcept { timers_.remove(node); }

    /// Fires what is due, in order.
    void fire_due();

    /// The alarm has gone off; what was due has been fired.
    void alarm_rang() noexcept { alarm_at_ = never; }

    void set_alarm();

    /// A set alarm keeps the io_context from returning.
    bool alarm_is_set() const noexcept { return alarm_at_ != never; }

    void silence() noexcept;

    /// Disarms all without firing.
    void clear() noexcept;

private:
    class alarm;

    timer_queue timers_;
    const clock_source* clock_ = nullptr;
    mutable time_point last_now_{}; // what now() gave last
    bool overdue_ = false;
    time_point alarm_at_ = never; // never: it is not set
    std::unique_ptr<alarm> alarm_;
};

} // namespace rill::RILL_FORM::detail
