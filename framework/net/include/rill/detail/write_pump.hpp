// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/flight.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/detail/plain_error.hpp>
#include <rill/detail/read_end.hpp>
#include <rill/detail/stream_traits.hpp>
#include <rill/detail/write_buffer.hpp>
#include <rill/stream_options.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <new>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace rill::RILL_FORM::net_detail {

/// Waits for something to become of what was written.
class write_waiter : public operation {
public:
    write_waiter(loop_core* core, std::source_location where) noexcept
        : operation(core, where)
    {}

    void end(error_code ec) noexcept
    {
        ec_ = ec;
        complete();
    }

protected:
    error_code why() const noexcept { return error() ? error() : ec_; }

    /// An error of the stream's, with what met it.
    void throw_own(const char* what) const
    {
        if (!error())
            throw system_error(ec_, what);
    }

    error_code ec_;
};

/// What moves a writer's bytes to its stream. It outlives the writer while a write is under way or
/// somebody waits in it, and, if it owns the stream, until everything has been flushed and the
/// stream is closed.
///
/// A socket is written to at once; only what it does not take waits for the reactor. Other streams
/// have one write pending at a time.
template <class Stream>
class write_pump final
    : public boost::intrusive_ref_counter<write_pump<Stream>, boost::thread_unsafe_counter>,
      private ready_node,
      private context_user,
      private write_end {
public:
    class drained;
    class closed;

    using pointer = boost::intrusive_ptr<write_pump>;

    write_pump(Stream& stream, std::shared_ptr<Stream> owned, const write_options& options);
    ~write_pump();
    void write(std::string_view data);
    void write(std::string&& data);

    /// Writes what the stream takes now, and lets the reactor see to the rest.
    void flush();
    void write_eof();
    void close();

    /// The stream's reader finds the end behind what has arrived; the peer is not told.
    void end_reading() noexcept;

    /// Drops what is unsent and tells the peer so.
    void abort(error_code why);

    /// The writer is gone, and drains that wait end with operation_aborted; who waits for the close
    /// of a stream that is owned goes on. A stream of the user's is not to be touched any more.
    void let_go();

    /// What the connection was lost by, as far as one of its ends has met it.
    error_code loss() const noexcept;

    /// What a drain fails with at present.
    error_code drain_error() const noexcept;

    loop_core* core() const noexcept { return core_; } ///< Null once the loop has ended.

    /// Whether there is nothing left to wait for.
    bool is_over() const noexcept { return closed_ || loss(); }

    bool above_high() const noexcept { return buffer_.size() > options_.high; }

    bool closing() const noexcept { return closing_; }

    bool can_write_eof() const noexcept;

    std::size_t size() const noexcept { return buffer_.size(); }

    write_options& options() noexcept { return options_; }

    /// From now on the two know of each other's errors.
    void share_errors_with(read_end& reader) noexcept;

    /// `lease` is released once the stream is closed.
    void hold_until_closed(std::shared_ptr<void> lease) noexcept { lease_ = std::move(lease); }

private:
    // A larger write goes out at once, without a copy; smaller ones of a turn leave together.
    static constexpr std::size_t worth_a_call = 8 * 1024;

    bool accepts() const noexcept { return !error_ && !closing_ && !eof_asked_; }

    /// What is buffered and then `data`, as far as the socket takes it: how much of `data`.
    std::size_t write_now(std::string_view data);

    /// In this turn others may write too.
    void flush_soon();
    static void on_act(ready_node& node, act what);
    void write_later();
    void written(error_code ec, std::size_t n);
    void watch_for_stall();
    void emptied();

    /// A stream that has a farewell closes when that has been answered, or after its limit.
    void take_leave();
    void taken_leave(error_code);
    void fail(error_code ec);

    void on_read_error() noexcept override { end_waits(loss()); }

    void before_read() override;
    void end_waits(error_code ec) noexcept;

    // Nobody reads or writes while somebody waits for the close: so the socket is asked whether the
    // connection is lost.

    void watch_for_loss();

    /// What is no loss, urgent data say, would be told again and again: the watch ends with it.
    void watched(error_code ec);
    void stop_watching() noexcept;
    void finish_close();

    /// As after a close: what the socket takes at once still leaves. Nothing waits any more.
    void on_context_end() noexcept override;
    static void release(wait_line<write_waiter>& waiters, error_code ec) noexcept;
    void stop_timers() noexcept;

    loop_core* core_;               // null once the loop has ended
    std::shared_ptr<Stream> owned_; // null: the stream is the user's
    Stream* stream_;                // null once that one is out of reach
    write_options options_;
    write_buffer buffer_;
    error_code error_;                      // the first one; everything after it is dropped
    boost::intrusive_ptr<read_end> reader_; // null: it is not known

    bool writing_ = false; // the stream has a write pending, whose bytes lie in the buffer
    bool full_ = false;    // the socket took less than was offered: it is the reactor's turn
    bool eof_asked_ = false;
    bool eof_sent_ = false;
    bool closing_ = false;
    bool closed_ = false;
    bool watching_ = false; // the stream has a wait for errors pending
    bool watch_stopped_ = false;

    wait_line<write_waiter> drainers_;
    wait_line<write_waiter> closers_;
    std::shared_ptr<void> lease_;
    asio::cancellation_signal cancel_write_;
    asio::cancellation_signal cancel_watch_;
};

