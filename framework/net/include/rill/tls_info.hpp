// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/needs_net.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

struct ssl_st;
struct x509_st;

namespace rill {

/// A certificate, as far as people ask for it.
struct tls_certificate {
    std::string subject; // "CN=api.example.com,O=Example" (RFC 2253, the most specific part first)
    std::string issuer;
    std::vector<std::string> names; // whom it is for: DNS names and addresses
    std::chrono::system_clock::time_point valid_from;
    std::chrono::system_clock::time_point valid_until;
    std::string serial;      // hexadecimal
    std::string fingerprint; // SHA-256, hexadecimal
};

/// What a TLS handshake found. Mirrors the TLS items of asyncio's get_extra_info.
///
/// A view into the stream that gave it: valid as long as that is.
class tls_info {
public:
    explicit tls_info(ssl_st* connection) noexcept
        : connection_(connection)
    {}

    std::string_view version() const noexcept; ///< "TLSv1.3"

    std::string_view cipher() const noexcept; ///< "TLS_AES_256_GCM_SHA384"

    /// The protocol that both sides agreed on (RFC 7301); empty: none.
    std::string_view alpn() const noexcept;

    /// The name that the client asked for (RFC 6066 section 3); empty: none.
    std::string_view server_name() const noexcept;

    /// Whether an earlier session was resumed, without certificates being exchanged again.
    bool resumed() const noexcept;

    /// Whether the peer's certificate has passed all checks.
    bool verified() const noexcept;

    /// Of the peer's certificate, as tls_certificate::subject; empty if it has shown none.
    std::string peer_subject() const;

    /// The peer's certificate and those that it sent to vouch for it; empty if it has shown none.
    std::vector<tls_certificate> peer_certificates() const;

    /// OpenSSL's own, for what is not offered here. Reading and writing are the stream's.
    ssl_st* native_handle() const noexcept { return connection_; }

private:
    ssl_st* connection_;
};

} // namespace rill
