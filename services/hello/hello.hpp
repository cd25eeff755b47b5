// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "config.hpp"

#include <rill/app/context.hpp>
#include <rill/awaitable.hpp>
#include <rill/http/router.hpp>

#include <string>

namespace hello {

/// What the service answers, without any sockets: tests ask it directly.
rill::http::router routes();

/// Listens and answers until the service is asked to stop; then requests in progress finish.
rill::awaitable<void> serve(const config& cfg, rill::app::context& here);

/// A command that asks the service at `address`, as to_string(endpoint) writes it.
std::string curl_line(const std::string& address);

} // namespace hello
