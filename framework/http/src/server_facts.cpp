// SPDX-License-Identifier: BSL-1.0
#include "server_facts.hpp"

#include <rill/extend.hpp>

#include <algorithm>
#include <chrono>

namespace rill::http::detail {

namespace {

/// A fraction of the shortest deadline; for the defaults four times a second.
duration tick_of(const settings& s)
{
    duration shortest = std::chrono::seconds(2);
    for (const duration d :
         {extend::saturated(s.first_byte_timeout),
          extend::saturated(s.header_timeout),
          extend::saturated(s.keep_alive_idle),
          extend::saturated(s.body_gap),
          extend::saturated(s.request_timeout),
          extend::saturated(s.write_stall),
          extend::saturated(s.unread_gap),
          extend::saturated(s.unread_timeout)})
        if (d > duration::zero())
            shortest = std::min(shortest, d);
    return std::max<duration>(shortest / 8, std::chrono::milliseconds(5));
}

} // namespace

server_facts::server_facts(const settings& s)
    : limit(s)
    , clock(tick_of(s))
{}

bool server_facts::give_place() noexcept
{
    if (places_wanted == 0)
        return false;
    --places_wanted;
    return true;
}

time_point server_facts::end_of_age() noexcept
{
    const duration age = extend::saturated(limit.connection_age);
    if (age > forever / 2) // and a tenth more could not be added
        return never;
    // Multiples of the golden ratio, modulo 1, lie evenly spread in every order.
    const auto fraction = static_cast<double>(ages_++ * 0x9e3779b97f4a7c15u >> 32) / 4294967296.0;
    const auto part = std::chrono::duration<double>(age) * (0.9 + 0.2 * fraction);
    return extend::deadline_after(clock.now(), std::chrono::duration_cast<duration>(part));
}

} // namespace rill::http::detail
