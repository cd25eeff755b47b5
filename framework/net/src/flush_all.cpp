// SPDX-License-Identifier: BSL-1.0
#include "flush_all.hpp"

#include <rill/extend.hpp>

#include <source_location>
#include <utility>

namespace rill::RILL_FORM::net_detail {

awaitable<void> flush_all(write_pump<stream_socket>::pointer writer)
{
    const write_options before = writer->options();
    writer->options().watermarks(0, 0);
    extend::wait_operation<void(error_code), write_pump<stream_socket>::drained> flushed(
        std::in_place, writer, std::source_location::current()
    );
    try {
        co_await std::move(flushed);
    } catch (...) {
        writer->options() = before;
        throw;
    }
    writer->options() = before;
}

} // namespace rill::RILL_FORM::net_detail
