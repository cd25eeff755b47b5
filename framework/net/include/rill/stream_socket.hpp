// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/needs_net.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/detail/plain_error.hpp>
#include <rill/detail/socket_receive.hpp>
#include <rill/detail/stream_traits.hpp>
#include <rill/detail/virtual_socket.hpp>
#include <rill/endpoint.hpp>

#include <boost/asio/append.hpp>
#include <boost/asio/associated_immediate_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>

namespace rill {

/// The socket behind a stream: TCP or unix, on the loop's own executor. It is Asio's, and can be
/// made from one.
///
/// It may also be a virtual one: TLS over another socket, or in a test a socket of a simulated
/// network. That costs a real one a branch for each call. What is declared here works on all of
/// them; the rest of Asio's socket finds a virtual one closed (bad_descriptor).
///
/// Operations that wait when it is closed or destroyed end with operation_aborted. As any socket of
/// Asio's, it must not outlive its io_context; a stream does away with it in time.
/// Thread safety: distinct objects safe, shared objects unsafe.
class stream_socket
    : public asio::basic_stream_socket<stream_protocol, asio::io_context::executor_type> {
    using real = asio::basic_stream_socket<stream_protocol, asio::io_context::executor_type>;

public:
    using lowest_layer_type = stream_socket;

    using real::real;

    /// A socket that is none of the system's; not null.
    explicit stream_socket(std::unique_ptr<net_detail::virtual_socket> s);

    lowest_layer_type& lowest_layer() noexcept { return *this; }

    const lowest_layer_type& lowest_layer() const noexcept { return *this; }

    // As Asio's

    template <asio::completion_token_for<void(error_code)> Token>
    auto async_connect(const endpoint& to, Token&& token);
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_wait(wait_type what, Token&& token);
    template <class Buffers, asio::completion_token_for<void(error_code, std::size_t)> Token>
    auto async_read_some(const Buffers& buffers, Token&& token);
    template <class Buffers, asio::completion_token_for<void(error_code, std::size_t)> Token>
    auto async_write_some(const Buffers& buffers, Token&& token);

    bool is_open() const noexcept;
    void shutdown(shutdown_type what, error_code& ec);
    void shutdown(shutdown_type what);
    void cancel(error_code& ec);
    void cancel();
    void close(error_code& ec);
    void close();

    template <class Option>
    void set_option(const Option& option, error_code& ec);
    template <class Option>
    void set_option(const Option& option);

    std::size_t available(error_code& ec) const;
    std::size_t available() const;
    endpoint local_endpoint(error_code& ec) const;
    endpoint local_endpoint() const;
    endpoint remote_endpoint(error_code& ec) const;
    endpoint remote_endpoint() const;

    // At once, in one system call

    /// Reads what is there. `would_block` if that is nothing, `eof` at the end.
    std::size_t try_read(std::span<char> room, error_code& ec) noexcept;

    /// Writes what the socket takes, of at most 16 buffers; `would_block` if that is nothing.
    std::size_t try_write(std::span<const asio::const_buffer> data, error_code& ec) noexcept;

    /// The error that the connection was lost by, which is told once; none if it was not lost.
    error_code take_error() noexcept;

    // With TLS

    /// What the handshake found; null without TLS.
    const tls_info* tls() const noexcept { return virtual_ ? virtual_->tls() : nullptr; }

    /// Whether shutdown() can end what is sent alone. Not so with TLS before 1.3.
    bool can_half_close() const noexcept { return !virtual_ || virtual_->can_half_close(); }

    /// How long to wait for async_farewell before a close; zero where a close tells the peer all.
    duration farewell_limit() const noexcept
    {
        return virtual_ ? virtual_->farewell_limit() : duration::zero();
    }

    /// Tells the peer that nothing more comes, behind what was written, and drops what comes from
    /// him until he has answered. Completes with void(error_code).
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_farewell(Token&& token);

    /// What is known of the peer, also while bytes wait to be read. A unix socket's peer that is
    /// closed is lost; a TCP peer may be no more than ended.
    net_detail::peer_state peer() noexcept;

private:
    class starter;
    class connect_starter;
    class wait_starter;
    class read_starter;
    class write_starter;
    class farewell_starter;

    real& as_real() noexcept { return *this; }

    static void throw_if(const error_code& ec, const char* what);

    template <class Call>
    static std::size_t unless_short_of_memory(error_code& ec, Call call) noexcept;

    std::unique_ptr<net_detail::virtual_socket> virtual_; // null: the socket is the system's
    net_detail::connection_signs signs_;
};

/// As Asio's; a simulated one too.
template <>
inline constexpr bool net_detail::reads_late<stream_socket> = net_detail::reads_late<
    asio::basic_stream_socket<stream_protocol, asio::io_context::executor_type>>;

// Implementation

inline stream_socket::stream_socket(std::unique_ptr<net_detail::virtual_socket> s)
    : real(s->core().executor())
    , virtual_(std::move(s))
{}

/// Begins an operation on the one socket or the other. With `deferred` and the like it is kept,
/// and tells its executor.
class stream_socket::starter {
public:
    using executor_type = stream_socket::executor_type;

