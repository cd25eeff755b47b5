// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/needs_net.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <vector>

struct ssl_ctx_st;

namespace rill::RILL_FORM::net_detail {

class tls_configuration;

} // namespace rill::RILL_FORM::net_detail

namespace rill {

enum class tls_version { v1_2, v1_3 };

/// What TLS connections are made with: a certificate, whom to trust, versions and protocols. Mirrors
/// ssl.SSLContext.
///
/// A handle: copies are the same context, which many connections share, on several loops too. A
/// server's is made of a certificate, a client's trusts the system's store; both speak TLS 1.2 and
/// 1.3, verify what the peer shows, and resume sessions:
///
///     const auto tls = rill::tls_context::server("cert.pem", "key.pem").alpn("http/1.1");
///     const auto own = rill::tls_context::client().trust("ca.pem");
///
/// Settings are made before the context is used. Each reads its files at once: tls_error with
/// tls_errc::unusable_settings, naming the file and what is wrong with it.
/// Thread safety: reload() and connections may be on any thread; settings are made on one.
class tls_context {
public:
    /// For connecting: the system's trust store, and the peer's name is checked.
    static tls_context client();

    /// For accepting: PEM files with the certificate, followed by those that vouch for it, and its
    /// private key.
    static tls_context server(const std::string& certificate, const std::string& key);

    /// A context that a program has already, an asio::ssl::context's native_handle() say. It is
    /// taken as it is, verification included, and kept; settings that need a file or a rebuild are
    /// a std::logic_error, and so is reload().
    static tls_context client(ssl_ctx_st* existing);
    static tls_context server(ssl_ctx_st* existing);

    /// Of a client: what it shows to a server that asks for a certificate.
    tls_context& certificate(const std::string& file, const std::string& key);

    /// Of a client: whom it trusts instead of the system's store. PEM.
    tls_context& trust(const std::string& file);

    /// Of a client: the peer's certificate is not verified. Whoever is on the way can read and change
    /// everything then: for tests.
    tls_context& unverified();

    /// Of a server: each client has to show a certificate that one of these vouches for. PEM.
    tls_context& client_ca(const std::string& file);

    /// Of a server: clients that ask for `name` (RFC 6066 section 3) get the certificate of `other`,
    /// and its protocols. "*.example.com" is every name with one label in place of the star. Who
    /// asks for none of them gets the certificate of this context.
    tls_context& for_name(const std::string& name, const tls_context& other);

    /// The protocols offered or accepted (RFC 7301), the preferred ones first: `alpn("h2",
    /// "http/1.1")`. A server refuses clients whose offer has none of them; those that offer nothing
    /// are served.
    template <std::convertible_to<std::string>... Names>
    tls_context& alpn(const Names&... names)
    {
        return set_alpn({std::string(names)...});
    }

    tls_context& min_version(tls_version v);

    /// Whether sessions are resumed, which spares both sides most of a handshake. On by default.
    tls_context& resumption(bool on);

    /// Takes the end of the connection below for the end of the stream, also without the peer's
    /// close_notify. Otherwise that is tls_errc::truncated, since anybody on the way can cut a
    /// connection. For protocols that say themselves how long a message is.
    tls_context& tolerate_truncation();

    /// A handshake that takes longer fails; 10 s by default. std::invalid_argument unless it is more
    /// than zero.
    tls_context& handshake_timeout(duration d);

    /// How long a close waits for the peer's close_notify before it cuts the connection; 30 s by
    /// default. std::invalid_argument unless it is more than zero.
    tls_context& shutdown_timeout(duration d);

    /// Reads all files again, those of for_name's contexts too. Connections that exist stay as they
    /// are, and sessions can still be resumed; later ones get what is new. On an error nothing
    /// changes.
    void reload();

    bool is_server() const noexcept;

    /// What connections take from it.
    std::shared_ptr<const net_detail::tls_configuration> configuration() const;

private:
    class impl;

    explicit tls_context(std::shared_ptr<impl> i) noexcept;

    tls_context& set_alpn(const std::vector<std::string>& names);

    std::shared_ptr<impl> impl_; // never null
};

} // namespace rill
