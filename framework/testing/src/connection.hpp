// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "flow.hpp"
#include "machine.hpp"
#include "stream_end.hpp"

#include <rill/detail/simulation.hpp>
#include <rill/testing/network_event.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace rill::RILL_FORM::testing::simulation {

struct in_fabric; // tag: a place in the network's list of connections

/// A connection over a network: two flows, and how it came about. The ends own it, and it owns
/// itself from the moment the client knows of it until the server does.
class connection final : public std::enable_shared_from_this<connection>,
                         public hook<in_fabric>,
                         private timer_node {
public:
    struct side {
        std::shared_ptr<machine> host;
        endpoint at;
    };

    connection(fabric& net, const side& client, const side& server);
    ~connection();

    fabric& net() const noexcept { return net_; }

    /// Sends the first segment. `client` is told how it went.
    void begin(stream_end& client);

    /// The client does not want it any more.
    void abandon() noexcept;

    bool is_between(const machine& a, const machine& b) const noexcept;

    /// Both sides learn of it.
    void cut(error_code why);

    /// Of one host; the other one does not know.
    void crash(const machine& m);

    /// A partition has ended.
    void heal();

    // For the flows

    flow& flow_of(bool from_client) noexcept { return from_client ? forth_ : back_; }

    const machine& receiver_of(bool from_client) const noexcept
    {
        return *(from_client ? server_ : client_).host;
    }

    /// The server knows of the connection when something comes over it.
    void finish_handshake();

    void on_reset(bool from_client);

    void tell(testing::network_event::kind what, bool from_client, std::size_t bytes) const;

private:
    enum class stage {
        lost,    // send it again
        syn,     // it comes to the server
        refusal, // it comes to the client
        syn_ack, // it comes to the client
        ack,     // it comes to the server
        done,
    };

    // Null: not there yet, or gone.
    stream_end* client_end() const noexcept { return forth_.writer(); }

    stream_end* server_end() const noexcept { return back_.writer(); }

    static void on_due(timer_node& node);
    void serve_due();
    void send_syn();
    void on_syn();
    void on_syn_ack();
    void lose();
    void travel(path& over, stage next);
    void end_handshake() noexcept;
    void fail_connect(error_code why);

    fabric& net_;
    side client_;
    side server_;
    path& there_;
    path& back_path_;
    flow forth_;
    flow back_;

    stage stage_ = stage::lost;
    time_point begun_;
    time_point when_;
    duration patience_;
    bool known_to_client_ = false;
    std::weak_ptr<accept_queue> queue_; // where a place is reserved
    bool reserved_ = false;
    std::shared_ptr<connection> self_;
};

/// A socket before it is connected, and after.
class client_socket final : public stream_end {
public:
    /// Bound to `from` unless that is null.
    client_socket(loop_core& core, std::shared_ptr<machine> host, const endpoint* from)
        : stream_end(core)
        , host_(std::move(host))
    {
        if (from)
            bound_to_ = *from;
    }

    ~client_socket() override { forget(); }

    void connect(const endpoint& to, error_code& ec) override;

protected:
    void do_close() override;

private:
    void forget() noexcept;

    std::shared_ptr<machine> host_;
    std::optional<endpoint> bound_to_;
    std::shared_ptr<connection> keep_; // until it is established
};

} // namespace rill::RILL_FORM::testing::simulation
