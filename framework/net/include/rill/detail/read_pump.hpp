// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/flight.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/detail/plain_error.hpp>
#include <rill/detail/read_end.hpp>
#include <rill/detail/read_place.hpp>
#include <rill/detail/stream_read.hpp>
#include <rill/detail/stream_traits.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <algorithm>
#include <memory>
#include <source_location>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace rill::RILL_FORM::net_detail {

/// What gets bytes from a stream for its reader. Everything that is read with lives here and not
/// in the reader: each read keeps it, so the reader may be destroyed while somebody reads.
///
/// One flight to the stream at a time, a read into the buffer; the read that waits for it goes on in
/// the step in which it lands.
template <class Stream>
class read_pump final : public read_end, private read_place, private context_user {
public:
    class reading;
    template <class Step>
    class read_wait;

    using pointer = boost::intrusive_ptr<read_pump>;

    read_pump(Stream& stream, std::shared_ptr<Stream> owned, std::size_t limit);

    /// The reader is gone: what waits ends with operation_aborted, and a stream of the user's is
    /// not to be touched any more.
    void let_go() noexcept;

    loop_core* core() const noexcept { return core_; } ///< Null once the loop has ended.

    stream_read<Stream>& read() noexcept { return read_; }

    /// Not once the reader or the loop is gone.
    bool has_stream() const noexcept { return stream_ != nullptr; }

    /// Whether somebody reads, or has been told to stop and has not left yet.
    bool is_read() const noexcept { return reader_ != nullptr; }

    /// Whether the stream has not let go yet of a read that was given up.
    bool in_flight() const noexcept { return in_flight_; }

    Stream& stream() const;

private:
    template <class Owner, auto Landed>
    friend class flight;

    /// False if it was a cancellation, which changes nothing.
    bool received(error_code ec, std::size_t n) noexcept;
    void fail(error_code ec) noexcept;
    void look_for_cut() noexcept
    {
        if (cut)
            state.error = cut;
    }

    // Waits

    /// `r` is the read, and needs more than is held: whether something came of that at once. Else it
    /// waits for the present flight or the next one.
    bool receive(reading& r);

    /// Whether it has landed.
    bool launch(std::size_t most);
    std::span<char> space(std::size_t wanted, memory from) override;
    void nothing_came() noexcept override;

    /// The read is over once the flight is, so that nothing refers to the stream then. Another one
    /// may begin before that.
    void give_up(reading& r);

    /// `r` is the read when the present one, which is over, has left.
    void wait_for_turn(reading& r);
    void leave(reading& r) noexcept;
    void call_back();
    void landed(error_code ec, std::size_t n);

    /// The loop ends, or there was no memory to begin.
    void never_landed() noexcept;

    /// As after a close on this side. Nothing waits any more.
    void on_context_end() noexcept override;

    loop_core* core_;               // null once the loop has ended
    std::shared_ptr<Stream> owned_; // null: the stream is the user's
    Stream* stream_;                // null once that one is out of reach
    asio::cancellation_signal cancel_;

    reading* reader_ = nullptr; // the read, also while it is over and has not left
    reading* next_ = nullptr;   // waits for it to leave
    wait_line<reading> line_;   // either while it waits, behind those that were told to stop
    bool gone_ = false;         // the reader
    bool in_flight_ = false;
    bool called_back_ = false;
    std::size_t most_ = 0; // that the buffer may hold when the present flight has landed
    stream_read<Stream> read_;
};

// Implementation

template <class Stream>
read_pump<Stream>::read_pump(Stream& stream, std::shared_ptr<Stream> owned, std::size_t limit)
    : read_end(buffer_pool::of(stream.get_executor()), limit)
    , context_user(context_of(stream.get_executor()))
    , core_(&loop_core::of(stream.get_executor()))
    , owned_(std::move(owned))
    , stream_(&stream)
{}

template <class Stream>
void read_pump<Stream>::let_go() noexcept
{
    gone_ = true;
    next_ = nullptr;
    line_.abort_all();
    if (reader_) // it has not run since it was over
        reader_->abort_later();
    if (stream_ && in_flight_)
        call_back();
    stream_ = nullptr;
}

template <class Stream>
Stream& read_pump<Stream>::stream() const
{
    if (!stream_)
        throw std::logic_error("rill::stream_reader: the stream has gone with its loop");
    return *stream_;
}

template <class Stream>
bool read_pump<Stream>::received(error_code ec, std::size_t n) noexcept
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

template <class Stream>
void read_pump<Stream>::fail(error_code ec) noexcept
{
    state.error = plain_error(ec);
    if (writer)
        writer->on_read_error();
}

template <class Stream>
bool read_pump<Stream>::receive(reading& r)
{
    reader_ = &r;
    if (!in_flight_ && launch(r.room()))
        return true;
    if (!r.hook<in_line>::linked())
        line_.add(r);
    return false;
}

template <class Stream>
bool read_pump<Stream>::launch(std::size_t most)
{
    using to_be_read = read_flight<Stream, read_pump, &read_pump::landed>;
    if (writer)
        writer->before_read();
    called_back_ = false;
    most_ = most;
    return read_.run(*this, [this](const auto& buffers) {
        in_flight_ = true;
        stream_->async_read_some(buffers, to_be_read(*this, cancel_));
    });
}

