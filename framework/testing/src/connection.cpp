// SPDX-License-Identifier: BSL-1.0
#include "connection.hpp"

#include "fabric.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace rill::RILL_FORM::testing::simulation {

namespace {

using namespace std::chrono_literals;

constexpr duration first_patience = 1s;
constexpr duration most_patience = 64s;

} // namespace

connection::connection(fabric& net, const side& client, const side& server)
    : timer_node(&on_due)
    , net_(net)
    , client_(client)
    , server_(server)
    , there_(net.path_between(*client.host, *server.host))
    , back_path_(net.path_between(*server.host, *client.host))
    , forth_(*this, true, there_, back_path_)
    , back_(*this, false, back_path_, there_)
    , begun_(net.now())
    , patience_(first_patience)
{
    net_.connections.push_back(*this);
}

connection::~connection()
{
    end_handshake();
    hook<in_fabric>::unlink();
}

void connection::begin(stream_end& client)
{
    forth_.connect(&client, nullptr);
    back_.connect(nullptr, &client);
    tell(testing::network_event::kind::connect, true, 0);
    send_syn();
    serve_due();
}

void connection::abandon() noexcept
{
    forth_.connect(nullptr, nullptr);
    back_.connect(nullptr, nullptr);
    end_handshake();
}

bool connection::is_between(const machine& a, const machine& b) const noexcept
{
    const machine* client = client_.host.get();
    const machine* server = server_.host.get();
    return (client == &a && server == &b) || (client == &b && server == &a);
}

void connection::cut(error_code why)
{
    const auto keep = shared_from_this();
    end_handshake();
    stream_end* const ends[] = {client_end(), server_end()};
    forth_.stop();
    back_.stop();
    for (stream_end* end : ends)
        if (end)
            end->fail(why);
}

/// What the host had not sent is gone with it.
void connection::crash(const machine& m)
{
    const auto keep = shared_from_this();
    for (const bool of_client : {true, false}) {
        const side& s = of_client ? client_ : server_;
        if (s.host.get() != &m)
            continue;
        stream_end* end = of_client ? client_end() : server_end();
        flow_of(of_client).stop();
        flow_of(!of_client).forget_reader();
        if (of_client || known_to_client_)
            end_handshake();
        if (end)
            end->fail(asio::error::network_down);
    }
}

void connection::heal()
{
    forth_.on_heal();
    back_.on_heal();
}

void connection::on_reset(bool from_client)
{
    stream_end* end = from_client ? server_end() : client_end();
    forth_.stop();
    back_.stop();
    if (end)
        end->fail(end->knows_end() ? asio::error::broken_pipe : asio::error::connection_reset);
}

void connection::tell(testing::network_event::kind what, bool from_client, std::size_t bytes) const
{
    if (!net_.watched())
        return;
    const side& from = from_client ? client_ : server_;
    const side& to = from_client ? server_ : client_;
    net_.tell(what, net_.name_of(*from.host, from.at), net_.name_of(*to.host, to.at), bytes);
}

// The handshake

void connection::on_due(timer_node& node)
{
    auto& self = static_cast<connection&>(node);
    const auto keep = self.shared_from_this();
    self.serve_due();
}

void connection::serve_due()
{
    while (stage_ != stage::done && when_ <= net_.now()) {
        const bool to_server = stage_ == stage::syn || stage_ == stage::ack;
        const bool unreachable = there_.cut || !receiver_of(to_server).up;
        if (stage_ == stage::lost)
            send_syn();
        else if (unreachable)
            lose();
        else if (stage_ == stage::syn)
            on_syn();
        else if (stage_ == stage::refusal)
            fail_connect(asio::error::connection_refused);
        else if (stage_ == stage::syn_ack)
            on_syn_ack();
        else
            finish_handshake();
    }
    if (stage_ != stage::done && !armed())
        net_.core().arm(*this, when_);
}

