// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/signals.hpp>

#include <boost/asio/deferred.hpp>

#include <stdexcept>

namespace rill::RILL_FORM {

RILL_DECL signals::state::state(const asio::any_io_executor& ex, std::span<const int> numbers)
    : context_user(detail::context_of(ex))
    , set_(std::in_place, ex)
{
    for (const int number : numbers)
        set_->add(number);
}

RILL_DECL asio::signal_set& signals::state::set()
{
    if (closed_)
        throw system_error(detail::aborted());
    if (!set_)
        throw std::logic_error("rill::signals: the loop has ended");
    return *set_;
}

RILL_DECL void signals::state::close() noexcept
{
    closed_ = true;
    set_.reset();
}

RILL_DECL signals::signals(const asio::any_io_executor& ex, std::span<const int> numbers)
    : state_(std::make_shared<state>(ex, numbers))
{}

RILL_DECL signals::~signals()
{
    state_->close();
}

RILL_DECL awaitable<int> signals::wait(std::shared_ptr<state> s)
{
    auto arrived = s->set().async_wait(asio::deferred);
    co_return co_await std::move(arrived);
}

RILL_DECL awaitable<int> signals::next()
{
    return wait(state_);
}

} // namespace rill::RILL_FORM
