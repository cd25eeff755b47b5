// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/flight.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/detail/read_place.hpp>
#include <rill/detail/stream_read.hpp>
#include <rill/stream_socket.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstddef>
#include <source_location>
#include <string>
#include <utility>

namespace rill::RILL_FORM::net_detail {

/// Reads from a socket, one read at a time, for somebody with a place of his own. It is counted,
/// since the handler may outlive who waits.
class socket_read : public boost::intrusive_ref_counter<socket_read, boost::thread_unsafe_counter> {
public:
    struct result {
        error_code ec; // operation_aborted if the wait was told to end
        std::size_t n;
    };

    class wait;

    explicit socket_read(stream_socket& socket)
        : core_(&loop_core::of(socket.get_executor()))
        , socket_(&socket)
    {}

    loop_core* core() const noexcept { return core_; }

    stream_read<stream_socket>& read() noexcept { return read_; }

private:
    template <class Owner, auto Landed>
    friend class flight;

    void landed(error_code ec, std::size_t n);
    void never_landed() noexcept { read_.give_up(); }

    loop_core* core_;
    stream_socket* socket_; // lives as long as anybody waits
    wait* waiting_ = nullptr;
    stream_read<stream_socket> read_;
    asio::cancellation_signal cancel_;
};

/// `co_await request_wait<socket_read::wait>(read, place)` gives a result, as soon as any bytes have
/// come to `place`, which is asked for room then, and may hold none before.
class socket_read::wait : public operation {
public:
    wait(boost::intrusive_ptr<socket_read> read, read_place& place) noexcept
        : operation(read->core_)
        , read_(std::move(read))
        , place_(place)
    {}

    wait(wait&&) noexcept = default;

    result take() const noexcept { return result_; }

protected:
    ~wait()
    {
        if (!read_ || read_->waiting_ != this)
            return;
        read_->waiting_ = nullptr;
        read_->read_.give_up();
    }

    void start()
    {
        core_->make_pending(*this);
        read_->waiting_ = this;
        read_->read_.run(place_, [&read = *read_](const auto& buffers) {
            using to_be_read = read_flight<stream_socket, socket_read, &socket_read::landed>;
            read.socket_->async_read_some(buffers, to_be_read(read, read.cancel_));
        });
    }

    /// It is over when the socket has let go of the room.
    void on_cancel() { read_->cancel_.emit(asio::cancellation_type::all); }

    void describe_to(std::string& text) const { text = "bytes from a socket"; }

    error_code why() const noexcept { return {}; } // take() tells it

private:
    friend socket_read;

    boost::intrusive_ptr<socket_read> read_; // null after a move
    read_place& place_;
    result result_{asio::error::no_memory, 0}; // unless it could begin
};

inline void socket_read::landed(error_code ec, std::size_t n)
{
    read_.landed(ec, n);
    if (wait* const w = std::exchange(waiting_, nullptr)) {
        w->result_ = {ec, n};
        w->complete();
    }
}

} // namespace rill::RILL_FORM::net_detail
