// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "serialize.hpp"

#include <rill/clock.hpp>
#include <rill/detail/intrusive_list.hpp>
#include <rill/detail/loop/loop_core.hpp>
#include <rill/http/limits.hpp>
#include <rill/http/router.hpp>

#include <cstddef>
#include <cstdint>

namespace rill::http::detail {

class connection;
struct in_server; // tag: a place in the server's list of connections

/// What the connections of a server share: handler, limits, the time, and one timer.
///
/// The timer ticks while there are connections and looks at the deadline of each. A connection
/// thus moves its deadline by writing one member, and reads the time from another.
class server_state : private rill::detail::timer_node {
public:
    server_state(handler h, const limits& l);
    ~server_state();

    void add(connection& c, rill::detail::loop_core& core);
    void remove(connection& c) noexcept;
    void stop(duration idle_grace);

    /// The point in time `d` from now, counted so that it never comes early.
    time_point in(duration d) const noexcept
    {
        return rill::detail::deadline_after(now_, d > forever - tick_ ? forever : d + tick_);
    }

    time_point now() const noexcept { return now_; } ///< Late by less than a tick.
    std::size_t size() const noexcept { return size_; }
    bool stopping() const noexcept { return stopping_; }

    /// When a connection that is added now is old enough to be closed; spread over a fifth of the
    /// age, so that connections of one moment do not end in one moment.
    time_point end_of_age() noexcept;

    const handler handle;
    const limits limit;
    date_cache date;
    std::uint64_t requests = 0;
    std::uint64_t refused = 0;

private:
    static void on_due(timer_node& node);
    void tick();

    rill::detail::loop_core* core_ = nullptr; // valid while there are connections
    rill::detail::intrusive_list<connection, in_server> connections_;
    std::size_t size_ = 0;
    std::uint64_t ages_ = 0;
    duration tick_;
    time_point now_{};
    bool stopping_ = false;
};

} // namespace rill::http::detail
