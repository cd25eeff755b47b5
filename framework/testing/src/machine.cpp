// SPDX-License-Identifier: BSL-1.0
#include "machine.hpp"

#include "fabric.hpp"

#include <rill/detail/simulation.hpp>
#include <rill/testing/network.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace rill::RILL_FORM::testing::simulation {

namespace {

using asio::ip::tcp;

constexpr unsigned short first_free_port = 32768; // the range of Linux
constexpr unsigned short last_free_port = 60999;

asio::ip::address v4_of(std::size_t index)
{
    return asio::ip::make_address_v4(
        static_cast<asio::ip::address_v4::uint_type>(0x0a000001u + index)
    );
}

asio::ip::address v6_of(std::size_t index)
{
    asio::ip::address_v6::bytes_type bytes{0xfd};
    bytes[14] = static_cast<unsigned char>((index + 1) >> 8);
    bytes[15] = static_cast<unsigned char>(index + 1);
    return asio::ip::address_v6(bytes);
}

constexpr const char* listening = "listening on ";

error_code not_available()
{
    return error_code(EADDRNOTAVAIL, asio::error::get_system_category());
}

/// Whether what is sent to `to` comes to a listener at `at`.
bool covers(const endpoint& at, const endpoint& to)
{
    if (is_unix(at) || is_unix(to))
        return at == to;
    const auto address = address_of(at);
    const bool same_family = address.is_v4() == address_of(to).is_v4();
    const bool all = address.is_unspecified();
    return same_family && port_of(at) == port_of(to) && (all || address == address_of(to));
}

[[noreturn]] void refuse(error_code ec, const char* doing, const endpoint& at)
{
    throw system_error(ec, doing + to_string(at));
}

} // namespace

endpoint tcp_endpoint(const asio::ip::address& a, unsigned short port)
{
    return tcp::endpoint(a, port);
}

machine::machine(fabric& f, std::size_t i, std::string n)
    : index(i)
    , name(std::move(n))
    , v4(v4_of(i))
    , v6(v6_of(i))
    , net(&f)
{}

bool machine::owns(const asio::ip::address& a) const
{
    return a.is_loopback() || a.is_unspecified() || has(a);
}

void machine::check_local(const endpoint& at) const
{
    if (!is_unix(at) && !owns(address_of(at)))
        refuse(not_available(), "binding to ", at);
    if ((is_unix(at) || port_of(at) != 0) && is_taken(at, false))
        refuse(asio::error::address_in_use, "binding to ", at);
}

std::shared_ptr<accept_queue> machine::listener_at(const endpoint& to)
{
    std::vector<std::shared_ptr<accept_queue>> all;
    for (const auto& weak : listeners_)
        if (auto l = weak.lock(); l && !l->is_closed() && covers(l->at, to))
            all.push_back(std::move(l));
    return all.empty() ? nullptr : all[turn_++ % all.size()];
}

bool machine::is_taken(const endpoint& at, bool shared) const
{
    return std::any_of(listeners_.begin(), listeners_.end(), [&](const auto& weak) {
        const auto l = weak.lock();
        if (!l || l->is_closed() || (shared && l->shared))
            return false;
        return covers(l->at, at) || covers(at, l->at);
    });
}

endpoint machine::with_free_port(const endpoint& at, bool shared)
{
    if (is_unix(at) || port_of(at) != 0)
        return at;
    endpoint chosen = tcp_endpoint(address_of(at), next_port());
    while (is_taken(chosen, shared))
        chosen = tcp_endpoint(address_of(at), next_port());
    return chosen;
}

std::shared_ptr<accept_queue> machine::listen(const endpoint& at, int backlog, bool shared)
{
    if (!up)
        refuse(asio::error::network_down, listening, at);
    if (!is_unix(at) && !owns(address_of(at)))
        refuse(not_available(), listening, at);
    std::erase_if(listeners_, [](const auto& weak) {
        const auto l = weak.lock();
        return !l || l->is_closed();
    });
    if (is_taken(at, shared))
        refuse(asio::error::address_in_use, listening, at);
    auto queue = std::make_shared<accept_queue>(
        net->core(), with_free_port(at, shared), backlog, shared, sockets
    );
    listeners_.push_back(queue);
    return queue;
}

unsigned short machine::next_port()
{
    last_port_ = last_port_ >= last_free_port ? first_free_port
                                              : static_cast<unsigned short>(last_port_ + 1);
    return last_port_;
}

void machine::crash()
{
    up = false;
    stop_listening(asio::error::network_down);
    for (task_ref& t : tasks())
        t.cancel("its host has crashed");
}

/// Those in whose context this host is the current one.
std::vector<task_ref> machine::tasks() const
{
    std::vector<task_ref> mine;
    net->core().registry.tasks.for_each([&](task_state& t) {
        const auto host = current_machine.get(context_access::of(t.context()));
        if (host && host->lock().get() == this)
            mine.emplace_back(t);
    });
    return mine;
}

void machine::stop_listening(error_code why)
{
    for (const auto& weak : std::exchange(listeners_, {}))
        if (const auto l = weak.lock())
            l->close(why);
}

} // namespace rill::RILL_FORM::testing::simulation
