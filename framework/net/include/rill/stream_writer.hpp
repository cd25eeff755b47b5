// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/detail/write_pump.hpp>
#include <rill/stream_options.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace rill::RILL_FORM {

namespace net_detail {

struct writer_access;

} // namespace net_detail

/// Buffered writing to any AsyncWriteStream: a socket, a TLS stream, a pipe. Mirrors
/// asyncio.StreamWriter.
///
/// write() never waits: what is written in one turn of the loop leaves in one gathered system
/// call, before the connection's reader waits for an answer. drain() is where a producer waits for a
/// slow peer. An error of the stream is thrown by drain() and wait_closed(), now and later; what is
/// written after it is dropped. A peer that takes nothing for the time of write_stall is cut:
/// everything then fails with timed_out.
///
/// Several tasks may write and drain; each write stays in one piece, in the order of the calls.
/// Waiting operations support total cancellation, which takes nothing back that was written.
///
/// The end of its loop closes the stream: what a socket takes at once still leaves, and who waits is
/// dropped with his task. Afterwards the writer is as after close().
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
template <class AsyncWriteStream>
class basic_stream_writer {
    using pump = net_detail::write_pump<AsyncWriteStream>;

public:
    using stream_type = AsyncWriteStream;

    /// `stream` must outlive the writer, or the loop. What is still buffered when either is
    /// destroyed is dropped: drain() or close() and wait_closed() first.
    explicit basic_stream_writer(AsyncWriteStream& stream, write_options options = {});

    /// The writer keeps `stream` alive. Destroyed, it goes on in the background until what is
    /// buffered has been flushed, for at most write_stall without progress, and closes `stream`.
    explicit basic_stream_writer(
        std::shared_ptr<AsyncWriteStream> stream, write_options options = {}
    );

    basic_stream_writer(basic_stream_writer&&) noexcept = default;
    basic_stream_writer& operator=(basic_stream_writer&& other) noexcept;
    ~basic_stream_writer();

    /// Copies `data`, of which the socket may take a large piece at once.
    void write(std::string_view data);

    /// Moves `data` in.
    template <std::same_as<std::string> String>
    void write(String&& data);

    /// The concatenation of `lines`. Mirrors writelines.
    template <class Range>
    void write_lines(const Range& lines);

    /// Sends what is buffered, and returns at once unless more than the high watermark is left;
    /// then it waits for the low one. connection_reset after close(), or once the connection is
    /// lost; also the error that the reader of the same connection has met. operation_aborted if
    /// the writer is destroyed meanwhile.
    auto drain(std::source_location where = std::source_location::current());

    /// Completes with void(error_code).
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_drain(Token&& token);

    /// After what is buffered the peer sees the end; reading stays possible. Nothing can be
    /// written any more. TLS tells it by its close_notify, from version 1.3 on; std::logic_error
    /// before that, where it cannot be.
    void write_eof();

    /// Not so over TLS 1.2.
    bool can_write_eof() const noexcept;

    /// Flushes what is buffered, then closes the stream: for reading too. Returns at once; what is
    /// written from now on is dropped.
    void close();

    /// Closes now: what is buffered or on its way is dropped, and the peer sees a reset. Mirrors
    /// transport.abort.
    void abort();

    bool is_closing() const noexcept;

    /// Returns once the stream is closed on this side; throws the error that the connection was lost
    /// by, if any, also before a close: a reset of the peer's ends it though nobody reads or
    /// writes. The peer's end alone does not. If the writer is destroyed meanwhile it goes on where
    /// the writer owned the stream, which is being closed then; else it ends with operation_aborted.
    auto wait_closed(std::source_location where = std::source_location::current());

    /// Completes with void(error_code).
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_wait_closed(Token&& token);

    /// Bytes that the stream has not taken. Mirrors get_write_buffer_size.
    std::size_t buffered() const noexcept;

    /// May be changed at any time; a deadline that runs already stays.
    write_options& options() noexcept;

    /// The two ends of one connection learn of each other's errors. Either may be destroyed first.
    template <class Reader>
    void share_errors_with(Reader& reader) noexcept;

