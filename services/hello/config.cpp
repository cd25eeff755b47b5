// SPDX-License-Identifier: BSL-1.0
#include "config.hpp"

#include <rill/listen_address.hpp>

#include <stdexcept>

namespace hello {

namespace {

bool is_listen_address(const std::string& text)
{
    try {
        rill::listen_address::parse(text);
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

} // namespace

void describe(rill::schema<server>& s)
{
    s.about("Where the service listens and whom it serves.");
    s.key(
         &server::listen,
         "Address and port, or unix:/path. Port 0 takes any free one. Change it to *:8080 for "
         "clients on other machines."
    )
        .must(
            "be an address such as \"127.0.0.1:8080\", \"[::1]:8080\" or \"unix:/path\"",
            &is_listen_address
        );
    s.key(
         &server::max_connections,
         "Clients served at once by each worker; more wait to be accepted."
    )
        .range(1, 1'000'000)
        .unit("connections");
}

void describe(rill::schema<config>& s)
{
    s.about("Hello service: an HTTP service that greets.");
}

} // namespace hello
