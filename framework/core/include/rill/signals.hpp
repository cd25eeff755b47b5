// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/context_user.hpp>
#include <rill/detail/loop/loop_core.hpp>
#include <rill/error.hpp>

#include <boost/asio/signal_set.hpp>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace rill::RILL_FORM {

/// The signals that a program takes itself, as values that it waits for. Mirrors
/// loop.add_signal_handler.
///
/// While it lives and its loop does, the signals' default effect is off, and those that come
/// between two calls of next() are kept. Built on asio::signal_set: what holds there for threads
/// and several sets of the same signal holds here.
///
/// Waits that are left when it is destroyed, or begin then, end with operation_aborted. The end of
/// its loop takes the signals back; to wait for one afterwards is a std::logic_error.
class signals {
public:
    /// On the loop that this thread runs: `rill::signals stop{SIGTERM, SIGINT};`
    template <std::same_as<int>... Numbers>
    explicit signals(Numbers... numbers);

    /// On an executor of the program's own.
    signals(const asio::any_io_executor& ex, std::span<const int> numbers);

    signals(const signals&) = delete;
    signals& operator=(const signals&) = delete;

    ~signals();

    /// The number of the next signal. Cancellation: total.
    awaitable<int> next();

    /// Completes with void(error_code, int), the signal's number.
    template <asio::completion_token_for<void(error_code, int)> Token>
    auto async_next(Token&& token);

private:
    /// Shared with the waits that have yet to begin.
    class state final : detail::context_user {
    public:
        state(const asio::any_io_executor& ex, std::span<const int> numbers);

        asio::signal_set& set();
        void close() noexcept;

    private:
        void on_context_end() noexcept override { set_.reset(); }

        std::optional<asio::signal_set> set_; // empty once closed, or after the loop
        bool closed_ = false;
    };

    static awaitable<int> wait(std::shared_ptr<state> s);

    std::shared_ptr<state> state_;
};

// Implementation

template <std::same_as<int>... Numbers>
signals::signals(Numbers... numbers)
    : signals(
          detail::loop_core::running_for("signals").executor(),
          std::array<int, sizeof...(Numbers)>{numbers...}
      )
{}

template <asio::completion_token_for<void(error_code, int)> Token>
auto signals::async_next(Token&& token)
{
    return state_->set().async_wait(std::forward<Token>(token));
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/signals.ipp>
#endif
