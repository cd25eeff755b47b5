// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "server_facts.hpp"

#include <rill/clock.hpp>
#include <rill/extend.hpp>
#include <rill/http/router.hpp>
#include <rill/http/settings.hpp>
#include <rill/log_limited.hpp>
#include <rill/stream_socket.hpp>

#include <cstddef>
#include <optional>

namespace rill::http::detail {

class connection;
struct why_refused;
struct in_server; // tag: a place in one of the server's lists of connections

/// The connections of a server, their handler, and one timer.
///
/// The timer ticks while there are connections and looks at the deadline of each. A connection
/// thus moves its deadline by writing one member, and reads the time from another.
class server_state : private extend::timer_node {
public:
    server_state(handler h, const settings& s);
    ~server_state();

    /// What a connection's exchange needs, with a clock that goes by that of the loop; to be
    /// followed by add().
    server_facts& facts_on(extend::loop_core& core);

    void add(connection& c) noexcept;
    void remove(connection& c) noexcept;

    void now_idle(connection& c) noexcept; ///< It waits for a request from here on.
    void now_busy(connection& c) noexcept;

    /// The one that waits for a request since before all others; null where none does.
    connection* longest_idle() const noexcept { return idle_.front(); }

    void stop(duration idle_grace);

    // Somebody waits to be served where as many connections as are allowed take all places.

    void begin_waiting();
    void end_waiting() noexcept;

    /// Tells of a request that was answered without asking anybody, at most once a minute.
    void log_refusal(const why_refused& why, stream_socket& peer);

    std::size_t size() const noexcept { return size_; }

    /// What the handler is known to answer without the content of `r`: a router is asked.
    std::optional<response> refusal(request& r) const;

    const handler handle;
    server_facts facts;

private:
    using list = extend::intrusive_list<connection, in_server>;

    static void on_due(timer_node& node);
    static void unlink(connection& c) noexcept;
    void tick();
    void make_places();

    template <class F>
    void for_each(F f);

    const router* router_ = nullptr;    // in handle, if that is one
    extend::loop_core* core_ = nullptr; // valid while there are connections
    list busy_;
    list idle_; // in the order in which they became idle
    std::size_t size_ = 0;
    std::size_t waiting_ = 0; // outside; for each a place is wanted, or one has been made
    log::limited place_made_;
    log::limited refused_;
};

} // namespace rill::http::detail
