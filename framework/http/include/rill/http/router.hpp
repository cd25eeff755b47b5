// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/http/request.hpp>
#include <rill/http/response.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace rill::http {

/// Answers one request. It is called on the connection's loop; the request is valid until the
/// coroutine has returned.
using handler = std::function<awaitable<response>(request&)>;

/// Chooses a handler by path and method. Mirrors aiohttp's UrlDispatcher.
///
/// A pattern is a path whose segments are literal or `{name}`, which stands for any one segment
/// that is not empty: "/hello/{name}". Escapes in a request's path are decoded segment by segment
/// before they are compared, so `%2F` never separates. A literal segment goes before `{name}`.
///
/// HEAD is answered by GET's handler where it has none of its own. A path without routes gives 404;
/// a method without handler 405 with Allow, or 501 if HTTP does not know it; OPTIONS without
/// handler 204 with Allow; a broken escape 400. A router is itself a handler.
/// Thread safety: const members may be called from several threads at once.
class router {
public:
    router();
    router(router&&) noexcept;
    router& operator=(router&&) noexcept;
    ~router();

    /// Adds a route. Throws std::invalid_argument if the pattern is malformed, differs from an
    /// older one only in a parameter's name, or has a handler for this method already.
    router& add(std::string_view method, std::string_view pattern, handler h);

    router& get(std::string_view pattern, handler h);
    router& post(std::string_view pattern, handler h);
    router& put(std::string_view pattern, handler h);
    router& patch(std::string_view pattern, handler h);
    router& delete_(std::string_view pattern, handler h);

    /// Runs the handler of `r`, or answers that there is none. The router must outlive the call.
    awaitable<response> operator()(request& r) const;

private:
    struct node;

    std::unique_ptr<node> root_;
};

} // namespace rill::http
