// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/read_pump.hpp>
#include <rill/detail/read_steps.hpp>
#include <rill/stream_error.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <source_location>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace rill::RILL_FORM {

/// Buffered reading from any AsyncReadStream: a socket, a TLS stream, a pipe. Mirrors
/// asyncio.StreamReader.
///
/// The stream is read only when a caller needs bytes, and what has been received and not yet been
/// consumed is at most twice the limit, except where a call asks for more by name (read_all,
/// read_exactly). A peer that sends on is slowed down by its socket then.
///
/// Each read is an operation: it is awaited, without a coroutine's frame, or given to select,
/// timeout and the like; `select(reader.read_line(), stop.wait())` loses no byte.
///
/// One read at a time: a second one that comes meanwhile throws std::logic_error, and the first is
/// not disturbed. Cancellation is total: whatever has been received stays in the reader for the
/// next call, which may come in the same step as the cancel. A cancelled read ends when the stream
/// lets go of it, in a later turn. An error of the stream is thrown by the call that meets it and
/// by every later one. A stream that is closed on this side reads as ended.
///
/// While a read of a socket waits, the reader holds no more memory than the bytes that it has; what
/// comes is read with one call, 64 KiB at least if it is there and the limit has room for it. From
/// other streams it is read into memory that is held meanwhile: 4 KiB, and more where that was filled.
/// A TCP socket that is read more than twice gets the option TCP_INQ, by which Linux says what a
/// read has left.
///
/// A read that waits when the reader is destroyed ends with operation_aborted, and so does one that
/// begins then; what had been received is gone. The end of the loop closes the stream: reads that
/// wait are dropped with their tasks, later ones give what is held, and then the end.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
template <class AsyncReadStream>
class basic_stream_reader {
public:
    using stream_type = AsyncReadStream;

    static constexpr std::size_t default_limit = 64 * 1024;

    /// `stream` must outlive the reader, or the loop. `limit`, in bytes and more than zero, bounds
    /// lines and what read_until looks through.
    explicit basic_stream_reader(AsyncReadStream& stream, std::size_t limit = default_limit);

    /// The reader keeps `stream` alive, and so does a read that was left, until the stream is done
    /// with it; but not beyond the end of the loop.
    explicit basic_stream_reader(
        std::shared_ptr<AsyncReadStream> stream, std::size_t limit = default_limit
    );

    basic_stream_reader(const basic_stream_reader&) = delete;
    basic_stream_reader& operator=(const basic_stream_reader&) = delete;
    ~basic_stream_reader();

    /// Waits for bytes and gives a std::string of at most `n` of them; none at the end of the stream.
    auto read(std::size_t n, std::source_location where = std::source_location::current());

    /// Everything up to the end of the stream.
    auto read_all(std::source_location where = std::source_location::current());

    /// A line with its "\n". The last one may come without; at the end of the stream it is empty.
    /// line_too_long if it has more than limit bytes besides its end. All of it is dropped, however
    /// it arrives: the next call, of whichever kind, finds what is behind it.
    auto read_line(std::source_location where = std::source_location::current());

    /// The same for loops, as std::optional: `while (auto line = co_await reader.next_line())`.
    auto next_line(std::source_location where = std::source_location::current());

    /// `n` bytes. incomplete_read_error, which holds what had come, if the stream ends before.
    auto read_exactly(std::size_t n, std::source_location where = std::source_location::current());

    /// Up to `separator`, and with it; it must outlive the call. limit_overrun_error if that is
    /// more than limit bytes, all of which stay; incomplete_read_error if the stream ends before.
    /// To skip what is too long, consume what the error says and call it again, until it gives
    /// something: that is the rest.
    auto read_until(
        std::string_view separator, std::source_location where = std::source_location::current()
    );

    /// Up to that one of `separators` which ends first.
    auto read_until(
        std::span<const std::string_view> separators,
        std::source_location where = std::source_location::current()
    );

    // Without a copy, for parsers

    /// What has been received as a std::string_view, after waiting for the first byte if that is
    /// nothing; empty at the end of the stream. The view is valid until the next call that reads;
    /// consume() does not change it.
    auto read_some(std::source_location where = std::source_location::current());

    /// Receives more behind what is held; gives whether there is more: not at the end of the stream. limit_overrun_error if
    /// twice the limit is held already.
    auto fill(std::source_location where = std::source_location::current());

    /// What has been received and not been consumed.
    std::string_view buffered() const noexcept;

    /// Takes the first `n` bytes, at most those that are buffered, out of the reader.
    void consume(std::size_t n) noexcept;

    // For any completion token: void(error_code, std::string). Beside an error, the string holds
    // what had come. eof: the stream ended too early; message_size: over the limit.

    template <asio::completion_token_for<void(error_code, std::string)> Token>
    auto async_read(std::size_t n, Token&& token);
    template <asio::completion_token_for<void(error_code, std::string)> Token>
    auto async_read_all(Token&& token);
    template <asio::completion_token_for<void(error_code, std::string)> Token>
    auto async_read_line(Token&& token);
    template <asio::completion_token_for<void(error_code, std::string)> Token>
    auto async_read_exactly(std::size_t n, Token&& token);
    template <asio::completion_token_for<void(error_code, std::string)> Token>
    auto async_read_until(std::string_view separator, Token&& token);

