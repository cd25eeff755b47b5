// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/detail/read_end.hpp>
#include <rill/detail/stream_traits.hpp>
#include <rill/sleep.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

namespace rill::RILL_FORM::net_detail {

/// What gets bytes from a stream for its reader. Everything that is read with lives here and not
/// in the reader: each read keeps it, so the reader may be destroyed while somebody reads.
///
/// One flight to the stream at a time: a wait until a socket can be read, which tells nothing but
/// that, or a read of another stream, into the buffer. It has a plain handler on the stream's own
/// executor, and whoever waits for it goes on from the ready queue: awaiting Asio's operation itself
/// would take the handler through any_io_executor and a cancellation slot each time.
template <class Stream>
class read_pump final : public read_end, private context_user {
    class flight;
    class fetch;
    template <class Step>
    class whole_read;

    template <class Step>
    using taken = decltype(std::declval<Step&>().take(std::declval<read_state&>()));

public:
    using pointer = boost::intrusive_ptr<read_pump>;

    read_pump(Stream& stream, std::shared_ptr<Stream> owned, std::size_t limit)
        : read_end(buffer_pool::of(stream.get_executor()), limit)
        , context_user(context_of(stream.get_executor()))
        , core_(&loop_core::of(stream.get_executor()))
        , owned_(std::move(owned))
        , stream_(&stream)
    {}

    /// Reads until the step is done. A read that begins after the reader has gone is aborted.
    template <class Step>
    static awaitable<taken<Step>> run(pointer self, Step step);

    /// The same for any completion token.
    template <class Step, class Token>
    static auto start(pointer self, Step step, Token&& token);

    /// The reader is gone: what waits ends with operation_aborted, and a stream of the user's is
    /// not to be touched any more.
    void let_go() noexcept
    {
        gone_ = true;
        line_.abort_all();
        if (stream_ && in_flight_)
            call_back();
        stream_ = nullptr;
    }

    Stream& stream() const
    {
        if (!stream_)
            throw std::logic_error("rill::stream_reader: the stream has gone with its loop");
        return *stream_;
    }

private:
    static constexpr std::size_t worth_a_call = 64 * 1024; // one read takes it if it is there

    // Without a wait

    /// Of a socket. A read that did not fill its room has emptied it, and to try again would be in
    /// vain; and a peer that sends without end must not keep others from their turn.
    bool receive_at_once(std::size_t room)
    {
        if constexpr (can_try_io<Stream>) {
            if (more_is_there_ && ++without_wait_ % 16 != 0 && receive_now(room))
                return true;
            state.buffer.park();
        }
        return false;
    }

    /// After a flight that was no failure.
    void receive_what_came(std::size_t room)
    {
        if constexpr (can_try_io<Stream>)
            receive_now(room);
    }

    /// False if nothing is there.
    bool receive_now(std::size_t room)
    {
        const std::size_t most = room - state.buffer.size();
        std::span<char> bytes = state.buffer.prepare(std::min(most, worth_a_call));
        bytes = bytes.first(std::min(bytes.size(), most));
        error_code ec;
        const std::size_t n = try_read(*stream_, bytes, ec);
        more_is_there_ = n == bytes.size();
        if (ec == asio::error::would_block)
            return false;
        return received(ec, n);
    }

    /// False if it was a cancellation, which changes nothing.
    bool received(error_code ec, std::size_t n) noexcept
    {
        state.commit(n);
        if (!ec)
            return true;
        if (cut)
            fail(cut);
        else if (ec == asio::error::eof && lost)
            fail(lost);
        else if (ec == asio::error::eof || !is_open(*stream_))
            state.eof = true;
        else if (ec == condition::cancelled)
            return false;
        else
            fail(ec);
        return true;
    }

    void fail(error_code ec) noexcept
    {
        state.error = ec;
        if (writer)
            writer->on_read_error();
    }

    void look_for_cut() noexcept
    {
        if (cut)
            state.error = cut;
    }

