// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "config.hpp"

#include <rill/clock.hpp>
#include <rill/connect_address.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace relay {

/// One of the servers, and how it does. All workers share it.
class upstream {
public:
    explicit upstream(const std::string& address)
        : address_(rill::connect_address::parse(address))
    {}

    const rill::connect_address& address() const noexcept { return address_; }

    std::size_t active() const noexcept { return active_; } ///< Connections, opening ones included.

    std::uint64_t connected() const noexcept { return connected_; } ///< So far.

    std::uint64_t failed() const noexcept { return failed_; } ///< To be connected to, so far.

    void on_connected() noexcept;
    void on_failed(rill::time_point ill_until) noexcept;

    bool is_well() const noexcept { return ill_until_.load() == well; }

    /// Whether it has been ill for long enough that a client is to find out: true for one, who is the
    /// last until `next`.
    bool is_to_be_tried(rill::time_point now, rill::time_point next) noexcept;

private:
    friend class upstream_use;

    static constexpr rill::time_point well = rill::time_point::min();

    const rill::connect_address address_;
    std::atomic<std::size_t> active_ = 0;
    std::atomic<std::uint64_t> connected_ = 0;
    std::atomic<std::uint64_t> failed_ = 0;
    std::atomic<rill::time_point> ill_until_ = well;
};

/// While it lives, it counts among the connections of a server.
class upstream_use {
public:
    explicit upstream_use(upstream& of) noexcept;
    upstream_use(upstream_use&& other) noexcept;
    upstream_use& operator=(upstream_use&&) = delete;
    ~upstream_use();

private:
    upstream* of_; // null once moved from
};

/// All servers. Any thread may use it.
class upstreams {
public:
    explicit upstreams(const upstream_settings& settings);

    /// Those to be tried for the next client, the best first: one that may be well again, those that
    /// are by what the settings say of balance, and then the others.
    std::vector<upstream*> for_next_client(rill::time_point now);

    const std::deque<upstream>& all() const noexcept { return all_; }

private:
    const upstream_settings& settings_;
    std::deque<upstream> all_; // does not change
    std::atomic<std::size_t> next_ = 0;
};

} // namespace relay
