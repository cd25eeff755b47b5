// SPDX-License-Identifier: BSL-1.0
#include <rill/app/server_settings.hpp>
#include <rill/app/tcp_settings.hpp>
#include <rill/conf/load.hpp>
#include <rill/schema.hpp>
#include <rill/server_options.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rill::app::server_settings;

template <class Settings = server_settings>
std::string problem(const std::string& toml)
{
    const auto loaded = rill::conf::load<Settings>(rill::conf::sources{}.text(toml, "f"));
    return loaded ? "none" : loaded.problems().front().text();
}

bool says(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("server_settings: one address or several, and each is looked at")
{
    CHECK(problem("listen = \"*:80\"") == "none");
    CHECK(problem("listen = [\"localhost:80\", \"unix:/run/x.sock\", \"fd:web\"]") == "none");
    CHECK(says(problem("listen = \"80\""), "f:1:10: error: listen must be an address such as"));
    const auto second = problem("listen = [\"*:80\",\n  \"*:65536\"]");
    CHECK(says(second, "f:2:3: error: each item of listen must be an address such as"));
    CHECK(says(problem("listen = []"), "listen must have at least one address"));
}

TEST_CASE("server_settings: networks are looked at, and so are limits")
{
    CHECK(problem("allow = [\"10.0.0.0/8\", \"::1\"]\ndeny = [\"10.1.0.0/16\"]") == "none");
    CHECK(says(problem("allow = [\"10.0.0.1/8\"]"), "each item of allow must be a network such as")
    );
    CHECK(says(problem("deny = [\"localhost\"]"), "each item of deny must be a network such as"));
    CHECK(problem("proxy_protocol_from = [\"10.0.0.7\", \"unix:\"]") == "none");
    CHECK(problem("proxy_protocol_from = \"10.0.0.0/8\"") == "none");
    CHECK(says(
        problem("proxy_protocol_from = \"unix:/x\""),
        "proxy_protocol_from must be a network such as"
    ));
    CHECK(says(problem("max_connections_per_peer = 0"), "from 1 to 1000000"));
    CHECK(says(problem("socket.backlog = 0"), "socket.backlog must be an integer from 1 to 65535"));
    CHECK(says(problem("socket.keepalive_idle = \"1ms\""), "socket.keepalive_idle"));
    CHECK(says(problem("socket.receive_buffer = \"1B\""), "socket.receive_buffer"));
}

TEST_CASE("server_settings: what a protocol adds stands beside it")
{
    using rill::app::tcp_settings;
    CHECK(problem<tcp_settings>("listen = \"*:80\"\nread_limit = \"1MiB\"") == "none");
    CHECK(says(problem<tcp_settings>("listen = []"), "at least one address"));
    CHECK(tcp_settings("127.0.0.1:7").listen == std::vector<std::string>{"127.0.0.1:7"});
}

TEST_CASE("socket_settings: a client's connection is made with them")
{
    rill::app::socket_settings s;
    CHECK_FALSE(make_options(s).kept_alive);
    s.keepalive_idle = 9s;
    s.keepalive_probes = 2;
    const rill::socket_options o = make_options(s);
    REQUIRE(o.kept_alive);
    CHECK(o.kept_alive->idle == 9s);
    CHECK(o.kept_alive->probes == 2);
    CHECK_FALSE(o.unacknowledged);
}

TEST_CASE("server_settings: a server is made with them")
{
    server_settings s;
    CHECK(make_options(s).per_peer == nullptr);
    CHECK_FALSE(make_options(s).of_socket.kept_alive);
    CHECK_FALSE(make_options(s).unix_relays);
    s.max_connections = 5;
    s.max_connections_per_peer = 2;
    s.allow = {"10.0.0.0/8"};
    s.deny = {"10.1.0.0/16", "::1"};
    s.proxy_protocol_from = {"10.0.0.7", "unix:"};
    s.proxy_protocol_timeout = 1s;
    s.socket.backlog = 7;
    s.socket.keepalive_idle = 60s;
    s.socket.user_timeout = 30s;
    s.socket.receive_buffer = rill::kib(8);
    s.socket.send_buffer = rill::kib(16);
    const rill::server_options o = make_options(s);
    CHECK(o.most_connections == 5);
    CHECK(o.per_peer != nullptr);
    CHECK(o.allowed == std::vector{rill::network::parse("10.0.0.0/8")});
    CHECK(o.denied.size() == 2);
    CHECK(o.relays == std::vector{rill::network::parse("10.0.0.7")});
    CHECK(o.unix_relays);
    CHECK(o.header_time == rill::duration(1s));
    CHECK(o.accept_queue == 7);
    REQUIRE(o.of_socket.kept_alive);
    CHECK(o.of_socket.kept_alive->idle == 60s);
    CHECK(o.of_socket.kept_alive->interval == 10s);
    CHECK(o.of_socket.kept_alive->probes == 6);
    CHECK(o.of_socket.unacknowledged == rill::duration(30s));
    CHECK(o.of_socket.receive_bytes == 8192);
    CHECK(o.of_socket.send_bytes == 16384);
    CHECK_FALSE(o.security);
}
