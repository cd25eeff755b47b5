// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/needs_net.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/detail/stream_traits.hpp>
#include <rill/endpoint.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace rill {

class tls_info;

} // namespace rill

namespace rill::RILL_FORM::net_detail {

class virtual_operation;

/// What stands behind a stream_socket that is none of the system's: TLS, or a test kit's.
///
/// It says what a socket in its state would say; waiting is done here. Whoever changes its state
/// calls wake_readers() or wake_writers(), and those who wait look again; their handlers run in a
/// later turn.
class virtual_socket {
public:
    explicit virtual_socket(loop_core& core) noexcept
        : core_(core)
    {}

    virtual_socket(const virtual_socket&) = delete;
    virtual_socket& operator=(const virtual_socket&) = delete;

    /// Operations that wait end with operation_aborted.
    virtual ~virtual_socket() = default;

    loop_core& core() const noexcept { return core_; }

    virtual bool is_open() const noexcept = 0;

    /// Begins to connect. An error if that is refused at once.
    virtual void connect(const endpoint& to, error_code& ec) = 0;

    /// `would_block` while the connect is under way, and then what became of it.
    virtual void connected(error_code& ec) noexcept = 0;

    // Whether the system's socket would be reported as ready.
    virtual bool readable() noexcept = 0;
    virtual bool writable() = 0;
    virtual bool failed() const noexcept = 0;

    /// See stream_socket::peer.
    virtual peer_state peer() const noexcept = 0;

    /// As net_detail::try_read, try_write and take_error.
    virtual std::size_t try_read(std::span<const asio::mutable_buffer> room, error_code& ec) = 0;
    virtual std::size_t try_write(std::span<const asio::const_buffer> data, error_code& ec) = 0;
    virtual error_code take_error() noexcept = 0;

    virtual void shutdown(asio::socket_base::shutdown_type what, error_code& ec) = 0;

    virtual bool can_half_close() const noexcept { return true; }

    /// How long to wait for the peer's answer to a farewell; zero where the end is told by closing.
    virtual duration farewell_limit() const noexcept { return duration::zero(); }

    /// Tells the peer that this is the end; `would_block` until he has answered.
    virtual void bid_farewell(error_code& ec) { ec = {}; }

    /// What a TLS handshake found; null without TLS.
    virtual const tls_info* tls() const noexcept { return nullptr; }

    /// An option as setsockopt takes it; one that means nothing here is accepted.
    virtual void set_option(int level, int name, const void* value, std::size_t size) = 0;

    virtual std::size_t available(error_code& ec) const = 0;
    virtual endpoint local_endpoint(error_code& ec) const = 0;
    virtual endpoint remote_endpoint(error_code& ec) const = 0;

    /// Also wakes those who wait, see cancel().
    void close()
    {
        do_close();
        cancel();
    }

    /// What waits ends with operation_aborted.
    void cancel() noexcept;

protected:
    virtual void do_close() = 0;

    void wake_readers();
    void wake_writers();
    void wake_all();

    bool anybody_reads() const noexcept { return !reading_.empty(); }

    bool anybody_writes() const noexcept { return !writing_.empty(); }

    bool anybody_watches() const noexcept { return !failing_.empty(); }

private:
    /// Somebody has begun to wait.
    virtual void expect() {}

    /// Somebody has been told to wait no more.
    virtual void expect_less() noexcept {}

    friend class virtual_operation;

    static void wake(wait_list<virtual_operation>& line);

    loop_core& core_;
    wait_list<virtual_operation> reading_;
    wait_list<virtual_operation> writing_;
    wait_list<virtual_operation> failing_; // wait for an error
};

/// Something that is waited for at a virtual socket. The socket outlives it, or ends it.
class virtual_operation : public operation {
protected:
    using line = wait_list<virtual_operation> virtual_socket::*;

    static constexpr line reading = &virtual_socket::reading_;
    static constexpr line writing = &virtual_socket::writing_;
    static constexpr line failing = &virtual_socket::failing_;

    virtual_operation(virtual_socket& socket, line where) noexcept
        : operation(&socket.core())
        , socket_(&socket)
        , line_(where)
    {}

    virtual_operation(virtual_operation&&) = default;

    /// Those who came before are served before.
    void start()
    {
        wait_list<virtual_operation>& waiting = socket_->*line_;
        if (waiting.empty() && attempt())
            complete();
        else
            wait_in(waiting);
    }

