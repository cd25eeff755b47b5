// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/context_var.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/simulation.hpp>
#include <rill/loop.hpp>
#include <rill/task.hpp>
#include <rill/testing/loop.hpp>
#include <rill/testing/names.hpp>
#include <rill/testing/network_event.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace rill::RILL_FORM {

namespace testing::simulation {

class fabric;
class machine;
struct path_settings;

/// Whose code runs; null: the host "localhost". It does not own the host.
inline const context_var<std::weak_ptr<machine>> current_machine{
    "rill::testing::current_machine", std::weak_ptr<machine>()
};

} // namespace testing::simulation

namespace testing {

/// A computer in a network. Copies are the same one. Once the network or its loop is gone nothing
/// happens to it any more, and spawn() is a std::logic_error.
class host {
public:
    const std::string& name() const noexcept;

    /// "10.0.0.2", say; the same host is fd00::2, and 127.0.0.1 and ::1 to itself.
    std::string address() const;
    std::string address_v6() const;

    /// Starts a task on this host: what it and the tasks that it starts open is of this host.
    template <class T>
    task<T> spawn(
        awaitable<T> body,
        task_options options = {},
        std::source_location place = std::source_location::current()
    );
    template <coroutine_function F>
    auto spawn(
        F body,
        task_options options = {},
        std::source_location place = std::source_location::current()
    );

    /// As long as the result lives, what is opened in this task is of this host.
    [[nodiscard]] auto enter() const { return simulation::current_machine.scoped(machine_); }

    /// At most so many sockets are open at once, those that listen apart: more cannot be opened, nor
    /// accepted, and fail with no_descriptors, as where a process has too many files open. Default:
    /// any number.
    void socket_limit(std::size_t most);

    /// The power fails. The host's tasks are cancelled, and its sockets fail with network_down.
    /// Peers are not told: they find out when they send something, with connection_reset if the
    /// host is up again, or else with timed_out in the end.
    void crash();

    /// The power is back. Nothing runs or listens here until it is started again.
    void restart();

    bool is_up() const noexcept;

private:
    friend class network;

    explicit host(std::shared_ptr<simulation::machine> m) noexcept;

    asio::any_io_executor executor() const;

    std::shared_ptr<simulation::machine> machine_;
};

/// How what travels between two hosts is treated: from now on, for connections that exist too. It
/// is a part of the network, which must outlive it.
/// std::invalid_argument if a value makes no sense.
class link {
public:
    /// The time that everything needs at least. Default 0.
    link& latency(duration d);

    /// And by how much longer it may take, evenly spread; what follows waits. Default 0.
    link& jitter(duration d);

    /// In bytes for each second, shared by all connections of the direction. 0: no bound, the
    /// default.
    link& bandwidth(std::size_t bytes_per_second);

    /// The part of the segments that are lost and sent again later, from 0 to 1. Default 0.
    link& loss(double part);

    /// The number of bytes in a segment, evenly spread. Default 1460.
    link& segment(std::size_t least, std::size_t most);

private:
    friend class network;

    explicit link(std::vector<simulation::path_settings*> paths) noexcept;

    template <class F>
    link& change(F f);

    std::vector<simulation::path_settings*> paths_;
};

/// A network in memory, which takes the place of the system's for one loop: open_connection,
/// start_server, server and the unix forms work on it, unchanged.
///
///     rill::testing::network net(loop);
///     auto server = net.host("server");
///     auto client = net.host("client");
///     net.link("client", "server").latency(20ms).loss(0.01);
///     server.spawn(serve());     // start_server(handler, "", 80)
///     client.spawn(talk());      // open_connection("server", 80)
///     net.partition({"client"}, {"server"});
///
/// It knows no descriptors, threads or real time: everything goes by the loop's clock and random
/// numbers, so that the same seed gives the same run. A task that was not spawned on a host is on
/// the host "localhost". Names are those of hosts, and what names() was told; "localhost" and
/// 127.0.0.1 are the host itself, where nothing takes time or is lost, whatever the links.
///
/// Connections behave as TCP's on Linux. Bytes stay in order and are never lost: a segment that
/// is, by bad luck or a partition, is sent again after a time that doubles from 200 ms or more to
/// 2 min. A connection whose bytes do not get through for retransmit_limit ends with timed_out, and
/// a connect for connect_limit. Refused connects take a round trip. A peer that is gone answers
/// what is sent to it with a reset. There is no Nagle delay, no keep-alive and no congestion.
///
/// Destroyed, its sockets fail with network_down, and the loop has the system's network again. It
/// may outlive its loop: nothing happens in it any more.
/// Thread safety: all on the thread of the loop.
class network {
public:
    explicit network(const asio::any_io_executor& ex);
    explicit network(rill::loop& loop);
    explicit network(testing::loop& loop);
    ~network();

    network(const network&) = delete;
    network& operator=(const network&) = delete;

    /// The host of that name, which is made if there is none.
    testing::host host(const std::string& name);

    /// What lies between two hosts, both directions of it. They are made if there are none.
    testing::link link(const std::string& a, const std::string& b);

    /// One direction only.
    testing::link path(const std::string& from, const std::string& to);

    /// For every direction that was not given settings of its own.
    testing::link defaults();

    /// What names stand for.
    testing::names names();

    /// From now on nothing passes between the hosts of `a` and those of `b`.
    void partition(const std::vector<std::string>& a, const std::vector<std::string>& b);

    /// Ends the partition between them.
    void heal(const std::vector<std::string>& a, const std::vector<std::string>& b);

    /// Ends all partitions.
    void heal();

    /// Cuts the connections between two hosts: connection_reset for both sides.
    void reset(const std::string& a, const std::string& b);

    /// As host::crash and host::restart.
    void crash(const std::string& name);
    void restart(const std::string& name);

    /// Bytes that a connection takes from its writer before they have been acknowledged, and that
    /// it holds for its reader; at least 1. For connections from now on. Default 64 KiB each.
    void buffers(std::size_t to_send, std::size_t received);

    /// How long bytes are sent again and again. Default 15 min.
    void retransmit_limit(duration d);

    /// The same for connects. Default 127 s.
    void connect_limit(duration d);

    const network_statistics& statistics() const noexcept;

    /// `f` is called with each event, in the middle of things: it must not use the network, and
    /// must outlive it or be replaced. Empty: nobody is told.
    void on_event(std::function<void(const network_event&)> f);

private:
    std::unique_ptr<simulation::fabric> fabric_;
};

// Implementation

template <class T>
task<T> host::spawn(awaitable<T> body, task_options options, std::source_location place)
{
    const auto here = enter();
    return create_task(executor(), std::move(body), std::move(options), place);
}

template <coroutine_function F>
auto host::spawn(F body, task_options options, std::source_location place)
{
    const auto here = enter();
    return create_task(executor(), std::move(body), std::move(options), place);
}

} // namespace testing
} // namespace rill::RILL_FORM
