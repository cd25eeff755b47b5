// SPDX-License-Identifier: BSL-1.0
//
// What the relay passes on, and says of whom it comes from.
#include "simulated_relay.hpp"
#include <support/tls_authority.hpp>

#include <rill/network.hpp>
#include <rill/tls_context.hpp>

#include <openssl/ssl.h>

#include <string>
#include <utility>

namespace {

using namespace test;

/// Answers with what has come, once all has.
awaitable<void> answer_at_the_end(rill::stream s)
{
    const std::string all = co_await s.reader().read_all();
    s.writer().write("got " + std::to_string(all.size()));
}

awaitable<void> introduce(rill::stream s)
{
    s.writer().write(to_string(s.remote_endpoint()) + " to " + to_string(s.local_endpoint()));
    co_return;
}

TEST_CASE("relay: what one side sends the other gets, in any sizes and pieces")
{
    relayed r;
    r.net.defaults().segment(1, 4000).jitter(1ms);
    const auto server = r.listen(echo_back);
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        std::string sent;
        for (int i = 0; i < 100'000; ++i)
            sent += std::to_string(i);
        s.writer().write(sent);
        s.writer().write_eof();
        CHECK((co_await all_of(s) == sent));
        CHECK(r.service.so_far().from_clients.get() == sent.size());
        CHECK(r.service.so_far().from_servers.get() == sent.size());
    });
    r.loop.advance(1s);
    CHECK(r.service.so_far().failed.get() == 0);
    CHECK(r.service.servers().all().front().active() == 0);
    CHECK(r.relaying.connections() == 0);
    CHECK(server.connections() == 0);
}

TEST_CASE("relay: a client that has sent all still gets the answer")
{
    relayed r;
    const auto server = r.listen(answer_at_the_end);
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        s.writer().write("hello");
        s.writer().write_eof();
        CHECK(co_await all_of(s) == "got 5");
    });
}

TEST_CASE("relay: a server that has sent all still gets what its client sends")
{
    relayed r;
    std::string got;
    const auto server = r.listen([&](rill::stream s) -> awaitable<void> {
        s.writer().write("that is all");
        s.writer().write_eof();
        got = co_await s.reader().read_all();
    });
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        CHECK(co_await all_of(s) == "that is all");
        co_await rill::sleep(30s);
        s.writer().write("and more");
        s.writer().write_eof();
        co_await rill::sleep(1s);
    });
    CHECK(got == "and more");
}

TEST_CASE("relay: a client that does not read holds its server up, and no more than its buffers")
{
    relayed r;
    rill::stream* sending = nullptr;
    const auto server = r.listen([&](rill::stream s) -> awaitable<void> {
        sending = &s;
        s.writer().options().write_stall(rill::forever);
        s.writer().write(std::string(10'000'000, 'x'));
        s.writer().write_eof();
        co_await s.writer().drain();
        sending = nullptr;
    });
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        co_await rill::sleep(10s);
        REQUIRE(sending);
        CHECK(sending->writer().buffered() > 9'000'000);
        CHECK((co_await all_of(s)).size() == 10'000'000);
    });
}

TEST_CASE("relay: with proxy_protocol the server is told who the client is")
{
    for (const auto version : {relay::proxy_header::v1, relay::proxy_header::v2}) {
        auto settings = to_servers({"server:7"});
        settings.upstream.proxy_protocol = version;
        relayed r(settings);
        const auto server = r.listen(
            introduce,
            "*:7",
            rill::server_options().proxy_protocol_from(rill::network::parse(r.between.address()))
        );
        r.run([&]() -> awaitable<void> {
            rill::stream s = co_await r.connect();
            const std::string who = to_string(s.local_endpoint());
            const std::string where = to_string(s.remote_endpoint());
            CHECK(co_await all_of(s) == who + " to " + where);
        });
    }
}

TEST_CASE("relay: the header has the version that the settings say, and without one there is none")
{
    for (const auto& [version, begins] :
         {std::pair{relay::proxy_header::v1, std::string("PROXY ")},
          std::pair{relay::proxy_header::v2, std::string("\r\n\r\n\0\r", 6)},
          std::pair{relay::proxy_header::none, std::string("hello!")}}) {
        auto settings = to_servers({"server:7"});
        settings.upstream.proxy_protocol = version;
        relayed r(settings);
        const auto server = r.listen(echo_back);
        r.run([&]() -> awaitable<void> {
            rill::stream s = co_await r.connect();
            s.writer().write("hello!");
            s.writer().write_eof();
            CHECK((co_await all_of(s)).starts_with(begins));
        });
    }
}

