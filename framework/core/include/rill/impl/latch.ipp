// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/latch.hpp>

#include <stdexcept>

namespace rill::RILL_FORM {

RILL_DECL void latch::waiter::describe_to(std::string& text) const
{
    text = latch_->called("a latch") + " (" + std::to_string(latch_->count_) + " to come)";
}

RILL_DECL void latch::check_start() const
{
    if (count_ < 0)
        throw std::invalid_argument(
            "rill::latch: it counts down from 0 or more, not from " + std::to_string(count_)
        );
}

RILL_DECL void latch::count_down(std::ptrdiff_t n)
{
    note_use("a latch");
    if (n < 0)
        throw std::invalid_argument("rill::latch: it counts down by 0 or more, not by less");
    if (n > count_)
        throw std::logic_error(
            "rill::latch: counted down by " + std::to_string(n) + ", and " +
            std::to_string(count_) + " is left"
        );
    count_ -= n;
    if (count_ == 0)
        waiters_.complete_all();
}

RILL_DECL std::string latch::description() const
{
    return called("a latch") + " (" + std::to_string(count_) + " to come" +
           detail::and_waiting(waiters_.size()) + ")";
}

RILL_DECL awaitable<void> latch::arrive_and_wait(std::ptrdiff_t n, std::source_location where)
{
    count_down(n);
    if (!try_wait())
        co_await detail::request_wait<waiter>(*this, where);
}

} // namespace rill::RILL_FORM
