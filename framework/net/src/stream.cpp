// SPDX-License-Identifier: BSL-1.0
#include "kept_endpoint.hpp"
#include "sockets.hpp"
#include "start_tls.hpp"
#include "stream_access.hpp"

#include <rill/detail/net_detail.hpp>
#include <rill/stream.hpp>

namespace rill {

template class net_detail::read_pump<stream_socket>;
template class net_detail::write_pump<stream_socket>;
template class basic_stream_reader<stream_socket>;
template class basic_stream_writer<stream_socket>;

namespace {

/// A peer that has gone already leaves no address behind.
endpoint peer_of(const stream_socket& socket)
{
    error_code ignored;
    return socket.remote_endpoint(ignored);
}

} // namespace

struct stream::parts {
    parts(std::shared_ptr<stream_socket> s, const stream_options& options)
        : peer(peer_of(*s))
        , writer(s, options.write)
        , reader(std::move(s), options.read_limit)
    {
        writer.share_errors_with(reader);
    }

    // The socket is the writer's, which keeps it until it is flushed, and the reader's, which does
    // until nothing waits for bytes. Both let it go at the end of the loop.
    net_detail::kept_endpoint peer;
    std::unique_ptr<net_detail::kept_endpoint> local; // null: the socket's own
    stream_writer writer;
    stream_reader reader;
    std::unique_ptr<extend::open_mark> mark; // in debug mode
};

stream::stream(stream_socket socket, const stream_options& options)
    : parts_(std::make_unique<parts>(std::make_shared<stream_socket>(std::move(socket)), options))
{
    stream_socket& own = parts_->reader.stream();
    net_detail::set_no_delay(own, remote_endpoint());
    auto& core = extend::loop_core::of(own.get_executor().context());
    if (core.debug) [[unlikely]]
        parts_->mark = std::make_unique<extend::open_mark>(
            core, "a stream to " + to_string(remote_endpoint())
        );
}

stream::stream(stream&&) noexcept = default;
stream& stream::operator=(stream&&) noexcept = default;
stream::~stream() = default;

stream_reader& stream::reader() noexcept
{
    return parts_->reader;
}

stream_writer& stream::writer() noexcept
{
    return parts_->writer;
}

endpoint stream::local_endpoint() const
{
    return parts_->local ? parts_->local->get() : parts_->reader.stream().local_endpoint();
}

endpoint stream::remote_endpoint() const
{
    return parts_->peer.get();
}

stream_socket& stream::socket()
{
    return parts_->reader.stream();
}

awaitable<void> stream::start_tls(const tls_context& context, std::string name)
{
    return net_detail::start_tls(
        net_detail::reader_access::pump_of(parts_->reader),
        net_detail::writer_access::pump_of(parts_->writer),
        context,
        std::move(name),
        to_string(remote_endpoint())
    );
}

const tls_info* stream::tls() const
{
    return parts_->reader.stream().tls();
}

void net_detail::stream_access::pass_for(stream& s, const relayed_addresses& whose)
{
    s.parts_->peer = kept_endpoint(whose.source);
    s.parts_->local = std::make_unique<kept_endpoint>(whose.destination);
}

void stream::close()
{
    parts_->writer.close();
}

void stream::abort()
{
    parts_->writer.abort();
}

} // namespace rill
