// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/detail/needs_net.hpp>
#include <rill/endpoint.hpp>
#include <rill/loop.hpp>
#include <rill/name_source.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rill {

/// How the names of a loop are looked up.
class resolver_options {
public:
    resolver_options() {}

    /// For how long an answer is used again that does not say it itself. Zero: it is asked for each
    /// time.
    resolver_options& keep(duration d)
    {
        kept_for = d;
        return *this;
    }

    /// The same for the answer that there is no such name.
    resolver_options& keep_failures(duration d)
    {
        failures_kept_for = d;
        return *this;
    }

    /// So many names are kept, the latest ones.
    resolver_options& most_kept(std::size_t names)
    {
        most = names;
        return *this;
    }

    /// Names in this file are not asked for, nor kept: a change to it counts after 5 s. One that is
    /// larger than 1 MiB is left to the system. Empty: no file.
    resolver_options& hosts_file(std::string path)
    {
        hosts = std::move(path);
        return *this;
    }

    /// Who is asked. Null: the system, or the simulated network where the loop has one.
    resolver_options& source(std::shared_ptr<name_source> s)
    {
        asked = std::move(s);
        return *this;
    }

    duration kept_for = std::chrono::seconds(10);
    duration failures_kept_for = std::chrono::seconds(1);
    std::size_t most = 1000;
    std::string hosts = "/etc/hosts";
    std::shared_ptr<name_source> asked;
};

/// From now on the names of this loop are looked up so; what was kept is forgotten. On the loop's
/// thread.
void set_resolver(const rill::loop& loop, const resolver_options& options);

/// The TCP endpoints of `host`, in the order in which they should be tried and without duplicates.
/// Mirrors loop.getaddrinfo.
///
/// An IP address is taken as it is, its zone included ("fe80::1%eth0"); an empty host gives the
/// addresses for all interfaces. Then the hosts file is looked at, then what is kept of earlier
/// look-ups, then the source is asked: once for all who want the same name at the same time.
///
/// The system is asked on threads of Rill's own, for up to four names at once in a program, and up to
/// 4096 wait behind them; beyond that a look-up fails at once with try_again. A look-up that is
/// cancelled, or whose loop ends, is not begun; if it has begun, it ends whenever the system is done
/// with it, unheard.
///
/// Errors: system_error that names the host. Cancellation: total.
awaitable<std::vector<endpoint>> look_up(std::string host, unsigned short port = 0);

/// The name of the host that has `address`, as the source knows it: the system from its hosts file and
/// DNS (PTR records). Whoever has an address says what its name is, so that it proves nothing; and it
/// may take seconds, for one that nobody answers for. Nothing is kept. Mirrors loop.getnameinfo.
///
/// Errors: system_error that names the address; host_not_found where it has no name.
/// Cancellation: total, as above.
awaitable<std::string> look_up_name(asio::ip::address address);

} // namespace rill