    explicit starter(stream_socket& self) noexcept
        : self_(&self)
    {}

    executor_type get_executor() const noexcept { return self_->get_executor(); }

protected:
    real& as_real() const noexcept { return *self_; }

    bool is_virtual() const noexcept { return self_->virtual_ != nullptr; }

    net_detail::connection_signs& signs() const noexcept { return self_->signs_; }

    template <class Signature, class Waiter, class Handler, class... Arguments>
    void begin_virtual(Handler&& handler, const Arguments&... arguments) const
    {
        extend::wait_operation<Signature, Waiter> operation(
            std::in_place, *self_->virtual_, arguments...
        );
        std::move(operation).initiate(std::forward<Handler>(handler));
    }

private:
    stream_socket* self_;
};

class stream_socket::connect_starter : public starter {
public:
    using starter::starter;

    template <class Handler>
    void operator()(Handler&& handler, const endpoint& to) const
    {
        if (is_virtual()) [[unlikely]]
            begin_virtual<void(error_code), net_detail::virtual_connect>(
                std::forward<Handler>(handler), to
            );
        else
            as_real().async_connect(to, std::forward<Handler>(handler));
    }
};

class stream_socket::wait_starter : public starter {
public:
    using starter::starter;

    template <class Handler>
    void operator()(Handler&& handler, wait_type what) const
    {
        if (is_virtual()) [[unlikely]]
            begin_virtual<void(error_code), net_detail::virtual_wait>(
                std::forward<Handler>(handler), what
            );
        else
            as_real().async_wait(what, std::forward<Handler>(handler));
    }
};

class stream_socket::read_starter : public starter {
public:
    using starter::starter;

    template <class Handler, class Buffers>
    void operator()(Handler&& handler, const Buffers& buffers) const
    {
        using waiter = net_detail::virtual_transfer<asio::mutable_buffer, Buffers>;
        error_code ec;
        std::size_t n = 0;
        if (is_virtual()) [[unlikely]]
            begin_virtual<void(error_code, std::size_t), waiter>(
                std::forward<Handler>(handler), buffers
            );
        else if (is_over(buffers, ec, n))
            complete_now(std::forward<Handler>(handler), ec, n);
        else
            as_real().async_read_some(buffers, std::forward<Handler>(handler));
    }

private:
    /// Whether buffers that may know better than the reactor have been filled by a look of their own.
    template <class Buffers>
    bool is_over(const Buffers& buffers, error_code& ec, std::size_t& n) const noexcept
    {
        if constexpr (requires { buffers.look(0, signs(), ec, n); })
            return buffers.look(as_real().native_handle(), signs(), ec, n);
        else
            return false;
    }

    /// As Asio completes an operation that is over as it begins.
    template <class Handler>
    void complete_now(Handler&& handler, error_code ec, std::size_t n) const
    {
        const auto executor = asio::get_associated_immediate_executor(handler, get_executor());
        executor.execute([h = std::forward<Handler>(handler), ec, n]() mutable {
            std::move(h)(ec, n);
        });
    }
};

class stream_socket::write_starter : public starter {
public:
    using starter::starter;

    template <class Handler, class Buffers>
    void operator()(Handler&& handler, const Buffers& buffers) const
    {
        using waiter = net_detail::virtual_transfer<asio::const_buffer, Buffers>;
        if (is_virtual()) [[unlikely]]
            begin_virtual<void(error_code, std::size_t), waiter>(
                std::forward<Handler>(handler), buffers
            );
        else
            as_real().async_write_some(buffers, std::forward<Handler>(handler));
    }
};

class stream_socket::farewell_starter : public starter {
public:
    using starter::starter;

    template <class Handler>
    void operator()(Handler&& handler) const
    {
        if (is_virtual())
            begin_virtual<void(error_code), net_detail::virtual_farewell>(
                std::forward<Handler>(handler)
            );
        else
            asio::post(get_executor(), asio::append(std::forward<Handler>(handler), error_code()));
    }
};

template <asio::completion_token_for<void(error_code)> Token>
auto stream_socket::async_connect(const endpoint& to, Token&& token)
{
    return asio::async_initiate<Token, void(error_code)>(connect_starter(*this), token, to);
}

template <asio::completion_token_for<void(error_code)> Token>
auto stream_socket::async_wait(wait_type what, Token&& token)
{
    return asio::async_initiate<Token, void(error_code)>(wait_starter(*this), token, what);
}

template <class Buffers, asio::completion_token_for<void(error_code, std::size_t)> Token>
auto stream_socket::async_read_some(const Buffers& buffers, Token&& token)
{
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        read_starter(*this), token, buffers
    );
}

