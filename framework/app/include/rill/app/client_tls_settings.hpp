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

/// Whether and how a service speaks TLS to whom it connects to: a section of its conf file,
/// [upstream.tls] say. (Towards those who connect to it that is tls_settings.)
struct client_tls_settings {
    bool enabled = false;
    std::string ca;          ///< Empty: the system's trust store.
    std::string server_name; ///< Empty: the host that is connected to.
    bool verify = true;
    std::string certificate; ///< Empty: none is shown.
    std::string key;
    std::string min_version = "1.2";
};
BOOST_DESCRIBE_STRUCT(
    client_tls_settings, (), (enabled, ca, server_name, verify, certificate, key, min_version)
)

void describe(schema<client_tls_settings>& s);

/// What connections are made with; empty in the clear. tls_error, naming the file, if one of them
/// cannot be used.
std::optional<tls_context> make_context(const client_tls_settings& settings);

} // namespace rill::app

extern template const rill::described::table&
rill::described::table_of<rill::app::client_tls_settings>();
