// SPDX-License-Identifier: BSL-1.0
#include "server_facts.hpp"

#include <algorithm>
#include <chrono>

namespace rill::http::detail {

namespace {

/// A fraction of the shortest deadline; for the defaults four times a second.
duration tick_of(const limits& l)
{
    duration shortest = std::chrono::seconds(2);
    for (const duration d :
         {duration(l.first_byte),
          duration(l.header),
          duration(l.keep_alive_idle),
          duration(l.body_gap),
          duration(l.request),
          duration(l.write_stall),
          duration(l.unread_wait)})
        if (d > duration::zero())
            shortest = std::min(shortest, d);
    return std::max<duration>(shortest / 8, std::chrono::milliseconds(5));
}

std::time_t system_time()
{
    return std::time(nullptr);
}

} // namespace

server_facts::server_facts(const limits& l)
    : limit(l)
    , clock(tick_of(l))
    , wall_time(&system_time)
{}

time_point server_facts::end_of_age() noexcept
{
    const duration age = limit.connection_age;
    if (age <= duration::zero())
        return never;
    // Multiples of the golden ratio, modulo 1, lie evenly spread in every order.
    const auto fraction = static_cast<double>(ages_++ * 0x9e3779b97f4a7c15u >> 32) / 4294967296.0;
    const auto part = std::chrono::duration<double>(age) * (0.9 + 0.2 * fraction);
    return rill::detail::deadline_after(clock.now(), std::chrono::duration_cast<duration>(part));
}

} // namespace rill::http::detail
