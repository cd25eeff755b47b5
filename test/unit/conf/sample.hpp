// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/schema.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Settings with a key of every sort, as a service would write them.
namespace sample {

using namespace std::chrono_literals;

enum class mode { raw, line, message };
BOOST_DESCRIBE_ENUM(mode, raw, line, message)

struct tls {
    std::string certificate;
    std::optional<std::string> password;
};
BOOST_DESCRIBE_STRUCT(tls, (), (certificate, password))

inline void describe(rill::schema<tls>& s)
{
    s.about("Encryption of what clients send.");
    s.key(&tls::certificate, "File with the certificate chain. Empty means no encryption.");
    s.key(&tls::password, "Password of the private key.").secret().example("correct horse");
}

struct server {
    std::string listen = "127.0.0.1:7007";
    std::uint16_t port = 8080;
    std::size_t max_connections = 1000;
    std::chrono::milliseconds idle_timeout = 60s;
    rill::bytes read_buffer = rill::kib(64);
    rill::bytes write_buffer = rill::kib(64);
    sample::mode mode = mode::raw;
    double rate = 1.5;
    bool keep_alive = true;
    std::vector<std::string> allowed_hosts = {"localhost"};
    std::vector<int> retry_codes;
    sample::tls tls;
};
BOOST_DESCRIBE_STRUCT(
    server,
    (),
    (listen,
     port,
     max_connections,
     idle_timeout,
     read_buffer,
     write_buffer,
     mode,
     rate,
     keep_alive,
     allowed_hosts,
     retry_codes,
     tls)
)

inline void describe(rill::schema<server>& s)
{
    s.about("Where the service listens and whom it serves.");
    s.key(&server::listen, "Address and port to listen on. Port 0 takes any free one.")
        .must("be an address with a port, such as \"127.0.0.1:7007\"", [](const std::string& text) {
            return text.find(':') != text.npos;
        });
    s.key(&server::port, "Port of the second listener.").at_least(1);
    s.key(&server::max_connections, "Clients served at once; more wait in the accept queue.")
        .range(1, 1'000'000)
        .unit("connections");
    s.key(&server::idle_timeout, "Silence after which a client is disconnected. 0s means never.")
        .range(0s, 24h)
        .reloadable();
    s.key(&server::read_buffer, "Read ahead of a client.").at_least(rill::bytes{512});
    s.key(&server::write_buffer, "Kept for a client that reads slowly.").at_most(rill::mib(1));
    s.key(&server::mode, "What is sent back.");
    s.key(&server::rate, "Requests per second of one client.").range(0.1, 1e6);
    s.key(&server::keep_alive, "Whether a connection serves more than one request.");
    s.key(&server::allowed_hosts, "Names under which the service may be called.");
    s.key(&server::retry_codes, "Status codes after which a client may try again.").range(400, 599);
    s.rule(
        &server::write_buffer,
        "be at least as large as read_buffer",
        [](const server& c) { return c.write_buffer >= c.read_buffer; },
        &server::read_buffer
    );
}

struct log {
    std::string level = "info";
};
BOOST_DESCRIBE_STRUCT(log, (), (level))

inline void describe(rill::schema<log>& s)
{
    s.about("What is logged.");
    s.key(&log::level, "The least important lines that are still written.")
        .choices({"debug", "info", "warning", "error"});
}

struct config {
    std::size_t workers = 0;
    std::chrono::seconds drain_timeout = 20s;
    sample::server server;
    sample::log log;
};
BOOST_DESCRIBE_STRUCT(config, (), (workers, drain_timeout, server, log))

inline void describe(rill::schema<config>& s)
{
    s.about("Sample service: has a key of every sort.");
    s.key(&config::workers, "Threads, each with a loop of its own. 0 takes one per core.")
        .at_most(1024);
    s.key(&config::drain_timeout, "How long running requests may take to finish on SIGTERM.");
}

} // namespace sample