    // Waits

    /// `f` has the reader from now on, and waits for the present flight or the next one.
    void wait_for_flight(fetch& f)
    {
        reader_ = &f;
        if (!f.hook<in_line>::linked())
            line_.add(f);
        if (!in_flight_)
            launch(f.room());
    }

    void launch(std::size_t room)
    {
        called_back_ = false;
        if constexpr (can_try_io<Stream>) {
            in_flight_ = true;
            stream_->async_wait(Stream::wait_read, flight(pointer(this)));
        } else {
            const asio::mutable_buffer bytes = next_room(room);
            in_flight_ = true;
            stream_->async_read_some(bytes, flight(pointer(this)));
        }
    }

    /// Of a stream that fills what it is offered, the next read asks for more.
    asio::mutable_buffer next_room(std::size_t room)
    {
        if (more_is_there_)
            next_read_ = std::min(2 * next_read_, buffer_pool::block_size);
        offered_ = std::min(room - state.buffer.size(), next_read_);
        state.buffer.park(); // of what is offered only, since the wait may be long
        return asio::buffer(state.buffer.lend(offered_).data(), offered_);
    }

    /// The read is over once the flight is, so that nothing refers to the stream then. Another one
    /// may begin before that.
    void give_up(fetch& f)
    {
        if (reader_ == &f)
            reader_ = nullptr;
        call_back();
    }

    void call_back()
    {
        called_back_ = true;
        cancel_.emit(asio::cancellation_type::all);
    }

    void landed(error_code ec, std::size_t n)
    {
        in_flight_ = false;
        if (!stream_) // the reader is gone, and nobody waits
            return;
        if constexpr (!can_try_io<Stream>)
            more_is_there_ = n == offered_;
        const bool heard = received(ec, n) || called_back_;
        while (fetch* const f = line_.front()) {
            if (f == reader_)
                break;
            f->complete(); // it had been given up
        }
        fetch* const f = line_.front();
        if (f && heard)
            f->go_on(!ec);
        else if (f)
            f->abort(); // as the user's own cancel on the stream means
    }

    /// The loop ends, or there was no memory to begin.
    void never_landed() noexcept
    {
        in_flight_ = false;
        state.commit(0);
    }

    /// As after a close on this side. Nothing waits any more.
    void on_context_end() noexcept override
    {
        const pointer keep(this); // a flight may hold the last reference
        state.eof = true;
        core_ = nullptr;
        stream_ = nullptr;
        const auto last = std::move(owned_);
    }

    loop_core* core_;               // null once the loop has ended
    std::shared_ptr<Stream> owned_; // null: the stream is the user's
    Stream* stream_;                // null once that one is out of reach
    asio::cancellation_signal cancel_;

    fetch* reader_ = nullptr; // the read that waits, unless it was told to stop
    wait_line<fetch> line_;   // it, behind those that were told
    bool gone_ = false;       // the reader
    bool in_flight_ = false;
    bool called_back_ = false;
    bool more_is_there_ = false;       // the last read filled the room that it had
    unsigned without_wait_ = 0;        // reads in a row that found bytes at once
    std::size_t offered_ = 0;          // the room of the last read, where it cannot be tried
    std::size_t next_read_ = 4 * 1024; // and that of the next one
};

template <class Stream>
class read_pump<Stream>::flight {
public:
    using cancellation_slot_type = asio::cancellation_slot;

    explicit flight(pointer pump) noexcept
        : pump_(std::move(pump))
    {}

    flight(flight&&) noexcept = default;

    ~flight()
    {
        if (pump_)
            pump_->never_landed();
    }

    asio::cancellation_slot get_cancellation_slot() const noexcept { return pump_->cancel_.slot(); }

