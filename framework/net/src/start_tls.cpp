// SPDX-License-Identifier: BSL-1.0
#include "start_tls.hpp"

#include "flush_all.hpp"
#include "tls_configuration.hpp"
#include "tls_socket.hpp"

#include <rill/extend_watch.hpp>
#include <rill/sleep.hpp>
#include <rill/timeout.hpp>
#include <rill/tls_error.hpp>

#include <memory>
#include <stdexcept>
#include <utility>

namespace rill::RILL_FORM::net_detail {

namespace {

using reading = read_pump<stream_socket>;
using writing = write_pump<stream_socket>;

void check(const reading& reader, const tls_context& context, const std::string& name)
{
    if (reader.is_read())
        throw std::logic_error("rill::stream: start_tls while somebody reads");
    const tls_settings& settings = context.configuration()->settings();
    if (!settings.server && settings.verify && name.empty())
        throw std::logic_error(
            "rill::stream: start_tls needs the name that the server's certificate is for"
        );
}

/// Puts TLS over the stream's socket, in its place.
tls_socket& put_over(reading& reader, const tls_context& context, const std::string& name)
{
    stream_socket& socket = reader.stream();
    const std::string early(reader.state.buffer.view());
    reader.state.buffer.clear();
    auto tls = std::make_unique<tls_socket>(std::move(socket), context, name, early);
    tls_socket& own = *tls;
    socket = stream_socket(std::move(tls));
    return own;
}

/// `with`: whose certificate is expected, or who that is. `reason`: what the code does not say.
[[noreturn]] void throw_failure(const std::string& with, error_code ec, const std::string& reason)
{
    throw tls_error(
        ec, "TLS with " + with + ": " + ec.message() + (reason.empty() ? "" : ": " + reason)
    );
}

awaitable<void>
shake_hands(reading::pointer reader, tls_socket& socket, duration limit, std::string with)
{
    extend::wait_operation<void(error_code), tls_handshake> handshake(std::in_place, socket);
    error_code failure;
    std::string reason;
    try {
        co_await timeout(limit, std::move(handshake));
        co_return;
    } catch (const timeout_error&) {
        failure = asio::error::connection_aborted;
        reason = "no handshake within " + extend::text_of(limit);
    } catch (const system_error& error) {
        if (error.code() == condition::cancelled || !reader->has_stream())
            throw;
        failure = error.code();
        reason = socket.engine().failure();
    }
    throw_failure(with, failure, reason);
}

} // namespace

awaitable<void> start_tls(
    reading::pointer reader,
    writing::pointer writer,
    tls_context context,
    std::string name,
    std::string peer
)
{
    check(*reader, context, name);
    co_await flush_all(writer);
    while (reader->in_flight()) // a read that was given up
        co_await yield();
    tls_socket& socket = put_over(*reader, context, name);
    const duration limit = context.configuration()->settings().handshake_timeout;
    try {
        co_await shake_hands(reader, socket, limit, name.empty() ? peer : name);
    } catch (...) {
        if (reader->has_stream())
            writer->close();
        throw;
    }
}

} // namespace rill::RILL_FORM::net_detail
