// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "accept_failure.hpp"
#include "accept_loop.hpp"
#include "server_journal.hpp"
#include "session_set.hpp"

#include <rill/detail/net_detail.hpp>
#include <rill/endpoint.hpp>
#include <rill/event.hpp>
#include <rill/server.hpp>

#include <deque>
#include <memory>
#include <vector>

namespace rill {

/// What is behind a server: an accept loop for each address, and the set of sessions that they
/// start. Closed by its loop's end at the latest.
class server::impl final : public std::enable_shared_from_this<impl>, private extend::context_user {
public:
    impl(extend::loop_core& core, handler h, const server_options& options);

    /// Once: at all of them or at none.
    void listen(const listen_address& at);

    std::vector<endpoint> sockets() const;

    bool closed() const noexcept { return sessions_.stopped(); }

    const server_statistics& statistics() const noexcept { return journal_.statistics; }

    /// Those who wait to be accepted are accepted before.
    void close();

    /// Those who wait to be accepted are reset.
    void stop_listening();

    void finish_clients() { sessions_.finish_all(); }

    void close_clients() { sessions_.close_all(); }

    void abort_clients() { sessions_.abort_all(); }

    void cancel_handlers() { sessions_.cancel_handlers(); }

    // They keep the server, whose object may go before they begin or end.
    static awaitable<void> wait_closed(std::shared_ptr<impl> self);
    static awaitable<void> serve_forever(std::shared_ptr<impl> self);
    static awaitable<bool> drain(std::shared_ptr<impl> self, duration timeout);

private:
    void on_context_end() noexcept override;

    /// Whoever has it keeps the server.
    std::shared_ptr<net_detail::session_set> sessions() { return {shared_from_this(), &sessions_}; }

    extend::loop_core& core_; // not touched once the server is closed
    net_detail::server_journal journal_;
    net_detail::accept_failure failure_;
    net_detail::session_set sessions_;              // stopped once the server is closed
    std::deque<net_detail::accept_loop> accepting_; // stay, closed or not, to the loop's end
    event closed_;                                  // set once the server is closed, and stays so
    bool closing_ = false;                          // or closed by close()
    bool served_ = false;                           // by serve_forever
};

} // namespace rill
