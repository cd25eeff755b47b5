// SPDX-License-Identifier: BSL-1.0
#include "tls_certificate.hpp"

#include <rill/detail/net_detail.hpp>
#include <rill/tls_info.hpp>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace rill {

std::string_view tls_info::version() const noexcept
{
    return SSL_get_version(connection_);
}

std::string_view tls_info::cipher() const noexcept
{
    const char* name = SSL_get_cipher_name(connection_);
    return name ? name : "";
}

std::string_view tls_info::alpn() const noexcept
{
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(connection_, &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

std::string_view tls_info::server_name() const noexcept
{
    const char* name = SSL_get_servername(connection_, TLSEXT_NAMETYPE_host_name);
    return name ? name : "";
}

bool tls_info::resumed() const noexcept
{
    return SSL_session_reused(connection_) == 1;
}

bool tls_info::verified() const noexcept
{
    return SSL_get0_peer_certificate(connection_) &&
           SSL_get_verify_mode(connection_) != SSL_VERIFY_NONE &&
           SSL_get_verify_result(connection_) == X509_V_OK;
}

std::string tls_info::peer_subject() const
{
    const X509* certificate = SSL_get0_peer_certificate(connection_);
    return certificate ? net_detail::subject_of(*certificate) : std::string();
}

std::vector<tls_certificate> tls_info::peer_certificates() const
{
    std::vector<tls_certificate> all;
    const X509* own = SSL_get0_peer_certificate(connection_);
    if (!own)
        return all;
    all.push_back(net_detail::describe(*own));
    // On the client's side the chain begins with the peer's own, on the server's it does not.
    STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(connection_);
    for (int i = SSL_is_server(connection_) ? 0 : 1; chain && i < sk_X509_num(chain); ++i)
        all.push_back(net_detail::describe(*sk_X509_value(chain, i)));
    return all;
}

} // namespace rill
