// SPDX-License-Identifier: BSL-1.0
#include "tls_configuration.hpp"

#include "tls_engine.hpp"

#include <rill/tls_error.hpp>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace rill::RILL_FORM::net_detail {

namespace {

[[noreturn]] void refuse(const std::string& what, const std::string& why)
{
    throw tls_error(tls_errc::unusable_settings, "rill::tls_context: " + what + ": " + why);
}

/// Why OpenSSL's last call has failed.
std::string last_reason()
{
    const unsigned long code = ERR_peek_error();
    ERR_clear_error();
    const char* reason = ERR_reason_error_string(code);
    return reason ? reason : "it cannot be used";
}

/// OpenSSL says little about a file that is not there, or is none.
void check_file(const std::string& what, const std::string& path)
{
    ERR_clear_error();
    std::ifstream file(path);
    if (!file || file.peek() == std::ifstream::traits_type::eof())
        refuse(what + " '" + path + "'", file ? "the file is empty" : std::strerror(errno));
}

void check(int result, const std::string& what, const std::string& path)
{
    if (result == 1)
        return;
    const std::string why = last_reason();
    const bool no_pem = why == "no start line" || why == "no certificate or crl found";
    refuse(what + " '" + path + "'", no_pem ? "there is nothing of that kind in it (PEM)" : why);
}

/// A key that is encrypted is refused: OpenSSL would ask for the password at the terminal.
int no_password(char*, int, int, void*)
{
    return -1;
}

std::string wire_format(const std::vector<std::string>& protocols)
{
    std::string all;
    for (const std::string& name : protocols) {
        if (name.empty() || name.size() > 255)
            throw std::invalid_argument(
                "rill::tls_context: a protocol's name has 1 to 255 bytes, not " +
                std::to_string(name.size())
            );
        all += static_cast<char>(name.size());
        all += name;
    }
    return all;
}

const unsigned char* bytes_of(const std::string& text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

/// Whether `name` is what `pattern` stands for; both as RFC 9110 compares hosts, without case.
bool matches(std::string_view pattern, std::string_view name) noexcept
{
    if (pattern.starts_with("*.")) {
        const std::size_t dot = name.find('.');
        if (dot == 0 || dot == std::string_view::npos)
            return false;
        pattern.remove_prefix(1);
        name.remove_prefix(dot);
    }
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; };
    return std::ranges::equal(pattern, name, {}, lower, lower);
}

} // namespace

tls_configuration::tls_configuration(
    const tls_settings& settings,
    std::shared_ptr<tls_sessions> sessions,
    const tls_configuration* before
)
    : settings_(settings)
    , native_(SSL_CTX_new(settings.server ? TLS_server_method() : TLS_client_method()))
    , protocols_(wire_format(settings.alpn))
    , sessions_(std::move(sessions))
{
    if (!native_)
        throw std::bad_alloc();
    set_versions();
    use_certificate();
    if (settings_.server)
        ask_for_client_certificates();
    else
        set_trust();
    set_alpn();
    set_names();
    set_resumption(before);
}

tls_configuration::tls_configuration(
    SSL_CTX& existing, const tls_settings& settings, std::shared_ptr<tls_sessions> sessions
)
    : settings_(settings)
    , sessions_(std::move(sessions))
{
    SSL_CTX_up_ref(&existing);
    native_.reset(&existing);
}

