// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/schema_fwd.hpp>

#include <boost/describe/class.hpp>

#include <optional>
#include <string>

namespace rill {

class tls_context;

} // namespace rill

namespace rill::app {

/// Whether and how a service speaks TLS: a section of its conf file, usually [server.tls].
struct tls_settings {
    std::string certificate; ///< Empty: connections are in the clear.
    std::string key;
    std::string client_ca; ///< Empty: clients need no certificate.
    std::string min_version = "1.2";
};
BOOST_DESCRIBE_STRUCT(tls_settings, (), (certificate, key, client_ca, min_version))

void describe(schema<tls_settings>& s);

/// What connections are made with; empty in the clear. tls_error, naming the file, if one of them
/// cannot be used.
std::optional<tls_context> make_context(const tls_settings& settings);

} // namespace rill::app

extern template const rill::described::table& rill::described::table_of<rill::app::tls_settings>();
