// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "upstreams.hpp"

#include <atomic>
#include <cstdint>

namespace relay {

/// A number that one thread counts up, and others may look at.
class counter {
public:
    counter() = default;

    counter(const counter& other) noexcept
        : value_(other.get())
    {}

    counter& operator=(const counter&) = delete;

    std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

    void operator+=(std::uint64_t n) noexcept
    {
        value_.store(get() + n, std::memory_order_relaxed); // nobody else writes it
    }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

/// What a worker has relayed so far. Its own cache lines: others count beside it.
struct alignas(64) traffic {
    counter connections;   // of clients
    counter not_connected; // for want of a server
    counter timed_out;     // idle, or lasted too long
    counter over_budget;   // sent more than they may
    counter failed;        // lost on either side
    counter from_clients;  // bytes
    counter from_servers;  // bytes

    void operator+=(const traffic& other) noexcept;
};

/// Writes it to the log: a line for all, and one for each server.
void log_traffic(const traffic& t, const upstreams& servers);

} // namespace relay