void tls_configuration::set_versions()
{
    SSL_CTX_set_min_proto_version(
        native(), settings_.min_version == tls_version::v1_3 ? TLS1_3_VERSION : TLS1_2_VERSION
    );
    SSL_CTX_set_options(
        native(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE
    );
    // The bytes of a write may lie elsewhere when it is tried again, and an idle connection is not
    // to hold two buffers of 16 KiB.
    SSL_CTX_set_mode(
        native(),
        SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
            SSL_MODE_RELEASE_BUFFERS
    );
    SSL_CTX_set_read_ahead(native(), 1);
    if (settings_.tolerate_truncation)
        SSL_CTX_set_options(native(), SSL_OP_IGNORE_UNEXPECTED_EOF);
}

void tls_configuration::use_certificate()
{
    if (settings_.certificate.empty())
        return;
    const std::string certificate = "the certificate";
    const std::string key = "the key";
    SSL_CTX_set_default_passwd_cb(native(), &no_password);
    check_file(certificate, settings_.certificate);
    check(
        SSL_CTX_use_certificate_chain_file(native(), settings_.certificate.c_str()),
        certificate,
        settings_.certificate
    );
    check_file(key, settings_.key);
    check(
        SSL_CTX_use_PrivateKey_file(native(), settings_.key.c_str(), SSL_FILETYPE_PEM),
        key,
        settings_.key
    );
    check(SSL_CTX_check_private_key(native()), key, settings_.key);
}

void tls_configuration::set_trust()
{
    if (!settings_.verify)
        return;
    SSL_CTX_set_verify(native(), SSL_VERIFY_PEER, nullptr);
    if (settings_.trust.empty()) {
        SSL_CTX_set_default_verify_paths(native());
        return;
    }
    const std::string trusted = "the trusted certificates";
    check_file(trusted, settings_.trust);
    check(SSL_CTX_load_verify_file(native(), settings_.trust.c_str()), trusted, settings_.trust);
}

void tls_configuration::ask_for_client_certificates()
{
    if (settings_.client_ca.empty())
        return;
    const std::string authorities = "the clients' authorities";
    const char* file = settings_.client_ca.c_str();
    check_file(authorities, settings_.client_ca);
    check(SSL_CTX_load_verify_file(native(), file), authorities, settings_.client_ca);
    SSL_CTX_set_client_CA_list(native(), SSL_load_client_CA_file(file));
    SSL_CTX_set_verify(native(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

void tls_configuration::set_alpn()
{
    if (protocols_.empty())
        return;
    if (settings_.server)
        SSL_CTX_set_alpn_select_cb(native(), &choose_protocol, this);
    else
        SSL_CTX_set_alpn_protos(
            native(), bytes_of(protocols_), static_cast<unsigned>(protocols_.size())
        );
}

void tls_configuration::set_names()
{
    for (const auto& [name, context] : settings_.names)
        names_.emplace_back(name, context.configuration());
    if (names_.empty())
        return;
    SSL_CTX_set_tlsext_servername_callback(native(), &choose_certificate);
    SSL_CTX_set_tlsext_servername_arg(native(), this);
}

void tls_configuration::set_resumption(const tls_configuration* before)
{
    constexpr std::string_view id = "rill";
    SSL_CTX_set_session_id_context(
        native(), reinterpret_cast<const unsigned char*>(id.data()), id.size()
    );
    if (!settings_.resume) {
        SSL_CTX_set_session_cache_mode(native(), SSL_SESS_CACHE_OFF);
        SSL_CTX_set_options(native(), SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(native(), 0);
        return;
    }
    if (!settings_.server) {
        SSL_CTX_set_session_cache_mode(
            native(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL
        );
        tls_engine::keep_sessions(native());
        return;
    }
    // What a server has to remember is in the ticket that its client keeps.
    SSL_CTX_set_session_cache_mode(native(), SSL_SESS_CACHE_OFF);
    std::array<unsigned char, 80> keys{};
    if (before && SSL_CTX_get_tlsext_ticket_keys(before->native(), keys.data(), keys.size()) == 1)
        SSL_CTX_set_tlsext_ticket_keys(native(), keys.data(), keys.size());
}

const tls_configuration* tls_configuration::for_name(std::string_view name) const noexcept
{
    for (const auto& [pattern, configuration] : names_)
        if (matches(pattern, name))
            return configuration.get();
    return nullptr;
}

int tls_configuration::choose_certificate(SSL* connection, int*, void* self) noexcept
{
    const char* name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
    if (!name)
        return SSL_TLSEXT_ERR_NOACK;
    if (const auto* other = static_cast<const tls_configuration*>(self)->for_name(name))
        SSL_set_SSL_CTX(connection, other->native());
    return SSL_TLSEXT_ERR_OK;
}

int tls_configuration::choose_protocol(
    SSL*,
    const unsigned char** chosen,
    unsigned char* size,
    const unsigned char* offer,
    unsigned offer_size,
    void* self
) noexcept
{
    const std::string& own = static_cast<const tls_configuration*>(self)->protocols_;
    unsigned char* found = nullptr;
    const int result = SSL_select_next_proto(
        &found, size, bytes_of(own), static_cast<unsigned>(own.size()), offer, offer_size
    );
    *chosen = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

} // namespace rill::RILL_FORM::net_detail