TEST_CASE("relay: whom another relay names is who the server is told of")
{
    auto settings = to_servers({"server:7"});
    settings.upstream.proxy_protocol = relay::proxy_header::v2;
    const auto everybody = rill::network::parse("10.0.0.0/8");
    relayed r(settings, rill::server_options().proxy_protocol_from(everybody));
    const auto server =
        r.listen(introduce, "*:7", rill::server_options().proxy_protocol_from(everybody));
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        s.writer().write("PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n");
        CHECK(co_await all_of(s) == "192.0.2.7:1 to 192.0.2.8:2");
    });
}

struct certificates {
    tls_authority authority;
    tls_files files = authority.issue({"server", {"DNS:server", "DNS:relay"}});
    rill::tls_context server_side = rill::tls_context::server(files.certificate, files.key);
    rill::tls_context client_side = rill::tls_context::client().trust(authority.file());
};

TEST_CASE("relay: TLS on either side, and the header of the PROXY protocol before it")
{
    const certificates c;
    auto settings = to_servers({"server:7"});
    settings.upstream.proxy_protocol = relay::proxy_header::v2;
    settings.upstream.tls.enabled = true;
    settings.upstream.tls.ca = c.authority.file();
    relayed r(settings, rill::server_options().tls(c.server_side));
    const auto server = r.listen(
        introduce,
        "*:7",
        rill::server_options()
            .proxy_protocol_from(rill::network::parse(r.between.address()))
            .tls(c.server_side)
    );
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect(rill::connect_options().tls(c.client_side));
        const std::string who = to_string(s.local_endpoint());
        CHECK((co_await all_of(s)).starts_with(who + " to "));
    });
    CHECK(r.service.so_far().failed.get() == 0);
}

/// TLS 1.2 at most, unverified.
rill::tls_context old_client()
{
    SSL_CTX* const old = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(old, TLS1_2_VERSION);
    rill::tls_context context = rill::tls_context::client(old);
    SSL_CTX_free(old);
    return context;
}

TEST_CASE("relay: over TLS 1.3 a server is told that its client has sent all, and answers")
{
    const certificates c;
    auto settings = to_servers({"server:7"});
    settings.upstream.tls.enabled = true;
    settings.upstream.tls.ca = c.authority.file();
    relayed r(settings);
    const auto server =
        r.listen(answer_at_the_end, "*:7", rill::server_options().tls(c.server_side));
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        s.writer().write("hello");
        s.writer().write_eof();
        CHECK(co_await all_of(s) == "got 5");
    });
    r.loop.advance(1s);
    CHECK(r.elapsed() < 5s);
    CHECK(r.service.so_far().timed_out.get() == 0);
    CHECK(r.relaying.connections() == 0);
}

TEST_CASE("relay: a client sees at once that the server has sent all, over any version of TLS")
{
    const certificates c;
    for (const bool old : {false, true}) {
        relayed r(to_servers({"server:7"}), rill::server_options().tls(c.server_side));
        const auto server = r.listen([](rill::stream s) -> awaitable<void> {
            s.writer().write("good bye");
            co_return;
        });
        r.run([&]() -> awaitable<void> {
            rill::stream s = co_await rill::open_connection(
                "relay", 7100, rill::connect_options().tls(old ? old_client() : c.client_side)
            );
            CHECK(co_await all_of(s) == "good bye");
        });
        r.loop.advance(1s);
        CHECK(r.elapsed() < 5s);
        CHECK(r.service.so_far().timed_out.get() == 0);
        CHECK(r.relaying.connections() == 0);
    }
}

TEST_CASE("relay: a server whose certificate is somebody else's is not connected to")
{
    const certificates c;
    auto settings = to_servers({"server:7"});
    settings.upstream.tls.enabled = true;
    settings.upstream.tls.ca = c.authority.file();
    settings.upstream.tls.server_name = "other";
    relayed r(settings);
    const auto server = r.listen(introduce, "*:7", rill::server_options().tls(c.server_side));
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        CHECK(co_await all_of(s) == " reset");
    });
    CHECK(r.service.so_far().not_connected.get() == 1);
}

TEST_CASE("relay: when it stops, servers are told that their clients have sent all, and may answer")
{
    relayed r;
    const auto server = r.listen(answer_at_the_end);
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        s.writer().write("hello");
        co_await rill::sleep(1s);
        r.relaying.close();
        r.relaying.finish_clients();
        CHECK(co_await all_of(s) == "got 5");
        co_await r.relaying.wait_closed();
    });
}

} // namespace
