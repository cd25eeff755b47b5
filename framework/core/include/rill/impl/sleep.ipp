// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/sleep.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL void yield_operation::awaiter::get() const
{
    if (step_.in_cancelled_task())
        throw_cancelled();
}

RILL_DECL void sleep_waiter::start()
{
    const time_point now = core_->now();
    const time_point due = until_.counted_from(now);
    if (due <= now) {
        complete();
        return;
    }
    core_->make_pending(*this);
    core_->arm(*this, due);
}

RILL_DECL error_code sleep_waiter::why() const noexcept
{
    return task_ && task_->next_wait_throws() ? aborted() : error();
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL detail::sleep_operation sleep(duration d, std::source_location where)
{
    return detail::sleep_operation(
        std::in_place, detail::current.loop, detail::deadline::in(d), where
    );
}

RILL_DECL detail::sleep_operation sleep_until(time_point t, std::source_location where)
{
    return detail::sleep_operation(
        std::in_place, detail::current.loop, detail::deadline::at(t), where
    );
}

} // namespace rill::RILL_FORM