    /// Whether the stream has ended and everything has been consumed.
    bool at_eof() const noexcept;

    std::size_t limit() const noexcept;

    /// The error that the stream has ended with, if any. Mirrors StreamReader.exception.
    const error_code& error() const noexcept;

    /// std::logic_error once the loop has ended, which the stream may not outlive.
    AsyncReadStream& stream();

private:
    friend net_detail::reader_access;

    using pump = net_detail::read_pump<AsyncReadStream>;

    static std::size_t checked(std::size_t limit);

    template <class Step>
    auto run(Step step, std::source_location where);

    typename pump::pointer pump_;
};

// Implementation

template <class Stream>
basic_stream_reader<Stream>::basic_stream_reader(Stream& stream, std::size_t limit)
    : pump_(new pump(stream, nullptr, checked(limit)))
{}

template <class Stream>
basic_stream_reader<Stream>::basic_stream_reader(std::shared_ptr<Stream> stream, std::size_t limit)
{
    Stream& at = *stream;
    pump_ = new pump(at, std::move(stream), checked(limit));
}

template <class Stream>
basic_stream_reader<Stream>::~basic_stream_reader()
{
    pump_->let_go();
}

template <class Stream>
std::size_t basic_stream_reader<Stream>::checked(std::size_t limit)
{
    if (limit == 0)
        throw std::invalid_argument("rill::stream_reader: the limit must be more than zero");
    return limit;
}

template <class Stream>
template <class Step>
auto basic_stream_reader<Stream>::run(Step step, std::source_location where)
{
    using result = decltype(step.take(pump_->state));
    using wait = typename pump::template read_wait<Step>;
    return extend::wait_operation<void(error_code, result), wait>(
        std::in_place, pump_, std::move(step), where
    );
}

template <class Stream>
auto basic_stream_reader<Stream>::read(std::size_t n, std::source_location where)
{
    return run(net_detail::read_step_some(n), where);
}

template <class Stream>
auto basic_stream_reader<Stream>::read_all(std::source_location where)
{
    return run(net_detail::read_step_all(), where);
}

template <class Stream>
auto basic_stream_reader<Stream>::read_line(std::source_location where)
{
    return run(net_detail::read_step_line(), where);
}

template <class Stream>
auto basic_stream_reader<Stream>::next_line(std::source_location where)
{
    return run(net_detail::read_step_next_line(), where);
}

template <class Stream>
auto basic_stream_reader<Stream>::read_exactly(std::size_t n, std::source_location where)
{
    return run(net_detail::read_step_exactly(n), where);
}

template <class Stream>
auto basic_stream_reader<Stream>::read_until(std::string_view separator, std::source_location where)
{
    return run(net_detail::read_step_until_one(separator), where);
}

template <class Stream>
auto basic_stream_reader<Stream>::read_until(
    std::span<const std::string_view> separators, std::source_location where
)
{
    return run(net_detail::read_step_until(separators), where);
}

template <class Stream>
auto basic_stream_reader<Stream>::read_some(std::source_location where)
{
    return run(net_detail::read_step_view(), where);
}

template <class Stream>
auto basic_stream_reader<Stream>::fill(std::source_location where)
{
    return run(net_detail::read_step_more(), where);
}

template <class Stream>
std::string_view basic_stream_reader<Stream>::buffered() const noexcept
{
    return pump_->state.buffer.view();
}

template <class Stream>
void basic_stream_reader<Stream>::consume(std::size_t n) noexcept
{
    pump_->state.buffer.consume(std::min(n, pump_->state.buffer.size()));
}

template <class Stream>
bool basic_stream_reader<Stream>::at_eof() const noexcept
{
    return pump_->state.eof && pump_->state.buffer.size() == 0;
}

template <class Stream>
std::size_t basic_stream_reader<Stream>::limit() const noexcept
{
    return pump_->state.limit;
}

template <class Stream>
const error_code& basic_stream_reader<Stream>::error() const noexcept
{
    return pump_->state.error;
}

template <class Stream>
Stream& basic_stream_reader<Stream>::stream()
{
    return pump_->stream();
}

template <class Stream>
template <asio::completion_token_for<void(error_code, std::string)> Token>
auto basic_stream_reader<Stream>::async_read(std::size_t n, Token&& token)
{
    return read(n).initiate(std::forward<Token>(token));
}

template <class Stream>
template <asio::completion_token_for<void(error_code, std::string)> Token>
auto basic_stream_reader<Stream>::async_read_all(Token&& token)
{
    return read_all().initiate(std::forward<Token>(token));
}

template <class Stream>
template <asio::completion_token_for<void(error_code, std::string)> Token>
auto basic_stream_reader<Stream>::async_read_line(Token&& token)
{
    return read_line().initiate(std::forward<Token>(token));
}

template <class Stream>
template <asio::completion_token_for<void(error_code, std::string)> Token>
auto basic_stream_reader<Stream>::async_read_exactly(std::size_t n, Token&& token)
{
    return read_exactly(n).initiate(std::forward<Token>(token));
}

template <class Stream>
template <asio::completion_token_for<void(error_code, std::string)> Token>
auto basic_stream_reader<Stream>::async_read_until(std::string_view separator, Token&& token)
{
    return read_until(separator).initiate(std::forward<Token>(token));
}

} // namespace rill::RILL_FORM
