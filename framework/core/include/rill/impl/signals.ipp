// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/signals.hpp>

#include <boost/asio/deferred.hpp>

namespace rill::RILL_FORM {

RILL_DECL signals::signals(const asio::any_io_executor& ex, std::span<const int> numbers)
    : set_(ex)
{
    for (const int number : numbers)
        set_.add(number);
}

RILL_DECL awaitable<int> signals::next()
{
    auto arrived = set_.async_wait(asio::deferred);
    co_return co_await std::move(arrived);
}

} // namespace rill::RILL_FORM