// Implementation

template <class Stream>
write_pump<Stream>::write_pump(
    Stream& stream, std::shared_ptr<Stream> owned, const write_options& options
)
    : ready_node(&on_act)
    , context_user(context_of(stream.get_executor()))
    , core_(&loop_core::of(stream.get_executor()))
    , owned_(std::move(owned))
    , stream_(&stream)
    , options_(options)
    , buffer_(buffer_pool::of(stream.get_executor()))
{}

template <class Stream>
write_pump<Stream>::~write_pump()
{
    stop_timers();
    if (reader_ && reader_->writer == this)
        reader_->writer = nullptr;
}

template <class Stream>
void write_pump<Stream>::write(std::string_view data)
{
    if (!accepts())
        return;
    if constexpr (can_try_io<Stream>)
        if (data.size() >= worth_a_call && !writing_ && !full_)
            data.remove_prefix(write_now(data));
    if (error_ || data.empty())
        return;
    buffer_.append(data);
    flush_soon();
}

template <class Stream>
void write_pump<Stream>::write(std::string&& data)
{
    if (!accepts())
        return;
    buffer_.append(std::move(data));
    flush_soon();
}

template <class Stream>
void write_pump<Stream>::flush()
{
    ready_node::unlink();
    if (writing_ || error_ || closed_)
        return;
    if constexpr (can_try_io<Stream>) {
        while (!buffer_.empty() && !full_)
            write_now({});
        if (error_)
            return;
    }
    if (buffer_.empty())
        emptied();
    else
        write_later();
}

template <class Stream>
void write_pump<Stream>::write_eof()
{
    eof_asked_ = true;
    flush();
}

template <class Stream>
void write_pump<Stream>::close()
{
    if (std::exchange(closing_, true))
        return;
    flush();
    if (error_ && !closed_)
        finish_close();
}

template <class Stream>
void write_pump<Stream>::end_reading() noexcept
{
    if constexpr (can_half_close<Stream>) {
        error_code ignored; // the peer may be gone already
        if (stream_ && !closed_)
            stream_->shutdown(asio::socket_base::shutdown_receive, ignored);
    }
}

template <class Stream>
void write_pump<Stream>::abort(error_code why)
{
    if (closed_ || !stream_)
        return;
    closing_ = true;
    if (!error_)
        error_ = why;
    if (reader_)
        reader_->cut = why;
    drop_unsent(*stream_);
    finish_close();
}

template <class Stream>
void write_pump<Stream>::let_go()
{
    if (!stream_) // the loop has ended
        return;
    release(drainers_, aborted());
    if (owned_) {
        close();
        return;
    }
    closing_ = closed_ = true;
    if (!error_)
        error_ = aborted();
    stop_timers();
    release(closers_, aborted());
    stop_watching();
    if (writing_) // the bytes that it refers to stay until it has ended
        cancel_write_.emit(asio::cancellation_type::all);
    else
        buffer_.clear();
    stream_ = nullptr;
}

template <class Stream>
error_code write_pump<Stream>::loss() const noexcept
{
    if (error_)
        return error_;
    return reader_ ? reader_->state.error : error_code();
}

