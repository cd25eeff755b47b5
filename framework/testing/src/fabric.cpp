// SPDX-License-Identifier: BSL-1.0
#include "fabric.hpp"

#include <rill/detail/simulation.hpp>
#include <rill/server.hpp>
#include <rill/testing/network.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <algorithm>
#include <utility>

namespace rill::RILL_FORM::testing::simulation {

namespace {

constexpr std::size_t loopback_segment = 64 * 1024;

} // namespace

fabric::fabric(loop_core& core)
    : core_(core)
    , names_(named, resolver_options().hosts_file({}))
    , made_(core.now())
{
    auto& service = network_service::of(core_);
    if (service.backend())
        throw std::logic_error("rill::testing::network: the loop has a network already");
    loopback_.least_segment = loopback_.most_segment = loopback_segment;
    find_or_make("localhost");
    service.set_backend(this);
}

fabric::~fabric()
{
    if (!ended_)
        network_service::of(core_).set_backend(nullptr);
    end();
}

/// Nothing may come back here from now on: sockets may outlive this. It may be the loop that ends,
/// and is not to be touched afterwards.
void fabric::end() noexcept
{
    if (std::exchange(ended_, true))
        return;
    observer = nullptr;
    for_connections(
        [](const connection&) { return true; },
        [](connection& c) { c.cut(asio::error::network_down); }
    );
    for (const auto& m : machines_)
        m->stop_listening(asio::error::network_down);
    while (connections.pop_front())
        continue;
    named->net = nullptr;
    for (const auto& m : machines_)
        m->net = nullptr;
}

// Hosts

std::shared_ptr<machine> fabric::find(const std::string& name) const
{
    for (const auto& m : machines_)
        if (m->name == name)
            return m;
    return nullptr;
}

std::shared_ptr<machine> fabric::find_or_make(const std::string& name)
{
    if (auto known = find(name))
        return known;
    machines_.push_back(std::make_shared<machine>(*this, machines_.size(), name));
    if (ended_)
        machines_.back()->net = nullptr;
    return machines_.back();
}

path& fabric::path_between(const machine& from, const machine& to)
{
    auto& place = paths_[{from.index, to.index}];
    if (!place)
        place = std::make_unique<path>(&from == &to ? &loopback_ : &defaults);
    return *place;
}

std::shared_ptr<machine> fabric::here() const
{
    auto m = current_machine.get().lock();
    return m && m->net == this ? m : machines_.front();
}

template <class Which, class F>
void fabric::for_connections(Which which, F f)
{
    std::vector<std::shared_ptr<connection>> chosen;
    connections.for_each([&](connection& c) {
        if (which(c))
            if (auto alive = c.weak_from_this().lock())
                chosen.push_back(std::move(alive));
    });
    for (const auto& c : chosen)
        f(*c);
}

void fabric::set_partition(const machine& a, const machine& b, bool cut)
{
    if (ended_ || &a == &b || path_between(a, b).cut == cut)
        return;
    path_between(a, b).cut = path_between(b, a).cut = cut;
    tell(
        cut ? testing::network_event::kind::partition : testing::network_event::kind::heal,
        a.name,
        b.name
    );
    if (!cut)
        for_connections(
            [&](const connection& c) { return c.is_between(a, b); }, [](connection& c) { c.heal(); }
        );
}

void fabric::heal_all()
{
    for (const auto& a : machines_)
        for (const auto& b : machines_)
            set_partition(*a, *b, false);
}

void fabric::reset(const machine& a, const machine& b)
{
    for_connections(
        [&](const connection& c) { return c.is_between(a, b); },
        [this](connection& c) {
            ++statistics.resets;
            c.tell(testing::network_event::kind::reset, true, 0);
            c.cut(asio::error::connection_reset);
        }
    );
}

void fabric::crash(machine& m)
{
    if (!m.up || ended_)
        return;
    tell(testing::network_event::kind::crash, m.name);
    m.crash();
    for_connections([](const connection&) { return true; }, [&](connection& c) { c.crash(m); });
}

void fabric::restart(machine& m)
{
    if (std::exchange(m.up, true))
        return;
    tell(testing::network_event::kind::restart, m.name);
}

std::shared_ptr<machine> fabric::target_of(machine& from, const endpoint& to) const
{
    if (is_unix(to))
        return from.shared_from_this();
    const auto address = address_of(to);
    if (from.owns(address))
        return from.shared_from_this();
    return owner_of(address);
}

std::shared_ptr<machine> fabric::owner_of(const asio::ip::address& address) const
{
    const auto at = std::find_if(machines_.begin(), machines_.end(), [&](const auto& m) {
        return m->has(address);
    });
    return at == machines_.end() ? nullptr : *at;
}

std::shared_ptr<connection>
fabric::open(machine& from, const endpoint* local, const endpoint& to, error_code& ec)
{
    const auto target = target_of(from, to);
    if (!target) {
        ec = asio::error::host_unreachable;
        return nullptr;
    }
    if (is_unix(to)) {
        if (!from.listener_at(to))
            ec = error_code(ENOENT, asio::error::get_system_category());
        const endpoint nameless = asio::local::stream_protocol::endpoint();
        const endpoint& name = local ? *local : nameless;
        return ec ? nullptr
                  : std::make_shared<connection>(
                        *this, connection::side{target, name}, connection::side{target, to}
                    );
    }
    asio::ip::address there = address_of(to);
    if (there.is_unspecified()) // as on Linux
        there = there.is_v4() ? asio::ip::address(asio::ip::address_v4::loopback())
                              : asio::ip::address(asio::ip::address_v6::loopback());
    asio::ip::address here = there.is_v4() ? from.v4 : from.v6;
    if (there.is_loopback())
        here = there;
    if (local && !address_of(*local).is_unspecified())
        here = address_of(*local);
    const unsigned short port = local && port_of(*local) != 0 ? port_of(*local) : from.next_port();
    return std::make_shared<connection>(
        *this,
        connection::side{from.shared_from_this(), tcp_endpoint(here, port)},
        connection::side{target, tcp_endpoint(there, port_of(to))}
    );
}

// Events

void fabric::tell(
    testing::network_event::kind what, std::string from, std::string to, std::size_t bytes
) const
{
    if (observer && !ended_)
        observer({what, now() - made_, std::move(from), std::move(to), bytes});
}

std::string fabric::name_of(const machine& m, const endpoint& at)
{
    return m.name + ":" + (is_unix(at) ? rill::to_string(at) : std::to_string(port_of(at)));
}

// network_backend

stream_socket fabric::open_stream(const endpoint&, const endpoint* from)
{
    auto host = here();
    if (from)
        host->check_local(*from);
    auto place = host->sockets->take();
    if (!place)
        throw system_error(asio::error::no_descriptors, "opening a socket");
    auto socket = std::make_unique<client_socket>(core_, std::move(host), from);
    socket->occupy(std::move(place));
    return stream_socket(std::move(socket));
}

std::unique_ptr<incoming> fabric::listen(const endpoint& at, const server_options& options)
{
    const auto host = here();
    auto queue = host->listen(at, options.accept_queue, options.share_port);
    tell(testing::network_event::kind::listen, name_of(*host, queue->at));
    return std::make_unique<acceptor>(std::move(queue));
}

} // namespace rill::RILL_FORM::testing::simulation
