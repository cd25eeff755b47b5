// SPDX-License-Identifier: BSL-1.0
#include "tls_versions.hpp"

#include <rill/app/client_tls_settings.hpp>
#include <rill/schema.hpp>
#include <rill/tls_context.hpp>

namespace rill::app {

void describe(schema<client_tls_settings>& s)
{
    using settings = client_tls_settings;
    s.about("TLS towards the servers.");
    s.key(&settings::enabled, "Whether connections are made with TLS.");
    s.key(
        &settings::ca,
        "PEM file with the authorities that vouch for the servers' certificates. Empty means those "
        "that the system trusts."
    );
    s.key(
        &settings::server_name,
        "Whose certificate a server has to show. Empty means the host that is connected to; a unix "
        "socket has none."
    );
    s.key(
        &settings::verify,
        "Whether certificates are verified. Without, whoever is on the way can read and change "
        "everything."
    );
    s.key(
        &settings::certificate,
        "PEM file with the certificate that is shown to servers that ask for one. Empty means none."
    );
    s.key(&settings::key, "PEM file with the certificate's private key.");
    s.key(&settings::min_version, "The oldest version of TLS that is spoken.")
        .must(detail::a_tls_version, &detail::is_tls_version);
    s.rule(
        &settings::key,
        "be given with a certificate, and only then",
        [](const settings& t) { return t.key.empty() == t.certificate.empty(); },
        &settings::certificate
    );
    s.rule(
        &settings::ca,
        "not be given where verify is false",
        [](const settings& t) { return t.verify || t.ca.empty(); },
        &settings::verify
    );
}

std::optional<tls_context> make_context(const client_tls_settings& settings)
{
    if (!settings.enabled)
        return std::nullopt;
    tls_context context = tls_context::client();
    if (!settings.ca.empty())
        context.trust(settings.ca);
    if (!settings.verify)
        context.unverified();
    if (!settings.certificate.empty())
        context.certificate(settings.certificate, settings.key);
    context.min_version(detail::tls_version_of(settings.min_version));
    return context;
}

} // namespace rill::app

template const rill::described::table& rill::described::table_of<rill::app::client_tls_settings>();