    void operator()(error_code ec, std::size_t n = 0)
    {
        const pointer pump = std::move(pump_); // it may be the last reference
        pump->landed(ec, n);
    }

private:
    pointer pump_;
};

/// Waits until bytes may be there.
template <class Stream>
class read_pump<Stream>::fetch : public operation {
public:
    fetch(pointer pump, std::size_t room) noexcept
        : operation(pump->core_)
        , pump_(std::move(pump))
        , room_(room)
    {}

    fetch(fetch&&) noexcept = default;

    std::size_t room() const noexcept { return room_; }

    /// Whether there is something to receive.
    bool take() const noexcept { return came_; }

    /// A flight has ended.
    virtual void go_on(bool came)
    {
        came_ = came;
        complete();
    }

protected:
    ~fetch()
    {
        if (pump_ && pump_->reader_ == this)
            pump_->reader_ = nullptr;
    }

    void start() { pump_->wait_for_flight(*this); }

    void on_cancel()
    {
        abort_later();
        pump_->give_up(*this);
    }

    void describe_to(std::string& text) const { text = "bytes to read"; }

    pointer pump_; // null after a move
    std::size_t room_;
    bool came_ = false;
};

/// A whole read, for those who are told of its end by a call.
template <class Stream>
template <class Step>
class read_pump<Stream>::whole_read : public fetch {
public:
    whole_read(pointer pump, Step step)
        : fetch(std::move(pump), 0)
        , step_(std::move(step))
    {}

    std::string take() noexcept { return std::move(bytes_); }

    /// What came before the end, with the error.
    std::string partial() noexcept { return std::move(bytes_); }

    void go_on(bool came) override
    {
        advance([&] {
            if (came)
                pump().receive_what_came(this->room_);
        });
    }

protected:
    void start()
    {
        if (pump().gone_)
            this->abort();
        else if (pump().reader_)
            fail_with(asio::error::already_started);
        else
            advance([&] { pump().look_for_cut(); });
    }

    error_code why() const noexcept { return this->error() ? this->error() : ec_; }

private:
    read_pump& pump() const noexcept { return *this->pump_; }

    template <class First>
    void advance(First first)
    {
        try {
            first();
            while (!step_(pump().state)) {
                this->room_ = step_.room(pump().state);
                if (pump().receive_at_once(this->room_))
                    continue;
                pump().wait_for_flight(*this);
                return;
            }
            bytes_ = step_.take(ec_);
            this->complete();
        } catch (...) { // nobody is there to be thrown at
            fail_with(asio::error::no_memory);
        }
    }

    void fail_with(error_code ec) noexcept
    {
        ec_ = ec;
        this->complete();
    }

    Step step_;
    std::string bytes_;
    error_code ec_;
};

/// The waits stand here and not in a coroutine of their own, which would cost a frame for each.
template <class Stream>
template <class Step>
auto read_pump<Stream>::run(pointer self, Step step) -> awaitable<taken<Step>>
{
    if (self->core_ && !loop_core::spend())
        co_await request_wait<yield_waiter>(self->core_);
    // One that was told to stop when its wait was over has yet to leave.
    while (self->reader_ && self->reader_->ready())
        co_await request_wait<yield_waiter>(self->core_);
    if (self->gone_)
        throw system_error(aborted());
    if (self->reader_)
        throw std::logic_error("rill::stream_reader: another read is waiting already");
    self->look_for_cut();
    while (!step(self->state)) {
        const std::size_t room = step.room(self->state);
        if (self->receive_at_once(room))
            continue;
        const bool came = co_await request_wait<fetch>(self, room);
        if (self->gone_)
            throw system_error(aborted());
        if (came)
            self->receive_what_came(room);
    }
    co_return step.take(self->state);
}

template <class Stream>
template <class Step, class Token>
auto read_pump<Stream>::start(pointer self, Step step, Token&& token)
{
    wait_operation<void(error_code, std::string), whole_read<Step>> read(
        std::in_place, std::move(self), std::move(step)
    );
    return std::move(read).initiate(std::forward<Token>(token));
}

} // namespace rill::RILL_FORM::net_detail
