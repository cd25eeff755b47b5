// SPDX-License-Identifier: BSL-1.0
#include "stream_end.hpp"

#include <sys/socket.h>

#include <cstring>
#include <utility>

namespace rill::RILL_FORM::testing::simulation {

stream_end::~stream_end()
{
    leave();
}

void stream_end::establish(
    channel& in,
    channel& out,
    std::shared_ptr<void> owner,
    const endpoint& local,
    const endpoint& remote
)
{
    in_ = &in;
    out_ = &out;
    owner_ = std::move(owner);
    local_ = local;
    remote_ = remote;
    wake_writers();
}

void stream_end::fail(error_code why)
{
    if (std::exchange(over_, true))
        return;
    failure_ = why;
    wake_all();
}

void stream_end::lose_reader()
{
    sends_no_more_ = true;
    wake_writers();
}

void stream_end::connect(const endpoint&, error_code& ec)
{
    ec = asio::error::already_connected;
}

void stream_end::connected(error_code& ec) noexcept
{
    if (over_)
        ec = std::exchange(failure_, {});
    else
        ec = in_ ? error_code() : error_code(asio::error::would_block);
}

bool stream_end::readable() noexcept
{
    if (over_ || reads_no_more_ || !in_)
        return true;
    in_->before_read();
    return in_->arrived() > 0 || in_->ended();
}

bool stream_end::writable()
{
    return over_ || sends_no_more_ || !out_ || out_->worth_writing();
}

bool stream_end::failed() const noexcept
{
    return over_;
}

peer_state stream_end::peer() const noexcept
{
    if (over_ || !in_)
        return peer_state::lost;
    in_->before_read();
    return in_->ended() ? peer_state::ended : peer_state::open;
}

std::size_t stream_end::try_read(std::span<const asio::mutable_buffer> room, error_code& ec)
{
    ec = {};
    if (!open_) {
        ec = asio::error::bad_descriptor;
        return 0;
    }
    if (in_) {
        in_->before_read();
        if (const std::size_t n = in_->read(room))
            return n;
    }
    if (reads_no_more_ || (in_ && in_->ended()))
        ec = asio::error::eof;
    else if (failure_)
        ec = std::exchange(failure_, {});
    else if (over_)
        ec = asio::error::eof;
    else if (!in_)
        ec = asio::error::not_connected;
    else
        ec = asio::error::would_block;
    return 0;
}

std::size_t stream_end::try_write(std::span<const asio::const_buffer> data, error_code& ec)
{
    ec = {};
    if (!open_)
        ec = asio::error::bad_descriptor;
    else if (failure_)
        ec = std::exchange(failure_, {});
    else if (over_ || sends_no_more_)
        ec = asio::error::broken_pipe;
    else if (!out_)
        ec = asio::error::not_connected;
    if (ec)
        return 0;
    const std::size_t n = out_->write(data);
    if (n == 0 && asio::buffer_size(data) > 0)
        ec = asio::error::would_block;
    return n;
}

error_code stream_end::take_error() noexcept
{
    return open_ ? std::exchange(failure_, {}) : error_code(asio::error::bad_descriptor);
}

void stream_end::shutdown(asio::socket_base::shutdown_type what, error_code& ec)
{
    ec = {};
    if (!open_)
        ec = asio::error::bad_descriptor;
    else if (!in_ || over_)
        ec = asio::error::not_connected;
    if (ec)
        return;
    if (what != asio::socket_base::shutdown_send) {
        reads_no_more_ = true;
        wake_readers();
    }
    if (what != asio::socket_base::shutdown_receive) {
        sends_no_more_ = true;
        out_->finish();
        wake_writers();
    }
}

void stream_end::set_option(int level, int name, const void* value, std::size_t size)
{
    if (level != SOL_SOCKET || name != SO_LINGER || size != sizeof(::linger))
        return;
    ::linger l{};
    std::memcpy(&l, value, sizeof l);
    linger_zero_ = l.l_onoff != 0 && l.l_linger == 0;
}

std::size_t stream_end::available(error_code& ec) const
{
    ec = open_ ? error_code() : error_code(asio::error::bad_descriptor);
    return open_ && in_ ? in_->arrived() : 0;
}

endpoint stream_end::local_endpoint(error_code& ec) const
{
    ec = open_ ? error_code() : error_code(asio::error::bad_descriptor);
    return local_;
}

endpoint stream_end::remote_endpoint(error_code& ec) const
{
    ec = {};
    if (!open_)
        ec = asio::error::bad_descriptor;
    else if (!in_ || over_)
        ec = asio::error::not_connected;
    return ec ? endpoint() : remote_;
}

void stream_end::do_close()
{
    place_.reset();
    leave();
}

/// The peer learns that the connection was cut if something is left unread: it would be wrong to
/// believe that it had been understood.
void stream_end::leave() noexcept
{
    if (!std::exchange(open_, false) || !in_)
        return;
    const bool cut = linger_zero_ || in_->arrived() > 0;
    if (!over_ && cut)
        out_->reset();
    else if (!over_)
        out_->finish();
    out_->lose_writer();
    in_->lose_reader();
    in_ = out_ = nullptr;
    owner_.reset();
}

} // namespace rill::RILL_FORM::testing::simulation
