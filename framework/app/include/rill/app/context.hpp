// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/app/http_settings.hpp>
#include <rill/app/settings.hpp>
#include <rill/app/tcp_settings.hpp>
#include <rill/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <string>

namespace rill {

class stream;
class tls_context;

} // namespace rill

namespace rill::http {

class request;
class response;
class router;

} // namespace rill::http

namespace rill::app {

namespace detail {

class worker;

} // namespace detail

/// What a running service knows of the process around it. There is one for each worker, and it
/// belongs to that worker's loop.
///
/// A stop has two steps. First wait_stop() returns: the service stops accepting, finishes what it
/// has begun, and returns. What is left after settings().drain_timeout is cancelled.
///
/// serve_http() and serve_tcp() do all of that. Each worker calls them, and they listen together:
/// on one port, also where it is 0 and the first of them got any free one, and at the sockets that
/// systemd has handed over. The log says once where that is: "listening". A port that another process
/// listens on is refused, as is one that a second instance of the service wants. A unix socket has
/// one listener, the worker that came first; where there is nothing else the others wait for the
/// stop.
class context {
public:
    explicit context(detail::worker& worker)
        : worker_{worker}
    {}

    context(const context&) = delete;
    context& operator=(const context&) = delete;

    /// Listens, and answers requests until the service is asked to stop. Then each connection ends
    /// with the response that it is at; an idle one may send another request for
    /// `settings.http.keep_alive_grace`. It returns when the last one is closed.
    ///
    /// std::invalid_argument if `settings.listen` has what is no address; system_error, naming it, if
    /// it cannot be listened on. Cancellation: terminal. What is left is cancelled, and waited for.
    /// Lifetime: all arguments must outlive the call.
    awaitable<void> serve_http(const http::router& routes, const http_settings& settings);

    /// The same with a function that answers every request.
    awaitable<void> serve_http(
        std::function<awaitable<http::response>(http::request&)> handler,
        const http_settings& settings
    );

    /// Listens, and runs `handler` for each connection as a task of its own until the service is
    /// asked to stop. Then each handler finds the end of its stream behind what has arrived, and its
    /// answer to that is still sent. It returns when the last handler has and its connection is
    /// closed; one that waits for something else than its client should look at stopping(), or it is
    /// cancelled when the drain_timeout has passed.
    ///
    /// Errors, cancellation and lifetime: as above.
    awaitable<void>
    serve_tcp(std::function<awaitable<void>(stream)> handler, const tcp_settings& settings);

    /// From now on the files of `security`, a context that the service connects with, are read again
    /// on SIGHUP, as those of its listeners are: for connections to come. The log says what came of it,
    /// with `where` as the address; files that cannot be used change nothing. Once for all copies of a
    /// context: where workers share one, the first of them calls this.
    void reload_on_hangup(const tls_context& security, const std::string& where);

    /// Returns once the service is asked to stop. Cancellation: total.
    awaitable<void> wait_stop();

    bool stopping() const noexcept;

    std::size_t worker() const noexcept;  ///< Which one this is, from 0.
    std::size_t workers() const noexcept; ///< How many there are.

    /// This worker's part of a size that the conf file gives for the process. The parts of all
    /// workers make up the whole, but each has at least 1.
    std::size_t share_of(std::size_t whole) const noexcept;

    const app::settings& settings() const noexcept;

private:
    detail::worker& worker_;
};

} // namespace rill::app
