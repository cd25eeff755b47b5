// SPDX-License-Identifier: BSL-1.0
#include "session.hpp"

#include "haproxy_header.hpp"
#include "server_journal.hpp"
#include "session_set.hpp"
#include "sockets.hpp"
#include "stream_access.hpp"

#include <rill/cancel_scope.hpp>
#include <rill/extend_watch.hpp>

#include <exception>
#include <optional>
#include <string_view>
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
        in->executor(),
        serve(self, std::move(connection), in->admission().is_relay(peer)),
        "connection from " + to_string(peer)
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

namespace {

/// The header with which a connection begins; empty if it ends before, as it does where a load
/// balancer only looks whether somebody listens.
awaitable<std::optional<haproxy_header>> read_header(stream_reader& from)
{
    haproxy_header header;
    bool begun = false;
    while (!header.complete()) {
        std::string_view some;
        try {
            some = co_await from.read_some();
        } catch (const system_error& e) {
            if (begun || e.code() != asio::error::connection_reset)
                throw;
        }
        if (some.empty() && begun)
            throw_error(asio::error::eof, "the header of the PROXY protocol");
        if (some.empty())
            co_return std::nullopt;
        begun = true;
        from.consume(header.receive(some));
    }
    co_return header;
}

} // namespace

awaitable<bool> session::identify(stream& connection)
{
    const endpoint relay = connection.remote_endpoint();
    const duration limit = set_->options().header_time;
    net_detail::admission& admission = set_->admission();
    std::optional<haproxy_header> header;
    try {
        auto read = co_await move_on_after(limit, read_header(connection.reader()));
        if (read)
            header = std::move(*read);
        else
            admission.on_wrong_header(relay, "none came within " + extend::text_of(limit));
    } catch (const system_error& e) {
        if (!is_cancellation(e))
            admission.on_wrong_header(relay, e.what());
    }
    if (!header || header->is_own())
        co_return header.has_value();
    const std::optional<relayed_addresses>& whose = header->addresses();
    auto place = admission.admit(whose ? whose->source : relay);
    if (!place)
        co_return false;
    place_ = std::move(*place);
    if (whose) {
        stream_access::pass_for(connection, *whose);
        current_task()->set_name(
            "connection from " + to_string(whose->source) + " through " + to_string(relay)
        );
    }
    co_return true;
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

/// A peer that has gone meanwhile is a relay as before.
awaitable<void> session::serve(std::shared_ptr<session> self, stream connection, bool of_a_relay)
{
    session_set& set = *self->set_;
    const running_handler running(set);
    if (of_a_relay && !co_await self->identify(connection))
        co_return;
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