template <class Stream>
error_code write_pump<Stream>::drain_error() const noexcept
{
    if (const error_code ec = loss())
        return ec;
    return closing_ ? error_code(asio::error::connection_reset) : error_code();
}

template <class Stream>
bool write_pump<Stream>::can_write_eof() const noexcept
{
    if constexpr (has_farewell<Stream>)
        return !stream_ || stream_->can_half_close();
    else
        return net_detail::can_half_close<Stream>;
}

template <class Stream>
void write_pump<Stream>::share_errors_with(read_end& reader) noexcept
{
    reader_ = &reader;
    reader.writer = this;
}

template <class Stream>
std::size_t write_pump<Stream>::write_now(std::string_view data)
{
    gathered_buffers all = buffer_.gather();
    if (!data.empty() && !all.full())
        all.add(data.data(), data.size());
    error_code ec;
    const std::size_t n = try_write(*stream_, std::span(all.begin(), all.end()), ec);
    if (ec && ec != asio::error::would_block) {
        fail(ec);
        return 0;
    }
    full_ = n < asio::buffer_size(all);
    const std::size_t old = std::min(n, buffer_.size());
    buffer_.consume(old);
    return n - old;
}

template <class Stream>
void write_pump<Stream>::flush_soon()
{
    if (!writing_ && !ready_node::linked())
        core_->make_ready(*this);
}

template <class Stream>
void write_pump<Stream>::on_act(ready_node& node, act what)
{
    auto& self = static_cast<write_pump&>(node);
    if (what == act::due) {
        self.abort(asio::error::timed_out); // the peer takes nothing
        return;
    }
    if (what == act::run)
        self.flush();
}

template <class Stream>
void write_pump<Stream>::write_later()
{
    if (core_->dead()) {
        fail(aborted());
        return;
    }
    writing_ = true;
    try {
        watch_for_stall();
        stream_->async_write_some(
            buffer_.gather(), flight<write_pump, &write_pump::written>(*this, cancel_write_)
        );
    } catch (const std::bad_alloc&) {
        writing_ = false;
        fail(asio::error::no_memory);
    }
}

template <class Stream>
void write_pump<Stream>::written(error_code ec, std::size_t n)
{
    writing_ = false;
    full_ = false;
    core_->disarm(*this);
    if (!stream_ || closed_ || error_) {
        buffer_.clear();
        return;
    }
    buffer_.consume(n);
    if (ec) {
        fail(ec);
        return;
    }
    if (buffer_.size() <= options_.low)
        release(drainers_, {});
    flush();
}

template <class Stream>
void write_pump<Stream>::watch_for_stall()
{
    core_->disarm(*this);
    core_->arm(*this, deadline_after(core_->now(), options_.stall));
}

template <class Stream>
void write_pump<Stream>::emptied()
{
    release(drainers_, {});
    if (eof_asked_ && !std::exchange(eof_sent_, true))
        if constexpr (can_half_close<Stream>) {
            error_code ignored; // the peer may be gone already
            stream_->shutdown(asio::socket_base::shutdown_send, ignored);
        }
    if (closing_)
        take_leave();
}

template <class Stream>
void write_pump<Stream>::take_leave()
{
    if constexpr (has_farewell<Stream>) {
        const duration limit = stream_->farewell_limit();
        if (limit > duration::zero() && !core_->dead())
            try {
                core_->disarm(*this);
                core_->arm(*this, deadline_after(core_->now(), limit));
                stream_->async_farewell(
                    flight<write_pump, &write_pump::taken_leave>(*this, cancel_write_)
                );
                writing_ = true;
                return;
            } catch (const std::bad_alloc&) { // without a farewell then
            }
    }
    finish_close();
}

template <class Stream>
void write_pump<Stream>::taken_leave(error_code)
{
    writing_ = false;
    if (stream_ && !closed_)
        finish_close();
}

template <class Stream>
void write_pump<Stream>::fail(error_code ec)
{
    error_ = plain_error(ec);
    // It is told once: to a read of the socket that is an end. A broken pipe had a good one before.
    if (reader_ && error_ != asio::error::broken_pipe && error_ != condition::cancelled)
        reader_->lost = error_;
    if (!writing_) // else the pending write refers to it still
        buffer_.clear();
    stop_timers();
    if (closing_) {
        finish_close();
        return;
    }
    end_waits(error_);
}

