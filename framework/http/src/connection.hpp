// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "exchange.hpp"
#include "server_state.hpp"

#include <rill/awaitable.hpp>
#include <rill/extend.hpp>
#include <rill/extend_net.hpp>
#include <rill/http/server.hpp>
#include <rill/stream.hpp>

#include <exception>
#include <memory>
#include <optional>

namespace rill::http::detail {

/// Drives an exchange on a stream: carries out its actions, and ends those that take too long.
///
/// Lives in the frame of the task that runs it, and waits in no other, so a request costs no more
/// than its handler's frame.
class connection : public extend::hook<in_server>, private extend::ready_node {
public:
    connection(std::shared_ptr<server_state> server, stream peer, extend::task_state& task);
    ~connection();

    awaitable<void> run();

    /// Ends the wait that it is in if that is overdue, or if the handler works for nobody.
    void look_at_time(time_point now);

    /// Ends it at `when`, or now if that has come, if it still waits for a request then.
    void end_idleness(time_point when, time_point now);

    /// Since when it waits for a request; empty if it does not.
    std::optional<time_point> idle_since() const noexcept { return exchange_.idle_since(); }

private:
    void tell_refusal();
    bool failed(error_code ec);
    error_code write_now();
    void write_soon();
    response answer_to(std::exception_ptr error, bool late);
    error_code woken(error_code ec);
    bool take_lateness() noexcept;
    static void on_ready(ready_node& node, extend::act what);

    const std::shared_ptr<server_state> server_;
    stream stream_;
    stream_socket& socket_; // of stream_, whose reader and writer stay unused
    boost::intrusive_ptr<extend::socket_read> read_;
    extend::task_state& task_;
    extend::scope scope_; // around everything; cancelled when something is overdue
    exchange exchange_;
};

} // namespace rill::http::detail
