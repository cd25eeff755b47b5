// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/buffer_pool.hpp>
#include <rill/detail/byte_buffer.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/network_backend.hpp>
#include <rill/detail/percent.hpp>
#include <rill/detail/read_place.hpp>
#include <rill/detail/socket_read.hpp>
#include <rill/detail/stream_traits.hpp>
#include <rill/detail/virtual_socket.hpp>

// What HTTP and the test kit need of the inside of net; as rill/extend.hpp.
namespace rill::RILL_FORM::extend {

// Memory for what is read and written.
using net_detail::buffer_pool;
using net_detail::byte_buffer;

// Reading and writing without a wait, and how it goes to the peer.
using net_detail::peer_state;
using net_detail::read_place;
using net_detail::socket_read;
using net_detail::try_write;

// A network that takes the place of the system's.
using net_detail::incoming;
using net_detail::network_backend;
using net_detail::network_service;
using net_detail::resolver;
using net_detail::virtual_socket;

// Texts of URLs.
using net_detail::percent_decode;

} // namespace rill::RILL_FORM::extend
