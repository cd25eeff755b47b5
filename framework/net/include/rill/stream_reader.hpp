// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/read_steps.hpp>
#include <rill/detail/readable.hpp>
#include <rill/detail/stream_traits.hpp>
#include <rill/stream_error.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace rill::RILL_FORM {

/// Buffered reading from any AsyncReadStream: a socket, a TLS stream, a pipe. Mirrors
/// asyncio.StreamReader.
///
/// The stream is read only when a caller needs bytes, and what has been received and not yet been
/// consumed is at most twice the limit, except where a call asks for more by name (read_all,
/// read_exactly). A peer that sends on is slowed down by its socket then.
///
/// One read at a time: a second one that comes meanwhile throws std::logic_error, and the first is
/// not disturbed. Cancellation is total: whatever has been received stays in the reader for the
/// next call. An error of the stream is thrown by the call that meets it and by every later one.
/// A stream that is closed on this side reads as ended.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
template <class AsyncReadStream>
class basic_stream_reader {
public:
    using stream_type = AsyncReadStream;

    static constexpr std::size_t default_limit = 64 * 1024;

    /// `stream` must outlive the reader. `limit`, in bytes and more than zero, bounds lines and
    /// what read_until looks through.
    explicit basic_stream_reader(AsyncReadStream& stream, std::size_t limit = default_limit);

    /// The reader keeps `stream` alive.
    explicit basic_stream_reader(
        std::shared_ptr<AsyncReadStream> stream, std::size_t limit = default_limit
    );

    /// Waits for bytes and gives at most `n` of them; none at the end of the stream.
    awaitable<std::string> read(std::size_t n);

    /// Everything up to the end of the stream.
    awaitable<std::string> read_all();

    /// A line with its "\n". The last one may come without; at the end of the stream it is empty.
    /// line_too_long if it has more than limit bytes besides its end; it is dropped, as far as it
    /// has been received, and reading can go on.
    awaitable<std::string> read_line();

    /// The same for loops: `while (auto line = co_await reader.next_line())`.
    awaitable<std::optional<std::string>> next_line();

    /// `n` bytes. incomplete_read_error, which holds what had come, if the stream ends before.
    awaitable<std::string> read_exactly(std::size_t n);

    /// Up to `separator`, and with it; it must outlive the call. limit_overrun_error if that is
    /// more than limit bytes, all of which stay; incomplete_read_error if the stream ends before.
    awaitable<std::string> read_until(std::string_view separator);

    /// Up to that one of `separators` which ends first.
    awaitable<std::string> read_until(std::span<const std::string_view> separators);

    // Without a copy, for parsers

    /// What has been received, after waiting for the first byte if that is nothing; empty at the
    /// end of the stream. The view is valid until the next call that reads; consume() does not
    /// change it.
    awaitable<std::string_view> read_some();

    /// Receives more behind what is held. False at the end of the stream. limit_overrun_error if
    /// twice the limit is held already.
    awaitable<bool> fill();

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

    /// From now on every read fails with `*of_writer` once that is set: the writer of the same
    /// connection has cut it. It must outlive the reader.
    void share_cut(const error_code* of_writer) noexcept;

    AsyncReadStream& stream() noexcept;

private:
    template <class Step>
    class composed_read;

    static constexpr std::size_t worth_a_call =
        64 * 1024; // what one read is to take if it is there

    std::shared_ptr<AsyncReadStream> owned_;
    AsyncReadStream* stream_;
    detail::loop_core* core_;
    detail::read_state state_;
    asio::cancellation_signal cancel_wait_;
    const error_code* writer_cut_ = nullptr;
    bool busy_ = false;                // an operation waits
    bool more_is_there_ = false;       // the last read filled the room that it had
    unsigned without_wait_ = 0;        // reads in a row that found bytes at once
    std::size_t offered_ = 0;          // the room of the last read, where it cannot be tried
    std::size_t next_read_ = 4 * 1024; // and that of the next one

    template <class Step>
    auto run(Step step) -> awaitable<decltype(step.take(state_))>;
    template <class Step, class Token>
    auto start(Step step, Token&& token);

    bool worth_a_try() noexcept;
    bool receive_now(std::size_t room);
    asio::mutable_buffer next_room(std::size_t room);
    bool received(error_code ec, std::size_t n) noexcept;
    void check_cut() noexcept;
};

// Implementation

template <class Stream>
basic_stream_reader<Stream>::basic_stream_reader(Stream& stream, std::size_t limit)
    : stream_(&stream)
    , core_(&detail::loop_core::of(stream.get_executor()))
    , state_{detail::read_buffer(detail::buffer_pool::of(stream.get_executor())), limit, false, {}}
{
    if (limit == 0)
        throw std::invalid_argument("rill::stream_reader: the limit must be more than zero");
}

template <class Stream>
basic_stream_reader<Stream>::basic_stream_reader(std::shared_ptr<Stream> stream, std::size_t limit)
    : basic_stream_reader(*stream, limit)
{
    owned_ = std::move(stream);
}

