// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/awaitable.hpp>

/// Reads lines over TLS, with both ends in this program. True if they came as they were sent.
boost::asio::awaitable<bool> lines_over_tls();
