// SPDX-License-Identifier: BSL-1.0
#include "tls_versions.hpp"

#include <rill/app/tls_settings.hpp>
#include <rill/schema.hpp>
#include <rill/tls_context.hpp>

namespace rill::app {

void describe(schema<tls_settings>& s)
{
    s.about("TLS, for all connections of this listener, once there is a certificate.");
    s.key(
        &tls_settings::certificate,
        "PEM file with the certificate, followed by those that vouch for it; it is read again on "
        "SIGHUP. Empty means no TLS."
    );
    s.key(&tls_settings::key, "PEM file with the certificate's private key.");
    s.key(
        &tls_settings::client_ca,
        "PEM file with the authorities of clients' certificates: each client has to show one that "
        "they vouch for. Empty means that clients need none."
    );
    s.key(&tls_settings::min_version, "The oldest version of TLS that is spoken.")
        .must(detail::a_tls_version, &detail::is_tls_version);
    s.rule(
        &tls_settings::key,
        "be given with a certificate, and only then",
        [](const tls_settings& t) { return t.key.empty() == t.certificate.empty(); },
        &tls_settings::certificate
    );
    s.rule(
        &tls_settings::client_ca,
        "be given with a certificate only",
        [](const tls_settings& t) { return t.client_ca.empty() || !t.certificate.empty(); },
        &tls_settings::certificate
    );
}

std::optional<tls_context> make_context(const tls_settings& settings)
{
    if (settings.certificate.empty())
        return std::nullopt;
    tls_context context = tls_context::server(settings.certificate, settings.key);
    if (!settings.client_ca.empty())
        context.client_ca(settings.client_ca);
    context.min_version(detail::tls_version_of(settings.min_version));
    return context;
}

} // namespace rill::app

template const rill::described::table& rill::described::table_of<rill::app::tls_settings>();
