// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "coarse_clock.hpp"

#include <rill/clock.hpp>
#include <rill/extend.hpp>
#include <rill/http/settings.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace rill::http::detail {

/// Until when a connection may go on with what it does, and since when it does it.
///
/// The limits of time, as data: nothing waits here. Whoever drives the connection looks at the
/// clock now and then, asks whether what goes on is overdue, and ends the wait that it is in.
class deadlines {
public:
    /// The connection has been accepted, and its first byte is due.
    deadlines(const settings& s, const coarse_clock& clock) noexcept
        : limits_(s)
        , clock_(clock)
    {
        begin(s.first_byte_timeout);
    }

    /// The first byte of the next request is due.
    void request_due() noexcept { begin(limits_.keep_alive_idle); }

    /// The first byte of a head is there, and its last one is due.
    void head_begun() noexcept { begin(limits_.header_timeout); }

    /// A head is whole: from here on the request's own time counts.
    void request_begun() noexcept { latest_ = in(limits_.request_timeout); }

    /// Content begins, and its first piece is due.
    void content_begun() noexcept
    {
        since_ = clock_.now();
        content_due();
    }

    /// The next piece of the content is due, and within the request's time.
    void content_due() noexcept { at_ = std::min(in(limits_.body_gap), latest_); }

    /// The handler's answer is due within the request's time.
    void answer_due() noexcept { at_ = latest_; }

    /// The peer is to take some of what is written.
    void write_due() noexcept { at_ = in(limits_.write_stall); }

    /// The peer is to see the last response, and to close.
    void linger_begun() noexcept
    {
        latest_ = in(limits_.unread_timeout);
        linger_due();
    }

    /// It goes on sending, and the next piece is due.
    void linger_due() noexcept { at_ = std::min(in(limits_.unread_gap), latest_); }

    void nothing_due() noexcept { at_ = never; }

    void no_later_than(time_point when) noexcept { at_ = std::min(at_, when); }

    time_point at() const noexcept { return at_; }

    /// When the wait for a request, the head or the content began.
    time_point since() const noexcept { return since_; }

    /// Says once that at() has passed; it is `never` then, until something else begins.
    bool overdue(time_point now) noexcept
    {
        if (now < at_)
            return false;
        at_ = never;
        return true;
    }

    /// Whether content of which `bytes` have come since it began comes too slowly.
    bool too_slow(std::uint64_t bytes) const noexcept;

private:
    time_point in(std::chrono::milliseconds limit) const noexcept
    {
        return clock_.in(extend::saturated(limit));
    }

    void begin(std::chrono::milliseconds limit) noexcept
    {
        since_ = clock_.now();
        at_ = in(limit);
    }

    const settings& limits_;
    const coarse_clock& clock_;
    time_point at_ = never;
    time_point since_{};
    time_point latest_ = never; // what pieces of a request, or of the lingering, are due by
};

} // namespace rill::http::detail