/// Tries the step, and receives more until it is done. The waits stand here and not in a coroutine
/// of their own, which would cost a frame for each. No guard resets busy_: a loop that dies
/// destroys this frame, perhaps after the reader.
template <class Stream>
template <class Step>
auto basic_stream_reader<Stream>::run(Step step) -> awaitable<decltype(step.take(state_))>
{
    if (busy_)
        throw std::logic_error("rill::stream_reader: another read is waiting already");
    check_cut();
    while (!step(state_)) {
        const std::size_t room = step.room(state_);
        if constexpr (detail::can_try_io<Stream>) {
            if (worth_a_try() && receive_now(room))
                continue;
            state_.buffer.park();
            detail::readable_operation<Stream> readable(
                std::in_place, *core_, *stream_, cancel_wait_
            );
            busy_ = true;
            try {
                co_await std::move(readable);
            } catch (...) { // cancelled before it began
                busy_ = false;
                throw;
            }
            busy_ = false;
            if (!readable.outcome)
                receive_now(room);
            else if (!received(readable.outcome, 0))
                throw system_error(readable.outcome);
        } else {
            const asio::mutable_buffer bytes = next_room(room);
            auto some = stream_->async_read_some(bytes, asio::as_tuple(asio::deferred));
            error_code ec;
            std::size_t n = 0;
            busy_ = true;
            try {
                std::tie(ec, n) = co_await std::move(some);
            } catch (...) {
                busy_ = false;
                throw;
            }
            busy_ = false;
            if (!received(ec, n))
                throw system_error(ec);
        }
    }
    co_return step.take(state_);
}

template <class Stream>
awaitable<std::string> basic_stream_reader<Stream>::read(std::size_t n)
{
    return run(detail::read_step_some(n));
}

template <class Stream>
awaitable<std::string> basic_stream_reader<Stream>::read_all()
{
    return run(detail::read_step_all());
}

template <class Stream>
awaitable<std::string> basic_stream_reader<Stream>::read_line()
{
    return run(detail::read_step_line());
}

template <class Stream>
awaitable<std::optional<std::string>> basic_stream_reader<Stream>::next_line()
{
    std::string line = co_await read_line();
    if (line.empty())
        co_return std::nullopt;
    co_return std::move(line);
}

template <class Stream>
awaitable<std::string> basic_stream_reader<Stream>::read_exactly(std::size_t n)
{
    return run(detail::read_step_exactly(n));
}

template <class Stream>
awaitable<std::string> basic_stream_reader<Stream>::read_until(std::string_view separator)
{
    return run(detail::read_step_until_one(separator));
}

template <class Stream>
awaitable<std::string>
basic_stream_reader<Stream>::read_until(std::span<const std::string_view> separators)
{
    return run(detail::read_step_until(separators));
}

template <class Stream>
awaitable<std::string_view> basic_stream_reader<Stream>::read_some()
{
    return run(detail::read_step_view());
}

template <class Stream>
awaitable<bool> basic_stream_reader<Stream>::fill()
{
    return run(detail::read_step_more());
}

/// A read that did not fill its room has emptied the socket, and to try again would be in vain. A
/// peer that sends without end must not keep others from their turn.
template <class Stream>
bool basic_stream_reader<Stream>::worth_a_try() noexcept
{
    return more_is_there_ && ++without_wait_ % 16 != 0;
}

/// False if nothing is there.
template <class Stream>
bool basic_stream_reader<Stream>::receive_now(std::size_t room)
{
    if constexpr (detail::can_try_io<Stream>) {
        const std::size_t most = room - state_.buffer.size();
        std::span<char> bytes = state_.buffer.prepare(std::min(most, worth_a_call));
        bytes = bytes.first(std::min(bytes.size(), most));
        error_code ec;
        const std::size_t n = detail::try_read(*stream_, bytes, ec);
        more_is_there_ = n == bytes.size();
        if (ec == asio::error::would_block)
            return false;
        return received(ec, n);
    } else {
        return room == 0; // never called: such a stream is always waited for
    }
}

/// Of a stream that fills what it is offered, the next read asks for more.
template <class Stream>
asio::mutable_buffer basic_stream_reader<Stream>::next_room(std::size_t room)
{
    if (more_is_there_)
        next_read_ = std::min(2 * next_read_, detail::buffer_pool::block_size);
    const std::size_t n = std::min(room - state_.buffer.size(), next_read_);
    offered_ = n;
    return asio::buffer(state_.buffer.prepare(n).data(), n);
}

/// False if it was a cancellation, which changes nothing.
template <class Stream>
bool basic_stream_reader<Stream>::received(error_code ec, std::size_t n) noexcept
{
    state_.buffer.commit(n);
    if constexpr (!detail::can_try_io<Stream>)
        more_is_there_ = n == offered_;
    if (!ec)
        return true;
    if (writer_cut_ && *writer_cut_)
        state_.error = *writer_cut_;
    else if (ec == asio::error::eof || !detail::is_open(*stream_))
        state_.eof = true;
    else if (ec == condition::cancelled)
        return false;
    else
        state_.error = ec;
    return true;
}

