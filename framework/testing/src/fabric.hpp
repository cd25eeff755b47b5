// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "connection.hpp"
#include "machine.hpp"
#include "name_table.hpp"
#include "path.hpp"

#include <rill/detail/simulation.hpp>
#include <rill/extend_net.hpp>
#include <rill/testing/network_event.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rill::RILL_FORM::testing::simulation {

/// What a network is made of.
class fabric final : public network_backend {
public:
    explicit fabric(loop_core& core);
    ~fabric();

    fabric(const fabric&) = delete;
    fabric& operator=(const fabric&) = delete;

    loop_core& core() const noexcept { return core_; }

    time_point now() const noexcept { return core_.now(); }

    // Settings
    path_settings defaults;
    std::size_t send_buffer = 64 * 1024;
    std::size_t receive_window = 64 * 1024;
    duration retransmit_limit = std::chrono::minutes(15);
    duration connect_limit = std::chrono::seconds(127);
    std::function<void(const testing::network_event&)> observer;

    testing::network_statistics statistics;
    intrusive_list<connection, in_fabric> connections;
    const std::shared_ptr<name_table> named = std::make_shared<name_table>(*this);

    // Hosts

    std::shared_ptr<machine> find_or_make(const std::string& name);
    std::shared_ptr<machine> find(const std::string& name) const; ///< Null if there is none.
    std::shared_ptr<machine> owner_of(const asio::ip::address& address) const; ///< The same.
    path& path_between(const machine& from, const machine& to);

    /// Of the task that is running.
    std::shared_ptr<machine> here() const;

    template <class F>
    void for_each_path(F f)
    {
        for (auto& [key, path] : paths_)
            f(*path);
    }

    void set_partition(const machine& a, const machine& b, bool cut);
    void heal_all();
    void reset(const machine& a, const machine& b);
    void crash(machine& m);
    void restart(machine& m);

    /// A connection that has not begun, from `local` unless that is null. Null with an error where
    /// there is no way to `to`.
    std::shared_ptr<connection>
    open(machine& from, const endpoint* local, const endpoint& to, error_code& ec);

    // Events

    bool watched() const noexcept { return observer != nullptr; }

    void tell(
        testing::network_event::kind what,
        std::string from,
        std::string to = {},
        std::size_t bytes = 0
    ) const;

    static std::string name_of(const machine& m, const endpoint& at);

    // network_backend

    resolver& names() noexcept override { return names_; }

    stream_socket open_stream(const endpoint& for_what, const endpoint* from) override;
    std::unique_ptr<incoming> listen(const endpoint& at, const server_options& options) override;
    void loop_ends() noexcept override { end(); }

private:
    void end() noexcept;
    std::shared_ptr<machine> target_of(machine& from, const endpoint& to) const;

    template <class Which, class F>
    void for_connections(Which which, F f);

    loop_core& core_;
    resolver names_;
    path_settings loopback_;
    time_point made_;
    std::vector<std::shared_ptr<machine>> machines_; // the first one is "localhost"
    std::map<std::pair<std::size_t, std::size_t>, std::unique_ptr<path>> paths_; // from, to
    bool ended_ = false;
};

} // namespace rill::RILL_FORM::testing::simulation
