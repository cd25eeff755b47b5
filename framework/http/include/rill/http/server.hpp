// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/extend.hpp>
#include <rill/http/router.hpp>
#include <rill/http/settings.hpp>
#include <rill/stream.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace rill::http {

namespace detail {

class server_state;

} // namespace detail

/// Serves HTTP/1.1 and HTTP/1.0 on connections that somebody else accepts. Mirrors aiohttp's
/// web.Server.
///
/// Requests of a connection are answered in order, by one task; those that arrived together have
/// their responses gathered into one write. Invalid framing is refused before anything else looks
/// at it. An exception that leaves a handler is reported to the loop's exception handler and
/// answered with 500; a handler that exceeds settings::request_timeout is cancelled and answered
/// with 504. One whose client has reset the connection is cancelled too, within half a second; one
/// whose client has only closed its side goes on, unless its route says cancel_on_disconnect.
///
/// 100 Continue is not sent for what is refused anyway: a content too large, and where the handler
/// is a router, or std::ref() of one, what has no route.
///
/// Deadlines are looked at a few times a second, so they end up to half a second late, never early.
/// The Date of responses is that of the loop's wall clock, which in tests is virtual.
/// Thread safety: belongs to one loop, like everything in it.
class server {
public:
    /// `h` answers every request; a router, usually, by value or by std::ref().
    explicit server(handler h, settings s = {});
    server(server&&) noexcept;
    server& operator=(server&&) noexcept;
    ~server(); ///< Connections that are left go on: they share what they need.

    /// Serves one connection until it ends; errors of the connection end it without an exception.
    ///
    /// Cancellation: terminal. The handler is cancelled and the connection closed as it stands.
    awaitable<void> serve(stream peer);

    /// Begins to drain: connections that wait for a request are closed after `idle_grace`, the
    /// others after the response that they are at. Whoever connects from now on is served once.
    void stop(duration idle_grace = duration::zero());

    /// The same with any unit: milliseconds::max(), as in settings, is never.
    template <class Rep, class Period>
    void stop(std::chrono::duration<Rep, Period> idle_grace)
    {
        stop(extend::saturated(idle_grace));
    }

    /// For server_options::on_crowded: somebody waits to be served, or does not any more. For each
    /// who waits the connection that waits for a request since before all others is closed, once it has
    /// done so for about half a second; or the next response that a connection would have outlived
    /// closes it. A line of the log tells of it, at most once a minute.
    void crowded(bool somebody_waits);

    std::size_t connections() const noexcept; ///< Those that are being served.
    std::uint64_t requests() const noexcept;  ///< Answered by the handler since the beginning.
    std::uint64_t refused() const noexcept;   ///< Answered without asking the handler.

private:
    std::shared_ptr<detail::server_state> state_;
};

} // namespace rill::http
