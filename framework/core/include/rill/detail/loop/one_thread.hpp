// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <boost/asio/io_context.hpp>

namespace rill::RILL_FORM::detail {

/// For an io_context that one thread runs, and whose sockets that thread alone uses: Asio need not
/// lock each of them for every operation. Whatever is posted may come from any thread still.
inline constexpr int run_by_one_thread = BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO;

} // namespace rill::RILL_FORM::detail