template <class Stream>
void basic_stream_reader<Stream>::check_cut() noexcept
{
    if (writer_cut_ && *writer_cut_)
        state_.error = *writer_cut_;
}

template <class Stream>
std::string_view basic_stream_reader<Stream>::buffered() const noexcept
{
    return state_.buffer.view();
}

template <class Stream>
void basic_stream_reader<Stream>::consume(std::size_t n) noexcept
{
    state_.buffer.consume(std::min(n, state_.buffer.size()));
}

template <class Stream>
bool basic_stream_reader<Stream>::at_eof() const noexcept
{
    return state_.eof && state_.buffer.size() == 0;
}

template <class Stream>
std::size_t basic_stream_reader<Stream>::limit() const noexcept
{
    return state_.limit;
}

template <class Stream>
const error_code& basic_stream_reader<Stream>::error() const noexcept
{
    return state_.error;
}

template <class Stream>
void basic_stream_reader<Stream>::share_cut(const error_code* of_writer) noexcept
{
    writer_cut_ = of_writer;
}

template <class Stream>
Stream& basic_stream_reader<Stream>::stream() noexcept
{
    return *stream_;
}

/// A step as a composed operation of Asio's, for other tokens than those of coroutines.
template <class Stream>
template <class Step>
class basic_stream_reader<Stream>::composed_read {
public:
    composed_read(basic_stream_reader& reader, Step step)
        : reader_(&reader)
        , step_(std::move(step))
    {}

    template <class Self>
    void operator()(Self& self)
    {
        if (at_ != place::begin) {
            finish(self);
            return;
        }
        at_ = place::waiting;
        self.reset_cancellation_state(asio::enable_total_cancellation());
        if (reader_->busy_) {
            refused_ = asio::error::already_started;
            complete_later(self);
            return;
        }
        reader_->busy_ = true;
        reader_->check_cut();
        if (step_(reader_->state_))
            complete_later(self);
        else
            receive(self);
    }

    template <class Self>
    void operator()(Self& self, error_code ec, std::size_t n)
    {
        const bool cancelled = !reader_->received(ec, n);
        if (!cancelled && step_(reader_->state_)) {
            finish(self);
        } else if (cancelled || self.cancelled() != asio::cancellation_type::none) {
            reader_->busy_ = false;
            self.complete(detail::aborted(), std::string());
        } else {
            receive(self);
        }
    }

private:
    enum class place { begin, waiting };

    template <class Self>
    void receive(Self& self)
    {
        const asio::mutable_buffer bytes = reader_->next_room(step_.room(reader_->state_));
        reader_->stream_->async_read_some(bytes, std::move(self));
    }

    template <class Self>
    void complete_later(Self& self)
    {
        asio::post(reader_->stream_->get_executor(), std::move(self));
    }

    template <class Self>
    void finish(Self& self)
    {
        if (refused_) {
            self.complete(refused_, std::string());
            return;
        }
        reader_->busy_ = false;
        error_code ec;
        std::string bytes = step_.take(ec);
        self.complete(ec, std::move(bytes));
    }

    basic_stream_reader* reader_;
    Step step_;
    place at_ = place::begin;
    error_code refused_;
};

template <class Stream>
template <class Step, class Token>
auto basic_stream_reader<Stream>::start(Step step, Token&& token)
{
    return asio::async_compose<Token, void(error_code, std::string)>(
        composed_read<Step>(*this, std::move(step)), token, *stream_
    );
}

template <class Stream>
template <asio::completion_token_for<void(error_code, std::string)> Token>
auto basic_stream_reader<Stream>::async_read(std::size_t n, Token&& token)
{
    return start(detail::read_step_some(n), std::forward<Token>(token));
}

template <class Stream>
template <asio::completion_token_for<void(error_code, std::string)> Token>
auto basic_stream_reader<Stream>::async_read_all(Token&& token)
{
    return start(detail::read_step_all(), std::forward<Token>(token));
}

template <class Stream>
template <asio::completion_token_for<void(error_code, std::string)> Token>
auto basic_stream_reader<Stream>::async_read_line(Token&& token)
{
    return start(detail::read_step_line(), std::forward<Token>(token));
}

template <class Stream>
template <asio::completion_token_for<void(error_code, std::string)> Token>
auto basic_stream_reader<Stream>::async_read_exactly(std::size_t n, Token&& token)
{
    return start(detail::read_step_exactly(n), std::forward<Token>(token));
}

template <class Stream>
template <asio::completion_token_for<void(error_code, std::string)> Token>
auto basic_stream_reader<Stream>::async_read_until(std::string_view separator, Token&& token)
{
    return start(detail::read_step_until_one(separator), std::forward<Token>(token));
}

} // namespace rill::RILL_FORM
