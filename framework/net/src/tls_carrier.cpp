// SPDX-License-Identifier: BSL-1.0
#include "tls_carrier.hpp"

#include "tls_socket.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace rill::RILL_FORM::net_detail {

tls_carrier::tls_carrier(stream_socket below, std::string_view early, tls_socket& above)
    : core_(&loop_core::of(below.get_executor()))
    , above_(&above)
    , below_(std::move(below))
    , came_(buffer_pool::of(below_->get_executor()))
{
    came_.append(early);
}

void tls_carrier::let_go() noexcept
{
    above_ = nullptr;
    below_.reset(); // what is on its way ends with operation_aborted
}

std::size_t tls_carrier::read_records(std::span<char> room, error_code& ec) noexcept
{
    ec = {};
    if (came_.size() > 0) {
        const std::size_t n = std::min(room.size(), came_.size());
        std::memcpy(room.data(), came_.view().data(), n);
        came_.consume(n);
        return n;
    }
    if (end_) {
        ec = end_for_engine();
        return 0;
    }
    // A peer that sends without end must not keep others from their turn.
    if (!may_try_to_read() || ++without_wait_ % 16 == 0) {
        ec = asio::error::would_block;
        return 0;
    }
    const std::size_t n = below_->try_read(room, ec);
    more_is_there_ = n == room.size();
    if (ec && ec != asio::error::would_block) {
        note_end(ec);
        ec = end_for_engine();
    }
    return n;
}

/// A reset is told once: where that was to who waits for a failure, a read sees a mere end.
void tls_carrier::note_end(error_code ec) noexcept
{
    end_ = failed_ && ec == asio::error::eof ? asio::error::connection_reset : ec;
}

error_code tls_carrier::end_for_engine() const noexcept
{
    return hides_end_ && end_ == asio::error::eof ? error_code(asio::error::would_block) : end_;
}

bool tls_carrier::write_records(std::span<const char> data, error_code& ec) noexcept
{
    ec = {};
    if (unsent_.size() > most_unsent) {
        ec = asio::error::would_block;
        return false;
    }
    std::size_t n = 0;
    if (!writing_) {
        const asio::const_buffer all(data.data(), data.size());
        n = below_->try_write(std::span(&all, 1), ec);
        if (ec && ec != asio::error::would_block)
            return false;
        ec = {};
    }
    if (n == data.size())
        return true;
    if (send_later(data.subspan(n)))
        return true;
    ec = asio::error::no_memory; // a part of a record is gone: nothing can follow it
    return false;
}

bool tls_carrier::send_later(std::span<const char> data) noexcept
{
    try {
        unsent_.append(data.data(), data.size());
    } catch (const std::bad_alloc&) {
        return false;
    }
    return writing_ || send_on();
}

bool tls_carrier::send_on() noexcept
{
    if (sent_ == sending_.size()) {
        sending_.clear();
        sending_.swap(unsent_);
        sent_ = 0;
    }
    try {
        below_->async_write_some(
            asio::const_buffer(sending_.data() + sent_, sending_.size() - sent_),
            flight<tls_carrier, &tls_carrier::bytes_left>(*this)
        );
        writing_ = true;
    } catch (const std::bad_alloc&) {
        end_ = asio::error::no_memory;
    }
    return writing_;
}

void tls_carrier::bytes_left(error_code ec, std::size_t n)
{
    writing_ = false;
    if (!above_)
        return;
    sent_ += n;
    if (ec) {
        end_ = ec;
    } else if (sent_ < sending_.size() || !unsent_.empty()) {
        send_on();
    } else {
        std::string().swap(sending_);
        sent_ = 0;
    }
    above_->look_again();
}

void tls_carrier::expect_bytes() noexcept
{
    if (reading_ || end_)
        return;
    // A landing goes on above, where somebody may have just begun to wait: not within that.
    using landing = posted_flight<stream_socket, tls_carrier, &tls_carrier::bytes_came>;
    try {
        read_.run(*this, [this](const auto& to) {
            below_->async_read_some(to, landing(*this, cancel_read_));
            reading_ = true;
        });
    } catch (const std::bad_alloc&) {
        nothing_came();
        end_ = asio::error::no_memory;
    }
}

std::span<char> tls_carrier::space(std::size_t wanted, memory from)
{
    const std::span<char> room = came_.lend(wanted, from);
    offered_ = room.size();
    return room;
}

void tls_carrier::nothing_came() noexcept
{
    came_.take_back();
    came_.park();
}

void tls_carrier::expect_no_bytes() noexcept
{
    if (reading_)
        cancel_read_.emit(asio::cancellation_type::all);
}

void tls_carrier::bytes_came(error_code ec, std::size_t n)
{
    reading_ = false;
    read_.landed(ec, n);
    came_.commit(n);
    if (!above_)
        return;
    more_is_there_ = n == offered_;
    if (ec && (ec != condition::cancelled || !below_->is_open()))
        note_end(ec);
    above_->look_again();
}

void tls_carrier::expect_failure() noexcept
{
    if (watching_ || failed_)
        return;
    try {
        below_->async_wait(
            stream_socket::wait_error, flight<tls_carrier, &tls_carrier::failure_came>(*this)
        );
        watching_ = true;
    } catch (const std::bad_alloc&) { // it is found out by the next read or write
    }
}

void tls_carrier::failure_came(error_code ec)
{
    watching_ = false;
    if (!above_)
        return;
    failed_ = !ec;
    above_->look_again();
}

} // namespace rill::RILL_FORM::net_detail
