// SPDX-License-Identifier: BSL-1.0
#pragma once

#ifndef BOOST_ASIO_SEPARATE_COMPILATION
#error                                                                                             \
    "This header belongs to the compiled layer rill::net: link the target rill::net, which brings Asio compiled (BOOST_ASIO_SEPARATE_COMPILATION). A program with a header-only Asio of its own uses rill::streams: <rill/stream_reader.hpp> and <rill/stream_writer.hpp>."
#endif

#ifdef BOOST_ASIO_HAS_IO_URING
#error                                                                                             \
    "rill::net has Asio's epoll inside, and its sockets would not be those of a program with BOOST_ASIO_HAS_IO_URING: leave that out, or use rill::streams over sockets of your own: <rill/stream_reader.hpp> and <rill/stream_writer.hpp>."
#endif

#include <rill/detail/form.hpp>
