// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>

#include <type_traits>
#include <utility>

namespace rill::RILL_FORM::detail {

namespace asio = boost::asio;

/// Calls where it is asked to, at once, although it says that it never does: what the channel
/// completes through it are the transfers of a concurrent_queue, which only send a message to where
/// somebody waits.
///
/// Asio's channel needs it. It holds on to its own executor as long as somebody waits, and sends
/// what completes at once through it, so that its context would have to run; here nobody else's
/// executor is needed. The channel's lock is held at most of these calls.
class inline_executor {
public:
    explicit inline_executor(asio::execution_context& context) noexcept
        : context_(&context)
    {}

    asio::execution_context& query(asio::execution::context_t) const noexcept { return *context_; }

    inline_executor require(asio::execution::blocking_t::never_t) const noexcept { return *this; }

    template <class F>
    void execute(F&& f) const
    {
        std::decay_t<F> function(std::forward<F>(f));
        std::move(function)();
    }

    friend bool operator==(const inline_executor&, const inline_executor&) = default;

private:
    asio::execution_context* context_;
};

} // namespace rill::RILL_FORM::detail
