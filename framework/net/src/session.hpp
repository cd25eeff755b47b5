// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "peer_count.hpp"

#include <rill/awaitable.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/detail/write_pump.hpp>
#include <rill/endpoint.hpp>
#include <rill/stream.hpp>
#include <rill/task.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <memory>

namespace rill::RILL_FORM::net_detail {

class session_set;

struct in_session_set; // tag: a place among the sessions of a server

/// What ends a session. A copy may be used when the session is gone.
struct session_ends {
    task<void> handler;                                         // empty until it has been started
    boost::intrusive_ptr<write_pump<stream_socket>> connection; // null until then

    void cancel_handler();

    /// The handler finds the end of its stream behind what has arrived, and may answer that.
    void finish();

    /// After flushing; the handler sees the end of its stream.
    void close();

    /// At once; what is unsent is dropped.
    void abort();
};

/// A connection: it lasts while its handler runs or its socket is open, and keeps its set meanwhile.
class session : public hook<in_session_set> {
public:
    /// Starts a task that runs the server's handler.
    static void start(
        const std::shared_ptr<session_set>& in,
        stream_socket socket,
        const endpoint& peer,
        peer_place place
    );

    session(std::shared_ptr<session_set> in, peer_place place);
    ~session();

    session(const session&) = delete;
    session& operator=(const session&) = delete;

    const session_ends& ends() const noexcept { return ends_; }

private:
    /// Whose connection it is that a relay passes on. False: that was its end.
    awaitable<bool> identify(stream& connection);

    /// The TLS handshake. False: that was the connection's end.
    static awaitable<bool> secure(session_set& set, stream& connection);
    static awaitable<void> serve(std::shared_ptr<session> self, stream connection, bool of_a_relay);

    std::shared_ptr<session_set> set_;
    peer_place place_; // among the connections of its peer
    session_ends ends_;
};

} // namespace rill::RILL_FORM::net_detail
