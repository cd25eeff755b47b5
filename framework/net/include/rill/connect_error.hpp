// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/needs_net.hpp>
#include <rill/endpoint.hpp>
#include <rill/error.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rill {

/// What a connect goes through, in this order.
enum class connect_phase : std::uint8_t {
    look_up,   // of the host's name, or the proxy's
    connect,   // to one of its addresses
    proxy,     // which is asked to connect to the host
    handshake, // of TLS
};

/// An address that was tried.
struct connect_attempt {
    endpoint to;
    std::optional<endpoint> from; ///< The local address that was asked for.
    error_code error;             ///< timed_out also where no answer had come when all was over.
    duration took{};
};

/// Why no connection came about. Its text names the target, the phase that it failed in, how long the
/// phases before took, and each address with its error:
///
///     connect to api.example.com:443: timed out after 5s while connecting
///     ([2001:db8::1]:443: no answer in 5s; 192.0.2.7:443: Connection refused after 12ms)
///
/// Its code is timed_out where time was up; that of the phase that failed otherwise, and where several
/// addresses failed, of the first.
class connect_error : public detail::worded_error {
public:
    connect_error(
        error_code ec, std::string what, connect_phase phase, std::vector<connect_attempt> attempts
    );

    /// Where it failed: the phase that was slow, if time was up.
    connect_phase phase() const noexcept;

    /// In the order of their beginnings.
    const std::vector<connect_attempt>& attempts() const noexcept;

private:
    connect_phase phase_;
    std::shared_ptr<const std::vector<connect_attempt>> attempts_; // copies must not throw
};

} // namespace rill
