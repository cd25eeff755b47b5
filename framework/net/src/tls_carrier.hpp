// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "tls_engine.hpp"

#include <rill/detail/byte_buffer.hpp>
#include <rill/detail/flight.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/detail/read_place.hpp>
#include <rill/detail/stream_read.hpp>
#include <rill/stream_socket.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rill::RILL_FORM::net_detail {

class tls_socket;

/// What carries the records of a TLS socket: the socket below, what has come from it for the engine,
/// and what it has not taken yet. It is counted, since a read or a write may be on its way when the
/// TLS socket is gone.
class tls_carrier final
    : public boost::intrusive_ref_counter<tls_carrier, boost::thread_unsafe_counter>,
      public tls_wire,
      private read_place {
public:
    tls_carrier(stream_socket below, std::string_view early, tls_socket& above);

    /// The TLS socket is gone, and the one below goes with it.
    void let_go() noexcept;

    loop_core* core() const noexcept { return core_; }

    stream_read<stream_socket>& read() noexcept { return read_; }

    stream_socket& below() noexcept { return *below_; }

    const stream_socket& below() const noexcept { return *below_; }

    /// Whether everything has been given to the socket below.
    bool all_sent() const noexcept { return !writing_; }

    /// Tells the TLS socket when bytes have come, or the end.
    void expect_bytes() noexcept;

    /// Nobody waits for them any more: what was begun for that below ends.
    void expect_no_bytes() noexcept;

    bool ended() const noexcept { return end_.failed(); }

    /// The end that comes is this side's own: no word of it to the engine, which could not write
    /// any more.
    void hide_end() noexcept { hides_end_ = true; }

    /// Tells it when the connection has failed.
    void expect_failure() noexcept;

    bool failed() const noexcept { return failed_; }

    std::size_t read_records(std::span<char> room, error_code& ec) noexcept override;
    bool write_records(std::span<const char> data, error_code& ec) noexcept override;

    bool has_records() const noexcept override
    {
        return !came_.empty() || end_ || may_try_to_read();
    }

private:
    template <class Owner, auto Landed>
    friend class flight;

    std::span<char> space(std::size_t wanted, memory from) override;
    void nothing_came() noexcept override;
    void bytes_came(error_code ec, std::size_t n);
    void bytes_left(error_code ec, std::size_t n);
    void failure_came(error_code ec);

    /// What the socket below has not taken. False where memory is short.
    bool send_later(std::span<const char> data) noexcept;
    bool send_on() noexcept;

    void note_end(error_code ec) noexcept;
    error_code end_for_engine() const noexcept;

    bool may_try_to_read() const noexcept
    {
        return !reading_ && more_is_there_ && unsent_.size() <= most_unsent;
    }

    // A peer who has much written to him and reads nothing, by asking for new keys say, is not read
    // either beyond this.
    static constexpr std::size_t most_unsent = 64 * 1024;

    loop_core* core_;
    tls_socket* above_; // null once that is gone
    std::optional<stream_socket> below_;
    byte_buffer came_;
    std::string sending_; // given to the socket below, which has taken the first sent_ bytes
    std::size_t sent_ = 0;
    std::string unsent_; // what is to follow it
    error_code end_;     // what the socket below has failed or ended with
    stream_read<stream_socket> read_;
    std::size_t offered_ = 0;   // the room for the read
    unsigned without_wait_ = 0; // reads that found bytes at once
    bool more_is_there_ = true; // as far as is known
    bool reading_ = false;      // an operation is on its way below; so for the others
    bool writing_ = false;
    bool watching_ = false;
    bool failed_ = false;
    bool hides_end_ = false;
    asio::cancellation_signal cancel_read_;
};

} // namespace rill::RILL_FORM::net_detail
