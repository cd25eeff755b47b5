// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/needs_net.hpp>
#include <rill/error.hpp>
#include <rill/stream_reader.hpp>
#include <rill/stream_writer.hpp>
#include <rill/unique_fd.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/socket_base.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace rill {

/// Our end of a pipe, on a loop's own executor: what lies behind the standard streams of a child.
///
/// It is an AsyncReadStream or an AsyncWriteStream of Asio's, whichever end it is. Writing to a pipe
/// that nobody reads is the error broken_pipe and never a SIGPIPE, whatever the program does with
/// that signal. A pipe that carries much is made larger, up to 1 MiB.
///
/// Operations that wait when it is closed or destroyed end with operation_aborted.
/// Thread safety: distinct objects safe, shared objects unsafe.
class pipe_end {
    using descriptor = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

public:
    using executor_type = descriptor::executor_type;

    /// Takes over `end`, which becomes non-blocking.
    pipe_end(const executor_type& ex, unique_fd end);

    executor_type get_executor() noexcept { return descriptor_.get_executor(); }

    /// Completes with void(error_code, std::size_t), as Asio's.
    template <class Buffers, asio::completion_token_for<void(error_code, std::size_t)> Token>
    auto async_read_some(const Buffers& buffers, Token&& token);
    template <class Buffers, asio::completion_token_for<void(error_code, std::size_t)> Token>
    auto async_write_some(const Buffers& buffers, Token&& token);

    /// Reads what is there. `would_block` if that is nothing, `eof` at the end.
    std::size_t try_read(std::span<char> room, error_code& ec) noexcept;

    /// Writes what the pipe takes; `would_block` if that is nothing.
    std::size_t try_write(std::span<const asio::const_buffer> data, error_code& ec) noexcept;

    bool is_open() const noexcept { return descriptor_.is_open(); }

    /// A pipe has one direction, so the end of what is sent is the end of it.
    void shutdown(asio::socket_base::shutdown_type what, error_code& ec);

    void close(error_code& ec) { descriptor_.close(ec); }

private:
    class writing;

    /// So many bytes were written, or are asked for, at once: as many as a pipe usually holds?
    void make_room_for(std::size_t bytes) noexcept;

    descriptor descriptor_;
    bool large_ = false;
};

using pipe_reader = basic_stream_reader<pipe_end>;
using pipe_writer = basic_stream_writer<pipe_end>;

// Implementation

/// A write that waits until the pipe has room, and then does what Asio's would, without its SIGPIPE.
class pipe_end::writing {
public:
    static constexpr std::size_t most_buffers = 16;

    template <class Buffers>
    writing(pipe_end& pipe, const Buffers& buffers)
        : pipe_(&pipe)
    {
        for (auto at = asio::buffer_sequence_begin(buffers);
             at != asio::buffer_sequence_end(buffers) && count_ < most_buffers;
             ++at)
            data_[count_++] = asio::const_buffer(*at);
    }

    template <class Self>
    void operator()(Self& self)
    {
        wait(self);
    }

    template <class Self>
    void operator()(Self& self, error_code ec)
    {
        std::size_t n = 0;
        if (!ec)
            n = pipe_->try_write(std::span(data_.data(), count_), ec);
        if (ec == asio::error::would_block)
            wait(self);
        else
            self.complete(ec, n);
    }

private:
    template <class Self>
    void wait(Self& self)
    {
        pipe_->descriptor_.async_wait(descriptor::wait_write, std::move(self));
    }

    pipe_end* pipe_; // not to be touched once the wait has failed
    std::array<asio::const_buffer, most_buffers> data_;
    std::size_t count_ = 0;
};

template <class Buffers, asio::completion_token_for<void(error_code, std::size_t)> Token>
auto pipe_end::async_read_some(const Buffers& buffers, Token&& token)
{
    make_room_for(asio::buffer_size(buffers)
    ); // a reader asks for more where it got what it asked for
    return descriptor_.async_read_some(buffers, std::forward<Token>(token));
}

template <class Buffers, asio::completion_token_for<void(error_code, std::size_t)> Token>
auto pipe_end::async_write_some(const Buffers& buffers, Token&& token)
{
    return asio::async_compose<Token, void(error_code, std::size_t)>(
        writing(*this, buffers), token, descriptor_
    );
}

namespace net_detail {

extern template class read_pump<pipe_end>;
extern template class write_pump<pipe_end>;

} // namespace net_detail

extern template class basic_stream_reader<pipe_end>;
extern template class basic_stream_writer<pipe_end>;

} // namespace rill
