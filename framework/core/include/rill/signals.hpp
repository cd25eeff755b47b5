// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/loop_core.hpp>
#include <rill/error.hpp>

#include <boost/asio/signal_set.hpp>

#include <span>
#include <utility>

namespace rill::RILL_FORM {

/// The signals that a program takes itself, as values that it waits for. Mirrors
/// loop.add_signal_handler.
///
/// While it lives, the signals' default effect is off, and those that come between two calls of
/// next() are kept. Built on asio::signal_set: what holds there for threads and several sets of
/// the same signal holds here.
class signals {
public:
    /// On the loop that this thread runs: `rill::signals stop{SIGTERM, SIGINT};`
    template <std::same_as<int>... Numbers>
    explicit signals(Numbers... numbers);

    /// On an executor of the program's own.
    signals(const asio::any_io_executor& ex, std::span<const int> numbers);

    /// The number of the next signal. Cancellation: total.
    awaitable<int> next();

    /// Completes with void(error_code, int), the signal's number.
    template <asio::completion_token_for<void(error_code, int)> Token>
    auto async_next(Token&& token);

private:
    asio::signal_set set_;
};

// Implementation

template <std::same_as<int>... Numbers>
signals::signals(Numbers... numbers)
    : set_(detail::loop_core::running().executor())
{
    (set_.add(numbers), ...);
}

template <asio::completion_token_for<void(error_code, int)> Token>
auto signals::async_next(Token&& token)
{
    return set_.async_wait(std::forward<Token>(token));
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/signals.ipp>
#endif
