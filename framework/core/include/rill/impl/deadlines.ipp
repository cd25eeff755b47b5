// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/deadlines.hpp>
#include <rill/detail/loop/loop_core.hpp>
#include <rill/error.hpp>

#include <boost/asio/basic_waitable_timer.hpp>

#include <new>

namespace rill::RILL_FORM::detail {

class deadlines::alarm {
public:
    alarm(asio::io_context& io, loop_core& loop)
        : timer_(io)
        , loop_(loop)
    {}

    void set(time_point when)
    {
        timer_.expires_at(when);
        timer_.async_wait([this](error_code ec) {
            if (!ec)
                loop_.on_alarm();
        });
    }

    void silence() { timer_.cancel(); }

private:
    asio::basic_waitable_timer<clock, asio::wait_traits<clock>, asio::io_context::executor_type>
        timer_;
    loop_core& loop_;
};

RILL_DECL deadlines::deadlines(asio::io_context& io, loop_core& loop)
    : alarm_(std::make_unique<alarm>(io, loop))
{}

RILL_DECL deadlines::~deadlines() = default;

RILL_DECL void deadlines::set_clock(const clock_source* source) noexcept
{
    clock_ = source;
    silence();
    try {
        set_alarm();
    } catch (const std::bad_alloc&) { // the next deadline sets it
    }
}

RILL_DECL void deadlines::add(ready_node& node, time_point when)
{
    timers_.add(node, when);
    if (when <= last_now_ && !clock_)
        overdue_ = true;
    if (when < alarm_at_)
        set_alarm();
}

RILL_DECL void deadlines::fire_due()
{
    overdue_ = false;
    const time_point time = now();
    while (timers_.fire_one(time))
        continue;
}

RILL_DECL void deadlines::set_alarm()
{
    const time_point next = timers_.next();
    if (clock_ || next >= alarm_at_)
        return;
    alarm_at_ = never; // should it fail: then the next deadline sets it
    alarm_->set(next);
    alarm_at_ = next;
}

RILL_DECL void deadlines::silence() noexcept
{
    alarm_->silence();
    alarm_at_ = never;
}

RILL_DECL void deadlines::clear() noexcept
{
    silence();
    timers_.clear();
}

} // namespace rill::RILL_FORM::detail
