// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/task_executor.hpp>
#include <rill/detail/stream_traits.hpp>
#include <rill/detail/wait/operation.hpp>
#include <rill/detail/write_buffer.hpp>
#include <rill/stream_options.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace rill::RILL_FORM::detail {

/// Waits for something to become of what was written.
class write_waiter : public operation {
public:
    explicit write_waiter(loop_core& core) noexcept
        : operation(&core)
    {}

    void end(error_code ec) noexcept
    {
        ec_ = ec;
        complete();
    }

protected:
    template <class Signature>
    std::tuple<error_code> results() const
    {
        return {error() ? error() : ec_};
    }

private:
    error_code ec_;
};

/// What moves a writer's bytes to its stream. It outlives the writer while a write is under way,
/// and, if it owns the stream, until everything has been flushed and the stream is closed.
///
/// A socket is written to at once; only what it does not take waits for the reactor. Other streams
/// have one write pending at a time.
template <class Stream>
class write_pump final : public std::enable_shared_from_this<write_pump<Stream>>,
                         private ready_node,
                         private timer_node {
public:
    class drained;
    class closed;

    write_pump(Stream& stream, std::shared_ptr<Stream> owned, const write_options& options)
        : ready_node(&on_turn)
        , timer_node(&on_stall)
        , core_(&loop_core::of(stream.get_executor()))
        , owned_(std::move(owned))
        , stream_(&stream)
        , options_(options)
        , buffer_(buffer_pool::of(stream.get_executor()))
    {}

    ~write_pump() { stop_timers(); }

    loop_core& core() const noexcept { return *core_; }

    void write(std::string_view data)
    {
        if (!accepts())
            return;
        if constexpr (can_try_io<Stream>)
            if (data.size() >= worth_a_call && !writing_ && !full_)
                data.remove_prefix(write_now(data));
        if (!accepts() || data.empty())
            return;
        buffer_.append(data);
        flush_soon();
    }

    void write(std::string&& data)
    {
        if (!accepts())
            return;
        buffer_.append(std::move(data));
        flush_soon();
    }

    /// Writes what the stream takes now, and lets the reactor see to the rest.
    void flush()
    {
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

    void write_eof()
    {
        eof_asked_ = true;
        flush();
    }

    void close()
    {
        if (std::exchange(closing_, true))
            return;
        flush();
        if (error_ && !closed_)
            finish_close();
    }

    /// Drops what is unsent and tells the peer so.
    void abort(error_code why)
    {
        if (closed_ || !stream_)
            return;
        closing_ = true;
        if (!error_)
            error_ = why;
        cut_ = why;
        drop_unsent(*stream_);
        finish_close();
    }

    /// The writer is gone. A stream of the user's is not to be touched any more.
    void let_go()
    {
        reader_error_ = nullptr;
        if (owned_) {
            close();
            return;
        }
        closing_ = true;
        stop_timers();
        stream_ = nullptr;
        if (writing_) // the bytes that it refers to stay until it has ended
            cancel_write_.emit(asio::cancellation_type::all);
        else
            buffer_.clear();
        release(drainers_, aborted());
        release(closers_, aborted());
    }

    /// What a drain fails with at present.
    error_code drain_error() const noexcept
    {
        if (error_)
            return error_;
        if (reader_error_ && *reader_error_)
            return *reader_error_;
        return closing_ ? error_code(asio::error::connection_reset) : error_code();
    }

    bool above_high() const noexcept { return buffer_.size() > options_.high; }

    bool closing() const noexcept { return closing_; }

    std::size_t size() const noexcept { return buffer_.size(); }

    write_options& options() noexcept { return options_; }

    /// Why the connection was cut on this side; no error if it was not.
    const error_code& cut() const noexcept { return cut_; }

    void share_error(const error_code* of_reader) noexcept { reader_error_ = of_reader; }

    /// `lease` is released once the stream is closed.
    void hold_until_closed(std::shared_ptr<void> lease) noexcept { lease_ = std::move(lease); }

private:
    // A larger write goes out at once, without a copy; smaller ones of a turn leave together.
    static constexpr std::size_t worth_a_call = 8 * 1024;

    bool accepts() const noexcept { return !error_ && !closing_ && !eof_asked_; }

    /// What is buffered and then `data`, as far as the socket takes it: how much of `data`.
    std::size_t write_now(std::string_view data)
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

    /// In this turn others may write too.
    void flush_soon()
    {
        if (writing_ || flush_due_)
            return;
        flush_due_ = true;
        core_->make_ready(*this);
    }

    static void on_turn(ready_node& node, act what)
    {
        auto& self = static_cast<write_pump&>(node);
        self.flush_due_ = false;
        if (what == act::run)
            self.flush();
    }

    class write_handler {
    public:
        using cancellation_slot_type = asio::cancellation_slot;

        explicit write_handler(std::shared_ptr<write_pump> pump) noexcept
            : pump_(std::move(pump))
        {}

        asio::cancellation_slot get_cancellation_slot() const noexcept
        {
            return pump_->cancel_write_.slot();
        }

        void operator()(error_code ec, std::size_t n)
        {
            const auto pump = std::move(pump_); // it may be the last reference
            pump->written(ec, n);
        }

    private:
        std::shared_ptr<write_pump> pump_;
    };

    void write_later()
    {
        if (core_->dead()) {
            fail(aborted());
            return;
        }
        writing_ = true;
        watch_for_stall();
        stream_->async_write_some(buffer_.gather(), write_handler(this->shared_from_this()));
    }

    void written(error_code ec, std::size_t n)
    {
        writing_ = false;
        full_ = false;
        core_->disarm(*this);
        if (!stream_ || closed_) {
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

    void watch_for_stall()
    {
        core_->disarm(*this);
        core_->arm(*this, deadline_after(core_->now(), options_.stall));
    }

    static void on_stall(timer_node& node)
    {
        auto& self = static_cast<write_pump&>(node);
        self.abort(asio::error::timed_out);
    }

    void emptied()
    {
        release(drainers_, {});
        if (eof_asked_ && !std::exchange(eof_sent_, true))
            if constexpr (can_half_close<Stream>) {
                error_code ignored; // the peer may be gone already
                stream_->shutdown(asio::socket_base::shutdown_send, ignored);
            }
        if (closing_)
            finish_close();
    }

    void fail(error_code ec)
    {
        error_ = ec;
        buffer_.clear();
        stop_timers();
        if (closing_)
            finish_close();
        else
            release(drainers_, ec);
    }

    void finish_close()
    {
        if (std::exchange(closed_, true))
            return;
        const auto keep = this->shared_from_this();
        const auto lease = std::move(lease_);
        stop_timers();
        close_stream(*stream_);
        if (!writing_) // else the pending write refers to it still
            buffer_.clear();
        release(drainers_, error_ ? error_ : error_code(asio::error::connection_reset));
        release(closers_, error_);
    }

    static void release(wait_list<write_waiter>& waiters, error_code ec) noexcept
    {
        while (write_waiter* waiter = waiters.front())
            waiter->end(ec);
    }

    void stop_timers() noexcept
    {
        core_->disarm(*this);
        if (std::exchange(flush_due_, false))
            core_->forget(*this);
    }

    loop_core* core_;
    std::shared_ptr<Stream> owned_; // null: the stream is the user's
    Stream* stream_;                // null once that one is out of reach
    write_options options_;
    write_buffer buffer_;
    error_code error_; // the first one; everything after it is dropped
    error_code cut_;
    const error_code* reader_error_ = nullptr;

    bool flush_due_ = false; // in the ready queue
    bool writing_ = false;   // the stream has a write pending, whose bytes lie in the buffer
    bool full_ = false;      // the socket took less than was offered: it is the reactor's turn
    bool eof_asked_ = false;
    bool eof_sent_ = false;
    bool closing_ = false;
    bool closed_ = false;

    wait_list<write_waiter> drainers_;
    wait_list<write_waiter> closers_;
    std::shared_ptr<void> lease_;
    asio::cancellation_signal cancel_write_;
};

/// Waits until the buffer is down to the low watermark.
template <class Stream>
class write_pump<Stream>::drained : public write_waiter {
public:
    explicit drained(write_pump& pump) noexcept
        : write_waiter(*pump.core_)
        , pump_(&pump)
    {}

protected:
    void start()
    {
        pump_->flush();
        const error_code ec = pump_->drain_error();
        if (ec || !pump_->above_high())
            end(ec);
        else
            pump_->drainers_.add(*this);
    }

private:
    write_pump* pump_;
};

/// Waits until the stream is closed.
template <class Stream>
class write_pump<Stream>::closed : public write_waiter {
public:
    explicit closed(write_pump& pump) noexcept
        : write_waiter(*pump.core_)
        , pump_(&pump)
    {}

protected:
    void start()
    {
        if (pump_->closed_)
            end(pump_->error_);
        else
            pump_->closers_.add(*this);
    }

private:
    write_pump* pump_;
};

} // namespace rill::RILL_FORM::detail
