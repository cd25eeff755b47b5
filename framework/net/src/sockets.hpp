// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/endpoint.hpp>
#include <rill/error.hpp>
#include <rill/socket_options.hpp>
#include <rill/stream.hpp>
#include <rill/unique_fd.hpp>

#include <string>

namespace rill::RILL_FORM::net_detail {

// The few system calls that Asio makes without close-on-exec: descriptors would reach children
// that another thread starts meanwhile.

/// A stream socket of the endpoint's family. Throws, with `what` in front, if there is none to be
/// had.
unique_fd open_socket(const endpoint& for_what, const std::string& what);

/// Has a socket that is to be connected connect from there. Throws if that address cannot be had.
void bind_for_connect(int fd, const endpoint& from);

/// Throws, naming the option and `whose` it is, what the system refuses.
void set_options(
    int fd, const endpoint& address, const socket_options& options, const std::string& whose
);

/// The next connection in the queue of a listening socket, which must be non-blocking.
unique_fd accept_from(int listener, endpoint& peer, error_code& ec) noexcept;

/// Has the kernel take no notice of who wants to connect to a listening TCP socket from now on: he
/// tries again in a second. Who has begun to connect already can end that. Else nothing happens, where
/// the kernel cannot do it.
void ignore_requests_to_connect(int listener) noexcept;

/// Any descriptor at all, to be given up when there is no other.
unique_fd open_reserve() noexcept;

/// Answers at once: for messages too small to be worth a wait for more. Unix sockets always do.
void set_no_delay(stream_socket& socket, const endpoint& peer);

/// "@name" is an abstract name. std::invalid_argument if `path` is empty or too long.
endpoint unix_endpoint(const std::string& path);

[[noreturn]] void throw_error(error_code ec, const std::string& what);
[[noreturn]] void throw_last_error(const std::string& what);

} // namespace rill::RILL_FORM::net_detail