template <class Buffers, asio::completion_token_for<void(error_code, std::size_t)> Token>
auto stream_socket::async_write_some(const Buffers& buffers, Token&& token)
{
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        write_starter(*this), token, buffers
    );
}

template <asio::completion_token_for<void(error_code)> Token>
auto stream_socket::async_farewell(Token&& token)
{
    return asio::async_initiate<Token, void(error_code)>(farewell_starter(*this), token);
}

inline bool stream_socket::is_open() const noexcept
{
    return virtual_ ? virtual_->is_open() : real::is_open();
}

inline void stream_socket::shutdown(shutdown_type what, error_code& ec)
{
    if (virtual_)
        virtual_->shutdown(what, ec);
    else
        real::shutdown(what, ec);
    signs_.cut |= what != shutdown_send;
}

inline void stream_socket::cancel(error_code& ec)
{
    if (!virtual_) {
        real::cancel(ec);
        return;
    }
    ec = {};
    virtual_->cancel();
}

inline void stream_socket::close(error_code& ec)
{
    if (!virtual_) {
        real::close(ec);
        return;
    }
    ec = {};
    virtual_->close();
}

template <class Option>
void stream_socket::set_option(const Option& option, error_code& ec)
{
    if (!virtual_) {
        real::set_option(option, ec);
        return;
    }
    ec = {};
    const protocol_type any(AF_UNSPEC, 0); // options are the same for all protocols
    virtual_->set_option(option.level(any), option.name(any), option.data(any), option.size(any));
}

inline std::size_t stream_socket::available(error_code& ec) const
{
    return virtual_ ? virtual_->available(ec) : real::available(ec);
}

inline endpoint stream_socket::local_endpoint(error_code& ec) const
{
    return virtual_ ? virtual_->local_endpoint(ec) : real::local_endpoint(ec);
}

inline endpoint stream_socket::remote_endpoint(error_code& ec) const
{
    return virtual_ ? virtual_->remote_endpoint(ec) : real::remote_endpoint(ec);
}

/// Which is an error as ENOMEM is one of the system's sockets.
template <class Call>
std::size_t stream_socket::unless_short_of_memory(error_code& ec, Call call) noexcept
{
    try {
        return call();
    } catch (const std::bad_alloc&) {
        ec = asio::error::no_memory;
        return 0;
    }
}

inline std::size_t stream_socket::try_read(std::span<char> room, error_code& ec) noexcept
{
    if (!virtual_) [[likely]]
        return net_detail::try_read(as_real(), room, ec);
    const asio::mutable_buffer buffer(room.data(), room.size());
    return unless_short_of_memory(ec, [&] {
        return virtual_->try_read(std::span(&buffer, 1), ec);
    });
}

inline std::size_t
stream_socket::try_write(std::span<const asio::const_buffer> data, error_code& ec) noexcept
{
    if (virtual_) [[unlikely]]
        return unless_short_of_memory(ec, [&] { return virtual_->try_write(data, ec); });
    const std::size_t n = net_detail::try_write(as_real(), data, ec);
    signs_.written |= n > 0;
    return n;
}

inline error_code stream_socket::take_error() noexcept
{
    return virtual_ ? virtual_->take_error() : net_detail::take_error(as_real());
}

inline net_detail::peer_state stream_socket::peer() noexcept
{
    return virtual_ ? virtual_->peer() : net_detail::peer_of(as_real());
}

inline void stream_socket::throw_if(const error_code& ec, const char* what)
{
    if (ec)
        throw system_error(net_detail::plain_error(ec), what);
}

inline void stream_socket::shutdown(shutdown_type what)
{
    error_code ec;
    shutdown(what, ec);
    throw_if(ec, "shutdown");
}

inline void stream_socket::cancel()
{
    error_code ec;
    cancel(ec);
    throw_if(ec, "cancel");
}

inline void stream_socket::close()
{
    error_code ec;
    close(ec);
    throw_if(ec, "close");
}

template <class Option>
void stream_socket::set_option(const Option& option)
{
    error_code ec;
    set_option(option, ec);
    throw_if(ec, "set_option");
}

inline std::size_t stream_socket::available() const
{
    error_code ec;
    const std::size_t n = available(ec);
    throw_if(ec, "available");
    return n;
}

inline endpoint stream_socket::local_endpoint() const
{
    error_code ec;
    endpoint at = local_endpoint(ec);
    throw_if(ec, "local_endpoint");
    return at;
}

inline endpoint stream_socket::remote_endpoint() const
{
    error_code ec;
    endpoint at = remote_endpoint(ec);
    throw_if(ec, "remote_endpoint");
    return at;
}

} // namespace rill
