// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "port_reservation.hpp"
#include "tls_contexts.hpp"

#include <rill/listen_address.hpp>
#include <rill/server.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rill::app::detail {

/// One worker's server, and its part in the address that the workers share.
class listening {
public:
    listening(std::shared_ptr<const port_reservation> port, rill::server server)
        : port_(std::move(port))
        , server_(std::move(server))
    {}

    rill::server& server() noexcept { return server_; }

    /// Stops listening. After the last worker has, the address is free for others.
    void close()
    {
        server_.close();
        port_.reset();
    }

private:
    std::shared_ptr<const port_reservation> port_;
    rill::server server_;
};

/// The places of `at` where several workers can listen.
std::vector<listen_address::place> without_unix(const listen_address& at);

/// Where the workers of a process listen together. Any thread may use it.
class listening_place {
public:
    /// Listens on the loop that this thread runs. Whoever is the first says so in the log; others
    /// join it. The context of all, if there is one, is added to `contexts`. Empty if nobody can join,
    /// as on a unix socket. Throws as rill::server does.
    std::optional<listening> listen(
        const listen_address& at,
        rill::server::handler handler,
        server_options options,
        tls_contexts& contexts
    );

private:
    std::mutex mutex_;
    std::weak_ptr<const port_reservation> port_; // of those who listen
    // The address with its real ports; kept, for a worker that comes when others have gone already.
    std::optional<listen_address> address_;
    // One for all workers: a session that one of them began is resumed by any other, and a peer's
    // connections count wherever they are.
    std::optional<tls_context> security_;
    decltype(server_options::per_peer) per_peer_;
};

/// All of them, by what the conf file says and the how-many-th call of a worker it is for.
class listening_places {
public:
    listening_place& at(const std::string& address, std::size_t nth);

private:
    std::mutex mutex_;
    std::map<std::pair<std::string, std::size_t>, listening_place> places_;
};

} // namespace rill::app::detail
