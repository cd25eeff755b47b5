// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/flight.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/detail/read_place.hpp>
#include <rill/detail/socket_receive.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/detail/buffer_sequence_adapter.hpp>
#include <boost/asio/detail/reactive_socket_recv_op.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/require.hpp>

#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM::net_detail {

/// A read from a socket that is given room when it is tried, and none while it waits: so an idle
/// connection holds no memory to read into, and whatever has come is there with one system call.
///
/// Its buffer sequence asks for the room each time that Asio looks at it, which the reactor does
/// right before it reads. A read that succeeds as it begins is over at once, and not in a later turn.
class late_read {
public:
    class buffers;
    class immediate_executor;

    /// Calls begin(buffers), which begins a read. True if it is over, and false if it has yet to
    /// land, by a prompt_flight in either case.
    template <class Begin>
    bool run(read_place& place, Begin begin);

    /// Whether the read lands within run().
    bool is_tried() const noexcept { return progress_ == progress::tried; }

    /// To be told of each landing first. What could not be read for lack of memory may be tried
    /// again, and is no error.
    void landed(error_code& ec, std::size_t) noexcept
    {
        in_a_row_ = is_tried() ? in_a_row_ + 1 : 0;
        progress_ = progress::over;
        room_ = {};
        if (std::exchange(no_memory_, false))
            ec = {};
    }

    /// It will not land, or nobody is there any more who has room.
    void give_up() noexcept
    {
        place_ = nullptr;
        progress_ = progress::over;
        room_ = {};
    }

private:
    enum class progress : unsigned char {
        tried,  // within run()
        posted, // has succeeded within run(), and lands in a later turn
        waits,
        over,
    };

    static constexpr std::size_t worth_a_call = 64 * 1024; // one read takes it if it is there

    asio::mutable_buffer room() noexcept
    {
        if (room_.empty() && place_)
            ask_for_room();
        return {room_.data(), room_.size()};
    }

    /// An empty room makes the read end at once.
    void ask_for_room() noexcept
    {
        try {
            room_ = place_->space(worth_a_call, read_place::memory::pooled);
        } catch (const std::bad_alloc&) {
            no_memory_ = true;
        }
    }

    void give_back_room() noexcept
    {
        room_ = {};
        if (place_)
            place_->nothing_came();
    }

    socket_receive receive_;
    read_place* place_ = nullptr;
    std::span<char> room_;  // empty unless it is tried
    unsigned in_a_row_ = 0; // reads that were over at once
    progress progress_ = progress::over;
    bool no_memory_ = false;
};

/// The room of a late read. It is asked for at each look.
class late_read::buffers {
public:
    using value_type = asio::mutable_buffer;
    using const_iterator = const asio::mutable_buffer*;

    explicit buffers(late_read& read) noexcept
        : read_(&read)
    {}

    const_iterator begin() const noexcept
    {
        room_ = read_->room();
        return &room_;
    }

    const_iterator end() const noexcept { return &room_ + 1; }

    /// From a socket, as socket_receive does it.
    bool receive(int socket, int flags, error_code& ec, std::size_t& n) const noexcept
    {
        if (read_->receive_(socket, read_->room(), flags, ec, n))
            return true;
        nothing_came();
        return false;
    }

    /// Before a read begins. True if it is over by that: where the reactor would wait for an event,
    /// and it is not certain that one is to come.
    bool look(int socket, connection_signs& signs, error_code& ec, std::size_t& n) const noexcept
    {
        read_->receive_.watch(signs);
        return read_->receive_.may_err() && receive(socket, MSG_DONTWAIT, ec, n);
    }

    /// The last look at the room was in vain.
    void nothing_came() const noexcept { read_->give_back_room(); }

    bool left_nothing() const noexcept { return read_->receive_.left_nothing(); }

private:
    late_read* read_; // the flight keeps it
    mutable asio::mutable_buffer room_;
};

template <class Begin>
bool late_read::run(read_place& place, Begin begin)
{
    place_ = &place;
    if (!receive_.left_nothing()) // else it is not tried at once, as a rule
        room_ = place.space(worth_a_call, read_place::memory::pooled);
    progress_ = progress::tried;
    begin(buffers(*this));
    if (progress_ == progress::over)
        return true;
    if (progress_ == progress::tried) {
        progress_ = progress::waits;
        give_back_room();
    }
    return false;
}

/// Where a read that has succeeded as it began lands: there, but each `most`-th one in a row in a
/// later turn.
class late_read::immediate_executor {
public:
    immediate_executor(late_read& read, loop_core::executor_type loop, unsigned most) noexcept
        : read_(&read)
        , loop_(loop)
        , most_(most)
    {}

    asio::execution_context& query(asio::execution::context_t) const noexcept
    {
        return loop_.context();
    }

    template <class F>
    void execute(F&& f) const
    {
        if (read_->in_a_row_ % most_ == most_ - 1) {
            read_->progress_ = progress::posted;
            asio::require(loop_, asio::execution::blocking.never).execute(std::forward<F>(f));
        } else {
            std::decay_t<F> landing(std::forward<F>(f));
            std::move(landing)();
        }
    }

    friend bool operator==(const immediate_executor&, const immediate_executor&) = default;

private:
    late_read* read_;
    loop_core::executor_type loop_;
    unsigned most_;
};

/// The flight of a late read, which its owner calls read(). So many may land at once; a peer that
/// sends without end must not keep others from their turn.
template <class Owner, auto Landed, unsigned Most = 16>
class prompt_flight : public flight<Owner, Landed> {
public:
    using immediate_executor_type = late_read::immediate_executor;

    using flight<Owner, Landed>::flight;

    immediate_executor_type get_immediate_executor() const noexcept
    {
        return {this->owner().read(), this->owner().core()->executor(), Most};
    }

    void operator()(error_code ec, std::size_t n)
    {
        if (this->owner().read().is_tried())
            this->land_now(ec, n); // that of the coroutine which reads
        else
            flight<Owner, Landed>::operator()(ec, n);
    }
};

} // namespace rill::RILL_FORM::net_detail

namespace boost::asio::detail {

/// A late read asks for its room when it is tried, not each time that somebody looks at it.
template <>
class buffer_sequence_adapter<mutable_buffer, rill::net_detail::late_read::buffers> {
public:
    static bool all_empty(const rill::net_detail::late_read::buffers&) noexcept { return false; }
};

/// As Asio's own, which tries every read that follows another, so that each message costs a system
/// call in vain: this one says when it knows that nothing is left.
template <>
class reactive_socket_recv_op_base<rill::net_detail::late_read::buffers> : public reactor_op {
    using buffers = rill::net_detail::late_read::buffers;

public:
    reactive_socket_recv_op_base(
        const boost::system::error_code& success,
        socket_type socket,
        socket_ops::state_type,
        const buffers& to,
        socket_base::message_flags flags,
        func_type complete
    )
        : reactor_op(success, &reactive_socket_recv_op_base::do_perform, complete)
        , to_(to)
        , socket_(socket)
        , flags_(flags)
    {}

    static status do_perform(reactor_op* base)
    {
        auto& self = *static_cast<reactive_socket_recv_op_base*>(base);
        if (!self.to_.receive(self.socket_, self.flags_, self.ec_, self.bytes_transferred_))
            return not_done;
        return self.to_.left_nothing() ? done_and_exhausted : done;
    }

private:
    buffers to_;
    socket_type socket_;
    socket_base::message_flags flags_;
};

} // namespace boost::asio::detail