    /// Releases `lease` once the stream is closed, which may be after this object is gone.
    void hold_until_closed(std::shared_ptr<void> lease) noexcept;

private:
    friend net_detail::writer_access;

    typename pump::pointer pump_;
};

// Implementation

namespace net_detail {

/// What lies behind a writer, for the rest of the library.
struct writer_access {
    template <class Stream>
    static const boost::intrusive_ptr<write_pump<Stream>>&
    pump_of(const basic_stream_writer<Stream>& writer) noexcept
    {
        return writer.pump_;
    }
};

} // namespace net_detail

template <class Stream>
basic_stream_writer<Stream>::basic_stream_writer(Stream& stream, write_options options)
    : pump_(new pump(stream, nullptr, options))
{}

template <class Stream>
basic_stream_writer<Stream>::basic_stream_writer(
    std::shared_ptr<Stream> stream, write_options options
)
{
    Stream& at = *stream;
    pump_ = new pump(at, std::move(stream), options);
}

template <class Stream>
basic_stream_writer<Stream>& basic_stream_writer<Stream>::operator=(basic_stream_writer&& other
) noexcept
{
    const basic_stream_writer before(std::move(*this));
    pump_ = std::move(other.pump_);
    return *this;
}

template <class Stream>
basic_stream_writer<Stream>::~basic_stream_writer()
{
    if (pump_)
        pump_->let_go();
}

template <class Stream>
void basic_stream_writer<Stream>::write(std::string_view data)
{
    pump_->write(data);
}

template <class Stream>
template <std::same_as<std::string> String>
void basic_stream_writer<Stream>::write(String&& data)
{
    pump_->write(std::move(data));
}

template <class Stream>
template <class Range>
void basic_stream_writer<Stream>::write_lines(const Range& lines)
{
    for (const auto& line : lines)
        write(std::string_view(line));
}

template <class Stream>
auto basic_stream_writer<Stream>::drain(std::source_location where)
{
    return extend::wait_operation<void(error_code), typename pump::drained>(
        std::in_place, pump_, where
    );
}

template <class Stream>
template <asio::completion_token_for<void(error_code)> Token>
auto basic_stream_writer<Stream>::async_drain(Token&& token)
{
    return drain().initiate(std::forward<Token>(token));
}

template <class Stream>
void basic_stream_writer<Stream>::write_eof()
{
    static_assert(
        net_detail::can_half_close<Stream>, "this kind of stream cannot be closed for writing alone"
    );
    if (!can_write_eof())
        throw std::logic_error("rill::stream_writer: TLS cannot be closed for writing alone");
    pump_->write_eof();
}

template <class Stream>
bool basic_stream_writer<Stream>::can_write_eof() const noexcept
{
    return pump_->can_write_eof();
}

template <class Stream>
void basic_stream_writer<Stream>::close()
{
    pump_->close();
}

template <class Stream>
void basic_stream_writer<Stream>::abort()
{
    pump_->abort(asio::error::connection_reset);
}

template <class Stream>
bool basic_stream_writer<Stream>::is_closing() const noexcept
{
    return pump_->closing();
}

template <class Stream>
auto basic_stream_writer<Stream>::wait_closed(std::source_location where)
{
    return extend::wait_operation<void(error_code), typename pump::closed>(
        std::in_place, pump_, where
    );
}

template <class Stream>
template <asio::completion_token_for<void(error_code)> Token>
auto basic_stream_writer<Stream>::async_wait_closed(Token&& token)
{
    return wait_closed().initiate(std::forward<Token>(token));
}

template <class Stream>
std::size_t basic_stream_writer<Stream>::buffered() const noexcept
{
    return pump_->size();
}

template <class Stream>
write_options& basic_stream_writer<Stream>::options() noexcept
{
    return pump_->options();
}

template <class Stream>
template <class Reader>
void basic_stream_writer<Stream>::share_errors_with(Reader& reader) noexcept
{
    pump_->share_errors_with(net_detail::reader_access::end_of(reader));
}

template <class Stream>
void basic_stream_writer<Stream>::hold_until_closed(std::shared_ptr<void> lease) noexcept
{
    pump_->hold_until_closed(std::move(lease));
}

} // namespace rill::RILL_FORM
