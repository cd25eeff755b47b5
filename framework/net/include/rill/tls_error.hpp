// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/needs_net.hpp>
#include <rill/error.hpp>

#include <string>

namespace rill {

/// What TLS fails with: `if (ec == rill::tls_errc::truncated)`.
enum class tls_errc {
    certificate_refused = 1, // the peer's certificate did not pass a check
    refused_by_peer,         // the peer has sent an alert
    not_tls,                 // what came is something else, plain HTTP for example
    no_agreement,            // the two sides have no version, cipher or protocol in common
    broken,                  // a record that was damaged, or against the protocol
    truncated,               // the connection ended without the peer's close_notify
    unusable_settings, // of a tls_context: a file that cannot be read, a key that does not fit
};

const boost::system::error_category& tls_category() noexcept;
error_code make_error_code(tls_errc e) noexcept;

/// A handshake that failed, or settings that cannot be used. what() says which check failed, for
/// which name and with which certificate. Its code is one of tls_errc, or of the connection below:
/// connection_reset if it was lost in the handshake, connection_aborted if that took too long.
class tls_error : public detail::worded_error {
public:
    using worded_error::worded_error;
};

} // namespace rill

template <>
struct boost::system::is_error_code_enum<rill::tls_errc> : std::true_type {};