    void on_cancel()
    {
        abort();
        socket_->expect_less();
    }

    void describe_to(std::string& text) const { text = "a socket"; }

    error_code why() const noexcept { return error() ? error() : ec_; }

    virtual_socket* socket_;
    error_code ec_;

private:
    friend class virtual_socket;

    /// Whether that was the end; else it is tried again when something has changed.
    virtual bool attempt() = 0;

    void wait_in(wait_list<virtual_operation>& waiting)
    {
        waiting.add(*this);
        socket_->expect();
    }

    line line_;
};

class virtual_wait : public virtual_operation {
public:
    virtual_wait(virtual_socket& socket, asio::socket_base::wait_type what) noexcept
        : virtual_operation(socket, line_of(what))
        , what_(what)
    {}

private:
    static line line_of(asio::socket_base::wait_type what) noexcept
    {
        if (what == asio::socket_base::wait_read)
            return reading;
        return what == asio::socket_base::wait_write ? writing : failing;
    }

    bool attempt() override
    {
        if (!socket_->is_open())
            ec_ = asio::error::bad_descriptor;
        return ec_ || is_ready();
    }

    bool is_ready()
    {
        if (what_ == asio::socket_base::wait_read)
            return socket_->readable();
        return what_ == asio::socket_base::wait_write ? socket_->writable() : socket_->failed();
    }

    asio::socket_base::wait_type what_;
};

class virtual_connect : public virtual_operation {
public:
    virtual_connect(virtual_socket& socket, const endpoint& to)
        : virtual_operation(socket, writing)
        , to_(to)
    {}

protected:
    void start()
    {
        socket_->connect(to_, ec_);
        if (ec_)
            complete();
        else
            virtual_operation::start();
    }

private:
    bool attempt() override
    {
        error_code ec;
        socket_->connected(ec);
        if (ec == asio::error::would_block)
            return false;
        ec_ = ec;
        return true;
    }

    endpoint to_;
};

/// Something that a virtual socket does in steps: `Step` says `would_block` until it is done. It is
/// tried again whenever bytes have come or gone. Nobody waits to write meanwhile.
template <class Socket, void (Socket::*Step)(error_code&)>
class virtual_step : public virtual_operation {
public:
    explicit virtual_step(Socket& socket) noexcept
        : virtual_operation(socket, writing)
    {}

private:
    bool attempt() override
    {
        error_code ec;
        (static_cast<Socket&>(*socket_).*Step)(ec);
        if (ec == asio::error::would_block)
            return false;
        ec_ = ec;
        return true;
    }
};

using virtual_farewell = virtual_step<virtual_socket, &virtual_socket::bid_farewell>;

/// Reads or writes once, when that is possible. Looks at its buffers each time that it tries to.
template <class Buffer, class Buffers>
class virtual_transfer : public virtual_operation {
    static constexpr bool reads = std::is_same_v<Buffer, asio::mutable_buffer>;

public:
    virtual_transfer(virtual_socket& socket, const Buffers& buffers)
        : virtual_operation(socket, reads ? reading : writing)
        , buffers_(buffers)
    {}

    std::size_t take() const noexcept { return n_; }

private:
    bool attempt() override
    {
        const std::vector<Buffer> now(
            asio::buffer_sequence_begin(buffers_), asio::buffer_sequence_end(buffers_)
        );
        if (asio::buffer_size(now) == 0)
            return true;
        error_code ec;
        if constexpr (reads)
            n_ = socket_->try_read(now, ec);
        else
            n_ = socket_->try_write(now, ec);
        if (ec == asio::error::would_block) {
            if constexpr (requires { buffers_.nothing_came(); })
                buffers_.nothing_came();
            return false;
        }
        ec_ = ec;
        return true;
    }

    Buffers buffers_;
    std::size_t n_ = 0;
};

inline void virtual_socket::wake(wait_list<virtual_operation>& line)
{
    while (virtual_operation* first = line.front()) {
        if (!first->attempt())
            return;
        first->complete();
    }
}

inline void virtual_socket::wake_readers()
{
    wake(reading_);
}

inline void virtual_socket::wake_writers()
{
    wake(writing_);
}

inline void virtual_socket::wake_all()
{
    wake(reading_);
    wake(writing_);
    wake(failing_);
}

inline void virtual_socket::cancel() noexcept
{
    reading_.abort_all();
    writing_.abort_all();
    failing_.abort_all();
    expect_less();
}

} // namespace rill::RILL_FORM::net_detail
