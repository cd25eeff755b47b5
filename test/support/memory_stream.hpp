// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/error.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace test {

namespace asio = boost::asio;

/// A stream without a network: the test says what arrives, in which pieces, and how much of what
/// is written is taken. Each read gives one piece, each write takes as much as there is room for.
class memory_stream {
public:
    using executor_type = asio::io_context::executor_type;

    explicit memory_stream(executor_type ex)
        : executor_(ex)
    {}

    executor_type get_executor() const noexcept { return executor_; }

    // What the peer does

    void feed(std::string_view piece)
    {
        arrived_.emplace_back(piece);
        serve_read();
    }

    void feed_eof()
    {
        read_end_ = asio::error::eof;
        serve_read();
    }

    void fail_reads(rill::error_code ec)
    {
        read_end_ = ec;
        serve_read();
    }

    /// From now on `n` more bytes are taken.
    void take(std::size_t n)
    {
        room_ = n;
        serve_write();
    }

    void fail_writes(rill::error_code ec)
    {
        write_end_ = ec;
        serve_write();
    }

    // What has become of the stream

    std::string written;
    int reads = 0;
    int writes = 0;
    std::size_t largest_read = 0; // in bytes asked for
    bool ended = false;           // shut down for sending
    bool closed = false;

    bool stubborn = false; // operations take no notice of a cancellation

    std::size_t unread() const
    {
        std::size_t n = 0;
        for (const std::string& piece : arrived_)
            n += piece.size();
        return n;
    }

    // The stream as Asio knows it

    void cancel()
    {
        finish(reader_, asio::error::operation_aborted, 0);
        finish(writer_, asio::error::operation_aborted, 0);
    }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token)
    {
        return asio::async_initiate<Token, void(rill::error_code, std::size_t)>(
            [this](auto handler, asio::mutable_buffer room) {
                ++reads;
                largest_read = std::max(largest_read, room.size());
                into_ = room;
                begin(reader_, std::move(handler));
                serve_read();
            },
            token,
            asio::mutable_buffer(*asio::buffer_sequence_begin(buffers))
        );
    }

    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token)
    {
        return asio::async_initiate<Token, void(rill::error_code, std::size_t)>(
            [this](auto handler, std::string bytes) {
                ++writes;
                from_ = std::move(bytes);
                begin(writer_, std::move(handler));
                serve_write();
            },
            token,
            std::string(asio::buffers_begin(buffers), asio::buffers_end(buffers))
        );
    }

    bool is_open() const { return !closed; }

    void close(rill::error_code&)
    {
        closed = true;
        cancel();
    }

    void shutdown(asio::socket_base::shutdown_type, rill::error_code&) { ended = true; }

private:
    using completion = asio::any_completion_handler<void(rill::error_code, std::size_t)>;

    template <class Handler>
    void begin(completion& at, Handler handler)
    {
        auto slot = asio::get_associated_cancellation_slot(handler);
        at = std::move(handler);
        if (slot.is_connected())
            slot.assign([this, &at](asio::cancellation_type) {
                if (!stubborn)
                    finish(at, asio::error::operation_aborted, 0);
            });
    }

    void finish(completion& at, rill::error_code ec, std::size_t n)
    {
        if (!at)
            return;
        asio::post(executor_, [handler = std::move(at), ec, n]() mutable {
            std::move(handler)(ec, n);
        });
        at = nullptr;
    }

    void serve_read()
    {
        if (!reader_)
            return;
        if (arrived_.empty()) {
            if (read_end_)
                finish(reader_, read_end_, 0);
            return;
        }
        std::string& piece = arrived_.front();
        const std::size_t n = asio::buffer_copy(into_, asio::buffer(piece));
        piece.erase(0, n);
        if (piece.empty())
            arrived_.pop_front();
        finish(reader_, {}, n);
    }

    void serve_write()
    {
        if (!writer_)
            return;
        if (write_end_) {
            finish(writer_, write_end_, 0);
            return;
        }
        const std::size_t n = std::min(room_, from_.size());
        if (n == 0)
            return;
        written.append(from_, 0, n);
        room_ -= n;
        finish(writer_, {}, n);
    }

    executor_type executor_;
    std::deque<std::string> arrived_;
    rill::error_code read_end_;
    asio::mutable_buffer into_;
    completion reader_;

    std::size_t room_ = std::numeric_limits<std::size_t>::max();
    rill::error_code write_end_;
    std::string from_;
    completion writer_;
};

} // namespace test