/// Of a client that is connected already, the last segment.
void connection::send_syn()
{
    if (!known_to_client_ && net_.now() - begun_ >= net_.connect_limit)
        fail_connect(asio::error::timed_out);
    else
        travel(there_, known_to_client_ ? stage::ack : stage::syn);
}

/// The next segment leaves now.
void connection::travel(path& over, stage next)
{
    const bool to_server = &over == &there_;
    stage_ = next;
    when_ = net_.now();
    if (over.cut || !receiver_of(to_server).up || over.loses(net_.core().random))
        lose();
    else
        when_ = over.arrival(when_, 0, net_.core().random);
}

void connection::lose()
{
    stage_ = stage::lost;
    when_ = net_.now() + patience_;
    patience_ = std::min(2 * patience_, most_patience);
}

void connection::on_syn()
{
    const auto queue = reserved_ ? queue_.lock() : server_.host->listener_at(server_.at);
    if (!queue || queue->is_closed()) {
        travel(back_path_, stage::refusal);
        return;
    }
    reserved_ = reserved_ || queue->reserve();
    queue_ = queue;
    if (reserved_)
        travel(back_path_, stage::syn_ack);
    else
        lose(); // the queue is full: the segment is ignored
}

void connection::on_syn_ack()
{
    known_to_client_ = true;
    self_ = shared_from_this();
    travel(there_, stage::ack);
    forth_.not_before(when_);
    client_end()->establish(back_, forth_, self_, client_.at, server_.at);
}

void connection::finish_handshake()
{
    if (stage_ == stage::done)
        return;
    const auto keep = shared_from_this();
    const auto queue = queue_.lock();
    const bool wanted = queue && !queue->is_closed();
    reserved_ = reserved_ && !wanted; // the place goes to the connection
    end_handshake();
    if (!wanted) {
        forth_.forget_reader();
        back_.send_reset();
        return;
    }
    ++net_.statistics.connections;
    tell(testing::network_event::kind::accept, true, 0);
    auto end = std::make_unique<stream_end>(net_.core());
    forth_.connect(client_end(), end.get());
    back_.connect(end.get(), back_.reader());
    end->establish(forth_, back_, keep, server_.at, client_.at);
    queue->put(std::move(end), client_.at);
}

void connection::fail_connect(error_code why)
{
    if (why == asio::error::connection_refused) {
        ++net_.statistics.refused;
        tell(testing::network_event::kind::refuse, false, 0);
    } else {
        ++net_.statistics.timed_out;
        tell(testing::network_event::kind::time_out, true, 0);
    }
    end_handshake();
    if (stream_end* client = client_end())
        client->fail(why);
}

void connection::end_handshake() noexcept
{
    stage_ = stage::done;
    if (armed())
        net_.core().disarm(*this);
    if (const auto queue = queue_.lock(); queue && std::exchange(reserved_, false))
        queue->unreserve();
    self_.reset(); // whoever calls this keeps it alive, or is its end
}

// The client's socket

void client_socket::connect(const endpoint& to, error_code& ec)
{
    ec = {};
    if (!is_open())
        ec = asio::error::bad_descriptor;
    else if (is_established())
        ec = asio::error::already_connected;
    else if (keep_)
        ec = asio::error::already_started;
    else if (!host_->net || !host_->up)
        ec = asio::error::network_down;
    if (ec)
        return;
    const endpoint* const from = bound_to_ ? &*bound_to_ : nullptr;
    keep_ = host_->net->open(*host_, from, to, ec);
    if (keep_)
        keep_->begin(*this);
}

void client_socket::do_close()
{
    forget();
    stream_end::do_close();
}

/// Once it is established, the connection is the socket's in the ordinary way.
void client_socket::forget() noexcept
{
    const auto before = std::move(keep_);
    if (before && !is_established())
        before->abandon();
}

} // namespace rill::RILL_FORM::testing::simulation
