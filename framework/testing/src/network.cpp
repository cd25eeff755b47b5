// SPDX-License-Identifier: BSL-1.0
#include "fabric.hpp"

#include <rill/detail/simulation.hpp>
#include <rill/testing/network.hpp>

#include <stdexcept>
#include <utility>

namespace rill::RILL_FORM::testing {

namespace {

void require(bool condition, const char* what)
{
    if (!condition)
        throw std::invalid_argument(what);
}

} // namespace

// host

host::host(std::shared_ptr<simulation::machine> m) noexcept
    : machine_(std::move(m))
{}

const std::string& host::name() const noexcept
{
    return machine_->name;
}

std::string host::address() const
{
    return machine_->v4.to_string();
}

std::string host::address_v6() const
{
    return machine_->v6.to_string();
}

void host::socket_limit(std::size_t most)
{
    machine_->sockets->most = most;
}

void host::crash()
{
    if (machine_->net)
        machine_->net->crash(*machine_);
}

void host::restart()
{
    if (machine_->net)
        machine_->net->restart(*machine_);
}

bool host::is_up() const noexcept
{
    return machine_->up;
}

asio::any_io_executor host::executor() const
{
    if (!machine_->net)
        throw std::logic_error("rill::testing::host: its network or loop has ended");
    return machine_->net->core().executor();
}

// link

link::link(std::vector<simulation::path_settings*> paths) noexcept
    : paths_(std::move(paths))
{}

/// A path that follows the defaults begins with a copy of them.
template <class F>
link& link::change(F f)
{
    for (simulation::path_settings* p : paths_) {
        if (p->followed)
            *p = *p->followed;
        f(*p);
    }
    return *this;
}

link& link::latency(duration d)
{
    require(d >= duration::zero(), "rill::testing::link: the latency must not be negative");
    return change([d](simulation::path_settings& p) { p.latency = d; });
}

link& link::jitter(duration d)
{
    require(d >= duration::zero(), "rill::testing::link: the jitter must not be negative");
    return change([d](simulation::path_settings& p) { p.jitter = d; });
}

link& link::bandwidth(std::size_t bytes_per_second)
{
    return change([=](simulation::path_settings& p) { p.bandwidth = bytes_per_second; });
}

link& link::loss(double part)
{
    require(part >= 0 && part <= 1, "rill::testing::link: the loss must be from 0 to 1");
    return change([part](simulation::path_settings& p) { p.loss = part; });
}

link& link::segment(std::size_t least, std::size_t most)
{
    require(
        least > 0 && least <= most,
        "rill::testing::link: a segment has at least one byte, and at most as many as its largest"
    );
    return change([=](simulation::path_settings& p) {
        p.least_segment = least;
        p.most_segment = most;
    });
}

// network

network::network(const asio::any_io_executor& ex)
    : fabric_(std::make_unique<simulation::fabric>(extend::loop_core::of(ex)))
{}

network::network(rill::loop& loop)
    : network(asio::any_io_executor(loop.get_executor()))
{}

network::network(testing::loop& loop)
    : network(asio::any_io_executor(loop.executor()))
{}

network::~network() = default;

testing::host network::host(const std::string& name)
{
    return testing::host(fabric_->find_or_make(name));
}

testing::link network::link(const std::string& a, const std::string& b)
{
    const auto first = fabric_->find_or_make(a);
    const auto second = fabric_->find_or_make(b);
    return testing::link(
        {&fabric_->path_between(*first, *second).settings,
         &fabric_->path_between(*second, *first).settings}
    );
}

testing::link network::path(const std::string& from, const std::string& to)
{
    const auto first = fabric_->find_or_make(from);
    const auto second = fabric_->find_or_make(to);
    return testing::link({&fabric_->path_between(*first, *second).settings});
}

testing::link network::defaults()
{
    return testing::link({&fabric_->defaults});
}

testing::names network::names()
{
    return testing::names(fabric_->named);
}

void network::partition(const std::vector<std::string>& a, const std::vector<std::string>& b)
{
    for (const std::string& one : a)
        for (const std::string& other : b)
            fabric_->set_partition(
                *fabric_->find_or_make(one), *fabric_->find_or_make(other), true
            );
}

void network::heal(const std::vector<std::string>& a, const std::vector<std::string>& b)
{
    for (const std::string& one : a)
        for (const std::string& other : b)
            fabric_->set_partition(
                *fabric_->find_or_make(one), *fabric_->find_or_make(other), false
            );
}

void network::heal()
{
    fabric_->heal_all();
}

void network::reset(const std::string& a, const std::string& b)
{
    fabric_->reset(*fabric_->find_or_make(a), *fabric_->find_or_make(b));
}

void network::crash(const std::string& name)
{
    fabric_->crash(*fabric_->find_or_make(name));
}

void network::restart(const std::string& name)
{
    fabric_->restart(*fabric_->find_or_make(name));
}

void network::buffers(std::size_t to_send, std::size_t received)
{
    require(to_send > 0 && received > 0, "rill::testing::network: a buffer has at least one byte");
    fabric_->send_buffer = to_send;
    fabric_->receive_window = received;
}

void network::retransmit_limit(duration d)
{
    fabric_->retransmit_limit = d;
}

void network::connect_limit(duration d)
{
    fabric_->connect_limit = d;
}

const network_statistics& network::statistics() const noexcept
{
    return fabric_->statistics;
}

void network::on_event(std::function<void(const network_event&)> f)
{
    fabric_->observer = std::move(f);
}

} // namespace rill::RILL_FORM::testing
