// SPDX-License-Identifier: BSL-1.0
#include "tls_socket.hpp"

#include "tls_carrier.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace rill::RILL_FORM::net_detail {

namespace {

constexpr std::size_t record_size = 16 * 1024; // RFC 8446 section 5.1

/// What is left of a sequence of buffers.
class unwritten {
public:
    explicit unwritten(std::span<const asio::const_buffer> data) noexcept
        : data_(data)
    {
        skip_empty();
    }

    bool empty() const noexcept { return data_.empty(); }

    /// The next bytes for one record: where they lie, or small pieces put together in `room`.
    std::span<const char> next_record(std::span<char> room) const noexcept
    {
        const std::span<const char> first = piece(0);
        if (first.size() >= room.size() || data_.size() == 1)
            return first.first(std::min(first.size(), room.size()));
        std::size_t n = 0;
        for (std::size_t i = 0; i < data_.size() && n < room.size(); ++i) {
            const std::span<const char> from = piece(i);
            const std::size_t part = std::min(from.size(), room.size() - n);
            std::memcpy(room.data() + n, from.data(), part);
            n += part;
        }
        return room.first(n);
    }

    void consume(std::size_t n) noexcept
    {
        while (n > 0) {
            const std::size_t part = std::min(n, piece(0).size());
            taken_ += part;
            n -= part;
            skip_empty();
        }
    }

private:
    std::span<const char> piece(std::size_t i) const noexcept
    {
        const std::size_t skip = i == 0 ? taken_ : 0;
        return {static_cast<const char*>(data_[i].data()) + skip, data_[i].size() - skip};
    }

    void skip_empty() noexcept
    {
        while (!data_.empty() && piece(0).empty()) {
            data_ = data_.subspan(1);
            taken_ = 0;
        }
    }

    std::span<const asio::const_buffer> data_;
    std::size_t taken_ = 0; // of the first
};

/// A socket option whatever it is, as Asio wants one.
class raw_option {
public:
    raw_option(int level, int name, const void* value, std::size_t size) noexcept
        : level_(level)
        , name_(name)
        , value_(value)
        , size_(size)
    {}

    template <class Protocol>
    int level(const Protocol&) const noexcept
    {
        return level_;
    }

    template <class Protocol>
    int name(const Protocol&) const noexcept
    {
        return name_;
    }

    template <class Protocol>
    const void* data(const Protocol&) const noexcept
    {
        return value_;
    }

    template <class Protocol>
    std::size_t size(const Protocol&) const noexcept
    {
        return size_;
    }

private:
    int level_;
    int name_;
    const void* value_;
    std::size_t size_;
};

} // namespace

tls_socket::tls_socket(
    stream_socket below, const tls_context& context, std::string name, std::string_view early
)
    : virtual_socket(loop_core::of(below.get_executor()))
    , carrier_(new tls_carrier(std::move(below), early, *this))
    , engine_(context.configuration(), std::move(name), *carrier_, core().wall_now())
    , info_(engine_.native())
{}

tls_socket::~tls_socket()
{
    carrier_->let_go();
}

void tls_socket::handshake(error_code& ec)
{
    engine_.handshake(ec);
}

bool tls_socket::is_open() const noexcept
{
    return carrier_->below().is_open();
}

void tls_socket::connect(const endpoint&, error_code& ec)
{
    ec = asio::error::already_connected;
}

void tls_socket::connected(error_code& ec) noexcept
{
    ec = {};
}

bool tls_socket::readable() noexcept
{
    return parting_ || engine_.readable() || (reads_no_more_ && carrier_->ended());
}

bool tls_socket::writable()
{
    return carrier_->all_sent();
}

bool tls_socket::failed() const noexcept
{
    return carrier_->failed();
}

peer_state tls_socket::peer() const noexcept
{
    return carrier_->below().peer();
}

std::size_t tls_socket::try_read(std::span<const asio::mutable_buffer> room, error_code& ec)
{
    std::size_t all = 0;
    ec = {};
    if (parting_) {
        ec = asio::error::eof;
        return 0;
    }
    for (const asio::mutable_buffer& part : room) {
        const std::size_t n = engine_.read({static_cast<char*>(part.data()), part.size()}, ec);
        all += n;
        if (n < part.size())
            break;
    }
    if (all > 0)
        ec = {}; // the next call meets it again
    else if (ec == asio::error::would_block && reads_no_more_ && carrier_->ended())
        ec = asio::error::eof;
    return all;
}

std::size_t tls_socket::try_write(std::span<const asio::const_buffer> data, error_code& ec)
{
    ec = {};
    std::size_t all = 0;
    for (unwritten rest(data); !rest.empty() && !ec && carrier_->all_sent();) {
        std::array<char, record_size> gathered; // NOLINT: what is used of it is written first
        const std::size_t n = engine_.write(rest.next_record(gathered), ec);
        rest.consume(n);
        all += n;
    }
    if (all > 0)
        ec = {};
    else if (!ec && asio::buffer_size(data) > 0)
        ec = asio::error::would_block;
    return all;
}

error_code tls_socket::take_error() noexcept
{
    return carrier_->below().take_error();
}

void tls_socket::shutdown(asio::socket_base::shutdown_type what, error_code& ec)
{
    if (what == asio::socket_base::shutdown_both ||
        (what == asio::socket_base::shutdown_send && !can_half_close())) {
        ec = asio::error::operation_not_supported;
        return;
    }
    if (what == asio::socket_base::shutdown_send)
        return engine_.end_writing(ec);
    reads_no_more_ = true;
    carrier_->hide_end();
    carrier_->below().shutdown(what, ec);
}

duration tls_socket::farewell_limit() const noexcept
{
    return engine_.established() ? engine_.configuration().settings().shutdown_timeout
                                 : duration::zero();
}

void tls_socket::bid_farewell(error_code& ec)
{
    if (!std::exchange(parting_, true))
        wake_readers(); // to them it is the end
    engine_.farewell(ec);
    if (ec == asio::error::would_block && carrier_->ended())
        ec = {}; // no answer can come
    if (!ec && !carrier_->all_sent())
        ec = asio::error::would_block;
}

const tls_info* tls_socket::tls() const noexcept
{
    return engine_.established() ? &info_ : nullptr;
}

void tls_socket::set_option(int level, int name, const void* value, std::size_t size)
{
    error_code ignored; // as one that means nothing to this kind of socket
    carrier_->below().set_option(raw_option(level, name, value, size), ignored);
}

std::size_t tls_socket::available(error_code& ec) const
{
    return static_cast<std::size_t>(SSL_pending(engine_.native())) +
           carrier_->below().available(ec);
}

endpoint tls_socket::local_endpoint(error_code& ec) const
{
    return carrier_->below().local_endpoint(ec);
}

endpoint tls_socket::remote_endpoint(error_code& ec) const
{
    return carrier_->below().remote_endpoint(ec);
}

void tls_socket::do_close()
{
    error_code ignored;
    carrier_->below().close(ignored);
}

void tls_socket::expect()
{
    if (anybody_reads() || anybody_writes()) {
        carrier_->expect_bytes();
        if (carrier_->ended()) {
            wake_readers();
            wake_writers();
        }
    }
    if (anybody_watches())
        carrier_->expect_failure();
}

void tls_socket::expect_less() noexcept
{
    if (!anybody_reads() && !anybody_writes())
        carrier_->expect_no_bytes();
}

void tls_socket::look_again()
{
    wake_all();
    expect();
}

} // namespace rill::RILL_FORM::net_detail
