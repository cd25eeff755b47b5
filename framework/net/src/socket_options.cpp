// SPDX-License-Identifier: BSL-1.0
#include <rill/socket_options.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace rill {

namespace {

constexpr std::chrono::seconds longest_silence{32'767}; // Linux: MAX_TCP_KEEPIDLE
constexpr int most_probes = 127;                        // Linux: MAX_TCP_KEEPCNT

std::chrono::seconds whole_seconds(duration d, const char* what)
{
    if (d <= duration::zero() || d > longest_silence)
        throw std::invalid_argument(
            "rill::socket_options::keepalive: " + std::string(what) + " must be from 1 s to 32767 s"
        );
    return std::chrono::ceil<std::chrono::seconds>(d);
}

} // namespace

socket_options& socket_options::keepalive(duration idle, duration interval, int probes)
{
    if (probes < 1 || probes > most_probes)
        throw std::invalid_argument(
            "rill::socket_options::keepalive: it takes from 1 to 127 probes, not " +
            std::to_string(probes)
        );
    kept_alive = {whole_seconds(idle, "idle"), whole_seconds(interval, "interval"), probes};
    return *this;
}

socket_options& socket_options::user_timeout(duration d)
{
    if (d <= duration::zero())
        throw std::invalid_argument("rill::socket_options::user_timeout: it must be more than 0");
    constexpr std::chrono::milliseconds most{std::numeric_limits<int>::max()};
    unacknowledged = d > most ? most : std::chrono::ceil<std::chrono::milliseconds>(d);
    return *this;
}

} // namespace rill