template <class Stream>
void write_pump<Stream>::before_read()
{
    if (ready_node::linked())
        flush();
}

template <class Stream>
void write_pump<Stream>::end_waits(error_code ec) noexcept
{
    release(drainers_, ec);
    release(closers_, ec);
    stop_watching();
}

template <class Stream>
void write_pump<Stream>::watch_for_loss()
{
    if constexpr (can_be_watched<Stream>) {
        if (watching_)
            return;
        watch_stopped_ = false;
        lowest_layer(*stream_).async_wait(
            asio::socket_base::wait_error,
            flight<write_pump, &write_pump::watched>(*this, cancel_watch_)
        );
        watching_ = true;
    }
}

template <class Stream>
void write_pump<Stream>::watched(error_code ec)
{
    watching_ = false;
    if (!stream_ || closed_ || error_)
        return;
    if constexpr (can_be_watched<Stream>) {
        if (ec && watch_stopped_ && !closers_.empty()) {
            watch_for_loss(); // for somebody who has come meanwhile
            return;
        }
        const error_code why = ec ? error_code() : take_error(lowest_layer(*stream_));
        if (why)
            fail(why);
    }
}

template <class Stream>
void write_pump<Stream>::stop_watching() noexcept
{
    if (!watching_)
        return;
    watch_stopped_ = true;
    cancel_watch_.emit(asio::cancellation_type::all);
}

template <class Stream>
void write_pump<Stream>::finish_close()
{
    if (std::exchange(closed_, true))
        return;
    const pointer keep(this);
    const auto lease = std::move(lease_);
    stop_timers();
    close_stream(*stream_);
    if (!writing_)
        buffer_.clear();
    release(drainers_, drain_error());
    release(closers_, loss());
}

template <class Stream>
void write_pump<Stream>::on_context_end() noexcept
{
    const pointer keep(this);
    if (owned_ && !closed_) {
        close();
        finish_close();
    }
    stop_timers();
    closing_ = closed_ = true;
    watching_ = false;
    core_ = nullptr;
    stream_ = nullptr;
    const auto last = std::move(owned_);
}

template <class Stream>
void write_pump<Stream>::release(wait_line<write_waiter>& waiters, error_code ec) noexcept
{
    while (write_waiter* waiter = waiters.front())
        waiter->end(ec);
}

template <class Stream>
void write_pump<Stream>::stop_timers() noexcept
{
    if (!core_)
        return;
    core_->disarm(*this);
    ready_node::unlink();
}

/// Waits until the buffer is down to the low watermark. A writer that is destroyed ends it with
/// operation_aborted.
template <class Stream>
class write_pump<Stream>::drained : public write_waiter {
public:
    drained(pointer pump, std::source_location where) noexcept
        : write_waiter(pump->core_, where)
        , pump_(std::move(pump))
    {}

    bool try_now()
    {
        pump_->flush();
        ec_ = pump_->drain_error();
        return ec_ || !pump_->above_high();
    }

    void explain() const { throw_own("rill::stream_writer: drain"); }

protected:
    void start() { pump_->drainers_.complete_or_add(*this); }

    void describe_to(std::string& text) const { text = "room in a writer"; }

private:
    pointer pump_;
};

/// Waits until the stream is closed, or lost. It goes on when the writer is destroyed, unless the
/// stream is the user's: then it ends with operation_aborted.
template <class Stream>
class write_pump<Stream>::closed : public write_waiter {
public:
    closed(pointer pump, std::source_location where) noexcept
        : write_waiter(pump->core_, where)
        , pump_(std::move(pump))
    {}

    bool try_now() noexcept
    {
        if (pump_->is_over())
            ec_ = pump_->loss();
        return pump_->is_over();
    }

    void explain() const { throw_own("rill::stream_writer: wait_closed"); }

protected:
    void start()
    {
        pump_->closers_.complete_or_add(*this);
        if (!ready())
            pump_->watch_for_loss();
    }

    void on_cancel()
    {
        abort();
        if (pump_->closers_.empty())
            pump_->stop_watching();
    }

    void describe_to(std::string& text) const { text = "a stream to be closed"; }

private:
    pointer pump_;
};

} // namespace rill::RILL_FORM::net_detail
