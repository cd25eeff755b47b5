// SPDX-License-Identifier: BSL-1.0
// expect: leave that out, or use rill::streams over sockets of your own

#ifndef CORRECT
#define BOOST_ASIO_HAS_IO_URING
#endif
#include <rill/detail/needs_net.hpp>
