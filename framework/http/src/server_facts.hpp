// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "coarse_clock.hpp"
#include "serialize.hpp"

#include <rill/clock.hpp>
#include <rill/http/settings.hpp>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string_view>

namespace rill::http::detail {

/// What the exchanges of a server have in common: its limits, the time, whether it drains, and
/// what was counted.
class server_facts {
public:
    /// The clock ticks a few times in the shortest of the limits of time.
    explicit server_facts(const settings& s);

    /// The Date of a response that is written now, to the tick, as a field line. Valid until the
    /// next call.
    std::string_view date_line() { return date_.line(wall_time); }

    /// When a connection that begins now is old enough to be closed; spread over a fifth of the
    /// age, so that connections of one moment do not end in one moment.
    time_point end_of_age() noexcept;

    /// Whether a connection is to end for somebody who waits: asked where nothing else ends it, and
    /// as often true as places are wanted.
    bool give_place() noexcept;

    const settings limit;
    coarse_clock clock;
    std::size_t places_wanted = 0;
    std::size_t lingering = 0;  // connections that are read for nobody
    bool stopping = false;      // each connection ends with the response that it is at
    std::uint64_t requests = 0; // answered by the handler
    std::uint64_t refused = 0;  // answered without it
    std::time_t wall_time = 0;  // moves with the clock

private:
    date_cache date_;
    std::uint64_t ages_ = 0;
};

} // namespace rill::http::detail