template <class Stream>
std::span<char> read_pump<Stream>::space(std::size_t wanted, memory from)
{
    const std::size_t most = most_ - state.buffer.size();
    const std::span<char> room = state.buffer.lend(std::min(most, wanted), from);
    return room.first(std::min(room.size(), most));
}

template <class Stream>
void read_pump<Stream>::nothing_came() noexcept
{
    state.buffer.take_back();
    state.buffer.park();
}

template <class Stream>
void read_pump<Stream>::give_up(reading& r)
{
    if (reader_ == &r)
        reader_ = nullptr;
    call_back();
}

template <class Stream>
void read_pump<Stream>::wait_for_turn(reading& r)
{
    next_ = &r;
    line_.add(r);
}

template <class Stream>
void read_pump<Stream>::leave(reading& r) noexcept
{
    if (next_ == &r)
        next_ = nullptr;
    if (reader_ != &r)
        return;
    reader_ = nullptr;
    if (reading* const next = std::exchange(next_, nullptr); next && core_ && !core_->dead())
        next->take_turn();
}

template <class Stream>
void read_pump<Stream>::call_back()
{
    called_back_ = true;
    cancel_.emit(asio::cancellation_type::all);
}

template <class Stream>
void read_pump<Stream>::landed(error_code ec, std::size_t n)
{
    const bool at_once = read_.is_tried();
    in_flight_ = false;
    read_.landed(ec, n);
    if (!stream_) // the reader is gone, and nobody waits
        return;
    const bool heard = received(ec, n) || called_back_;
    if (at_once) {
        if (!heard)
            reader_->abort();
        return;
    }
    while (reading* const r = line_.front()) {
        if (r == reader_ || r == next_)
            break;
        r->complete(); // it had been given up
    }
    reading* const r = line_.front();
    if (!r || r == next_)
        return;
    if (heard)
        r->go_on();
    else
        r->abort(); // as the user's own cancel on the stream means
}

template <class Stream>
void read_pump<Stream>::never_landed() noexcept
{
    in_flight_ = false;
    read_.give_up();
    state.commit(0);
}

template <class Stream>
void read_pump<Stream>::on_context_end() noexcept
{
    const pointer keep(this); // a flight may hold the last reference
    state.eof = true;
    core_ = nullptr;
    stream_ = nullptr;
    const auto last = std::move(owned_);
}

/// A read, as the pump sees it.
template <class Stream>
class read_pump<Stream>::reading : public operation {
public:
    using operation::abort_later;

    /// How much the buffer may hold.
    virtual std::size_t room() const noexcept = 0;

    virtual void take_turn() noexcept = 0;

    /// A flight has ended.
    virtual void go_on() noexcept = 0;

protected:
    reading(pointer pump, std::source_location where) noexcept
        : operation(pump->core_, where)
        , pump_(std::move(pump))
    {}

    reading(reading&&) noexcept = default;

    ~reading()
    {
        if (pump_)
            pump_->leave(*this);
    }

    void on_cancel()
    {
        if (pump_->next_ == this) {
            pump_->next_ = nullptr;
            abort();
            return;
        }
        abort_later();
        pump_->give_up(*this);
    }

    void describe_to(std::string& text) const { text = "bytes to read"; }

    pointer pump_; // null after a move
};

/// Reads until the step is done. A read that begins after the reader has gone is aborted.
template <class Stream>
template <class Step>
class read_pump<Stream>::read_wait : public reading {
public:
    read_wait(pointer pump, Step step, std::source_location where)
        : reading(std::move(pump), where)
        , step_(std::move(step))
    {}

    bool try_now()
    {
        if (pump().reader_ || pump().gone_)
            return false;
        pump().look_for_cut();
        return step_(pump().state);
    }

    auto take() { return step_.take(pump().state); }

    /// What came before the end, with the error.
    auto partial() noexcept { return step_.partial(); }

    /// Throws what says more than the code.
    void explain()
    {
        if (this->error())
            return;
        if (hindrance_ == hindrance::not_alone)
            throw std::logic_error("rill::stream_reader: another read is waiting already");
        if (hindrance_ == hindrance::none)
            step_.explain();
    }

    std::size_t room() const noexcept override { return step_.room(pump().state); }

    void take_turn() noexcept override
    {
        pump().look_for_cut();
        pump().reader_ = this;
        go_on();
    }

    void go_on() noexcept override
    {
        try {
            while (!this->ready() && !step_(pump().state))
                if (!pump().receive(*this))
                    return;
            this->complete();
        } catch (...) { // nobody is there to be thrown at
            end_as(hindrance::no_memory);
        }
    }

protected:
    void start()
    {
        if (pump().gone_)
            this->abort();
        else if (!pump().reader_)
            take_turn();
        else if (pump().reader_->ready() && !pump().next_)
            pump().wait_for_turn(*this);
        else
            end_as(hindrance::not_alone);
    }

    error_code why() const noexcept
    {
        if (this->error())
            return this->error();
        if (hindrance_ == hindrance::none)
            return step_.error();
        return hindrance_ == hindrance::not_alone ? error_code(asio::error::already_started)
                                                  : error_code(asio::error::no_memory);
    }

private:
    enum class hindrance : unsigned char { none, not_alone, no_memory }; // before the step's end

    read_pump& pump() const noexcept { return *this->pump_; }

    void end_as(hindrance why) noexcept
    {
        hindrance_ = why;
        this->complete();
    }

    Step step_;
    hindrance hindrance_ = hindrance::none;
};

} // namespace rill::RILL_FORM::net_detail
