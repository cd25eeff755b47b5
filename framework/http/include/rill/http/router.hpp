// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/http/request.hpp>
#include <rill/http/response.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace rill::http {

/// Answers one request. It is called on the connection's loop; the request is valid until the
/// coroutine has returned.
using handler = std::function<awaitable<response>(request&)>;

/// What a route asks of the server beside its handler.
class route_options {
public:
    /// Cancels the handler when the client has closed its side of the connection, and answers
    /// nobody: for work that is worth nothing without somebody to see it. Off, such a client gets
    /// its whole answer, since it may have closed only what it writes. One that has reset the
    /// connection ends the handler in any case.
    route_options& cancel_on_disconnect(bool on = true)
    {
        cancels_on_disconnect = on;
        return *this;
    }

    bool cancels_on_disconnect = false;
};

/// Chooses a handler by path and method. Mirrors aiohttp's UrlDispatcher.
///
/// A pattern is a path whose segments are literal or `{name}`, which stands for any one segment
/// that is not empty: "/hello/{name}". Escapes in a request's path are decoded segment by segment
/// before they are compared, so `%2F` never separates. A literal segment goes before `{name}`.
///
/// HEAD is answered by GET's handler where it has none of its own. A path without routes gives 404;
/// a method without handler 405 with Allow, or 501 if HTTP does not know it; OPTIONS without
/// handler 204 with Allow; a broken escape 400. A router is itself a handler: a server is given one
/// by value, or std::ref() of one that outlives it. Copies are independent of each other.
/// Thread safety: const members may be called from several threads at once.
class router {
public:
    router();
    router(const router& other);
    router(router&&) noexcept;
    router& operator=(router other) noexcept;
    ~router();

    /// Adds a route. Throws std::invalid_argument if the pattern is malformed, differs from an
    /// older one only in a parameter's name, or has a handler for this method already.
    router& add(std::string_view method, std::string_view pattern, handler h, route_options o = {});

    router& get(std::string_view pattern, handler h, route_options o = {});
    router& post(std::string_view pattern, handler h, route_options o = {});
    router& put(std::string_view pattern, handler h, route_options o = {});
    router& patch(std::string_view pattern, handler h, route_options o = {});
    router& delete_(std::string_view pattern, handler h, route_options o = {});

    /// Runs the handler of `r`, or answers that there is none. The router must outlive the call.
    awaitable<response> operator()(request& r) const;

    /// What it answers without any handler; empty if `r` has one. The content need not be there.
    std::optional<response> refusal(request& r) const;

private:
    struct node;
    struct route;

    const route* find(request& r, std::optional<response>& refused) const;

    std::unique_ptr<node> root_;
};

} // namespace rill::http
