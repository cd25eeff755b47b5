// SPDX-License-Identifier: BSL-1.0
#include <rill/app/http_settings.hpp>
#include <rill/app/tcp_settings.hpp>
#include <rill/listen_address.hpp>
#include <rill/schema.hpp>

#include <stdexcept>

namespace rill::app {

namespace {

using namespace std::chrono_literals;

bool is_listen_address(const std::string& text)
{
    try {
        listen_address::parse(text);
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

/// The keys that everything has that listens.
template <class Settings>
void describe_listening(schema<Settings>& s)
{
    s.about("Where the service listens and whom it serves.");
    s.key(
         &Settings::listen,
         "Address and port, or unix:/path. Port 0 takes any free one. 127.0.0.1 is for clients on "
         "this machine; * in its place is for everybody."
    )
        .must(
            "be an address such as \"127.0.0.1:8080\", \"[::1]:8080\", \"*:8080\" or "
            "\"unix:/path\"",
            &is_listen_address
        );
    s.key(
         &Settings::max_connections,
         "Clients served at once, by all workers together; more wait to be accepted."
    )
        .range(1, 1'000'000)
        .unit("connections");
}

} // namespace

void describe(schema<tcp_settings>& s)
{
    describe_listening(s);
    s.key(
         &tcp_settings::read_limit,
         "Bytes read ahead of the service, at most twice as many; a line that is longer is an "
         "error."
    )
        .range(bytes{64}, mib(64));
    s.key(
         &tcp_settings::write_high,
         "With more bytes waiting for a client to read them, the service waits until write_low are "
         "left."
    )
        .range(bytes{64}, mib(64));
    s.key(&tcp_settings::write_low, "See write_high.").at_most(mib(64));
    s.key(
         &tcp_settings::write_stall,
         "A client that reads nothing of what waits for it for so long is cut."
    )
        .range(10ms, 24h)
        .or_never();
    s.rule(
        &tcp_settings::write_low,
        "be at most as large as write_high",
        [](const tcp_settings& t) { return t.write_low <= t.write_high; },
        &tcp_settings::write_high
    );
}

void describe(schema<http_settings>& s)
{
    describe_listening(s);
}

} // namespace rill::app
