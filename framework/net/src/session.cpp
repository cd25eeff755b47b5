// SPDX-License-Identifier: BSL-1.0
#include "session.hpp"

#include "server_journal.hpp"
#include "session_set.hpp"

#include <exception>
#include <utility>

namespace rill::RILL_FORM::net_detail {

void session_ends::cancel_handler()
{
    if (handler)
        handler.cancel();
}

void session_ends::finish()
{
    if (connection)
        connection->end_reading();
}

void session_ends::close()
{
    if (connection)
        connection->close();
}

void session_ends::abort()
{
    if (connection)
        connection->abort(asio::error::connection_reset);
}

void session::start(
    const std::shared_ptr<session_set>& in,
    stream_socket socket,
    const endpoint& peer,
    peer_place place
)
{
    const auto self = std::make_shared<session>(in, std::move(place));
    stream connection(std::move(socket), in->options());
    self->ends_.connection = writer_access::pump_of(connection.writer());
    connection.writer().hold_until_closed(self);
    self->ends_.handler = create_task(
        in->executor(), serve(self, std::move(connection)), "connection from " + to_string(peer)
    );
}

session::session(std::shared_ptr<session_set> in, peer_place place)
    : set_(std::move(in))
    , place_(std::move(place))
{
    set_->add(*this);
}

session::~session()
{
    set_->remove(*this);
}

awaitable<bool> session::secure(session_set& set, stream& connection)
{
    try {
        co_await connection.start_tls(*set.options().security);
        co_return true;
    } catch (const tls_error&) {
        ++set.journal().statistics.handshake_errors;
    } catch (const system_error&) { // it was told to stop, or lost before it could begin
    }
    co_return false;
}

awaitable<void> session::serve(std::shared_ptr<session> self, stream connection)
{
    session_set& set = *self->set_;
    const running_handler running(set);
    if (set.options().security && !co_await secure(set, connection))
        co_return;
    try {
        co_await set.handler()(std::move(connection));
    } catch (const fatal_error&) {
        throw;
    } catch (...) {
        if (was_asked_for(std::current_exception()))
            co_return;
        ++set.journal().statistics.handler_errors;
        set.journal().report("a connection's handler failed", std::current_exception());
    }
}

} // namespace rill::RILL_FORM::net_detail
