// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "config.hpp"

#include <rill/app/context.hpp>
#include <rill/awaitable.hpp>
#include <rill/http/router.hpp>

namespace hello {

/// What the service answers, without any sockets: tests ask it directly.
rill::http::router routes();

/// Answers until the service is asked to stop; then requests in progress finish.
rill::awaitable<void> serve(const config& cfg, rill::app::context& app);

} // namespace hello
