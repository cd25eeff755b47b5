// SPDX-License-Identifier: BSL-1.0
#include "config.hpp"

#include <rill/listen_address.hpp>

#include <stdexcept>

namespace echo {

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
    using namespace std::chrono_literals;
    s.about("Where the service listens and whom it serves.");
    s.key(
         &server::listen,
         "Address and port, or unix:/path. Port 0 takes any free one. Change it to *:7007 for "
         "clients on other machines."
    )
        .must(
            "be an address such as \"127.0.0.1:7007\", \"[::1]:7007\" or \"unix:/path\"",
            &is_listen_address
        );
    s.key(
         &server::max_connections,
         "Clients served at once by each worker; more wait to be accepted."
    )
        .range(1, 1'000'000)
        .unit("connections");
    s.key(&server::idle_timeout, "Silence after which a client is disconnected; 0 means never.")
        .range(0ms, 24h);
    s.key(
         &server::write_stall,
         "A client that reads nothing of what waits for it for so long is cut."
    )
        .range(10ms, 1h);
    s.key(
        &server::mode,
        "raw sends back every byte as it comes; line sends back whole lines, of at most 64 KiB."
    );
}

void describe(rill::schema<config>& s)
{
    s.about("Echo service: sends back over TCP what it receives.");
}

} // namespace echo
