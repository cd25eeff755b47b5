// SPDX-License-Identifier: BSL-1.0
#include "tls_hosts.hpp"
#include <support/every_suspension.hpp>
#include <support/held_bytes.hpp>

#include <rill/event.hpp>
#include <rill/sleep.hpp>
#include <rill/stream.hpp>
#include <rill/task_group.hpp>
#include <rill/testing/stream_pair.hpp>
#include <rill/timeout.hpp>

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;
using rill::tls_context;
using rill::tls_errc;
namespace error = boost::asio::error;

using test::contains;
using test::echoed;
using hosts = test::tls_hosts;

TEST_CASE("TLS-01: what is written on one side is read on the other, large and small")
{
    hosts n;
    const auto server = n.serve(test::echo_back);
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await n.connect();
        CHECK(co_await echoed(s, "hello") == "hello");
        const std::string large(1'000'000, 'x');
        auto sent = rill::create_task([&]() -> awaitable<void> {
            s.writer().write(large);
            co_await s.writer().drain();
        });
        CHECK(co_await s.reader().read_exactly(large.size()) == large);
        co_await sent;
    });
}

TEST_CASE("an idle TLS connection holds no memory to read into, though tickets have come to it")
{
    hosts n;
    const auto server = n.serve(test::echo_back);
    n.run([&]() -> awaitable<void> {
        const auto idle = [](rill::stream s) -> awaitable<void> {
            co_await s.reader().read_line();
        };
        auto first = rill::create_task(idle, co_await n.connect());
        co_await rill::sleep(1s); // the loop has its blocks
        const test::growth since;
        auto second = rill::create_task(idle, co_await n.connect());
        co_await rill::sleep(1s);
        CHECK(since.bytes() < 100'000); // of both ends; a place to read into takes 128 KiB
        first.cancel();
        second.cancel();
    });
}

TEST_CASE("TLS-03: with the right authority and name it is connected, and says with what")
{
    hosts n;
    n.server_side.alpn("echo", "other");
    n.client_side.alpn("none", "echo");
    std::string asked_for;
    const auto server = n.serve([&](rill::stream s) -> awaitable<void> {
        asked_for = s.tls()->server_name();
        co_await test::echo_back(std::move(s));
    });
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await n.connect();
        REQUIRE(s.tls());
        CHECK(s.tls()->version() == "TLSv1.3");
        CHECK(s.tls()->cipher() == "TLS_AES_256_GCM_SHA384");
        CHECK(s.tls()->alpn() == "echo");
        CHECK(s.tls()->verified());
        CHECK_FALSE(s.tls()->resumed());
        CHECK(s.tls()->peer_subject() == "CN=localhost");
        const auto chain = s.tls()->peer_certificates();
        REQUIRE(chain.size() == 1);
        CHECK(chain[0].issuer == "CN=Test CA");
        CHECK(chain[0].names == std::vector<std::string>{"localhost", "server", "127.0.0.1"});
        CHECK(chain[0].fingerprint.size() == 64);
        CHECK(chain[0].valid_until > chain[0].valid_from);
        CHECK(co_await echoed(s, "x") == "x");
    });
    CHECK(asked_for == "server");
}

TEST_CASE("a plain stream has no TLS to tell of")
{
    hosts n;
    const auto server = n.listen(test::echo_back);
    n.run([&]() -> awaitable<void> {
        const rill::stream s = co_await rill::open_connection("server", 7);
        CHECK(s.tls() == nullptr);
    });
}

TEST_CASE("verification: a certificate for another name is refused, and the error says whose it is")
{
    hosts n;
    const auto server = n.serve(test::echo_back);
    const auto why = n.failure("other.example");
    REQUIRE(why);
    CHECK(why->code() == tls_errc::certificate_refused);
    CHECK(contains(why->what(), "TLS with other.example: the peer's certificate is refused: "));
    CHECK(contains(why->what(), "not for other.example"));
    CHECK(contains(why->what(), "'CN=localhost', issued by 'CN=Test CA', for localhost, server"));
    CHECK(server.statistics().handshake_errors == 1);
}

TEST_CASE("verification: an address is checked as one")
{
    hosts n;
    const auto server = n.serve(test::echo_back);
    CHECK_FALSE(n.failure("127.0.0.1"));
    const auto why = n.failure("127.0.0.2");
    REQUIRE(why);
    CHECK(why->code() == tls_errc::certificate_refused);
    CHECK(contains(why->what(), "IP address mismatch"));
}

TEST_CASE("verification: an unknown authority is refused")
{
    hosts n;
    const test::tls_authority stranger("Stranger CA");
    n.client_side.trust(stranger.file());
    const auto server = n.serve(test::echo_back);
    const auto why = n.failure();
    REQUIRE(why);
    CHECK(why->code() == tls_errc::certificate_refused);
    CHECK(contains(why->what(), "unable to get local issuer certificate"));
}

TEST_CASE("verification: the time is the loop's")
{
    hosts n;
    const auto now = rill::detail::loop_core::of(n.loop.context()).wall_now();
    n.authority.issue({"localhost", {"DNS:server"}, now - 1h, now + 24h});
    n.server_side.reload();
    const auto server = n.serve(test::echo_back);
    CHECK_FALSE(n.failure());
    n.loop.advance(48h);
    const auto why = n.failure();
    REQUIRE(why);
    CHECK(why->code() == tls_errc::certificate_refused);
    CHECK(contains(why->what(), "certificate has expired"));
}

TEST_CASE("unverified: any certificate will do, and no name is needed")
{
    hosts n;
    n.client_side = tls_context::client().unverified();
    const auto server = n.serve(test::echo_back);
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await n.connect("");
        CHECK_FALSE(s.tls()->verified());
        CHECK(co_await echoed(s, "x") == "x");
    });
}

TEST_CASE("start_tls: a client that verifies needs a name")
{
    hosts n;
    const auto server = n.serve(test::echo_back);
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 7);
        CHECK_THROWS_AS(co_await s.start_tls(n.client_side), std::logic_error);
    });
}

TEST_CASE("client certificates: the server sees whose it is, and refuses who has none")
{
    hosts n;
    test::tls_authority people("People CA");
    const auto ada = people.issue({"Ada", {}});
    n.server_side.client_ca(people.file());
    std::string who;
    const auto server = n.serve([&](rill::stream s) -> awaitable<void> {
        who = s.tls()->peer_subject();
        CHECK(s.tls()->verified());
        co_await test::echo_back(std::move(s));
    });
    SUBCASE("with one")
    {
        n.client_side.certificate(ada.certificate, ada.key);
        n.run([&]() -> awaitable<void> {
            rill::stream s = co_await n.connect();
            CHECK(co_await echoed(s, "x") == "x");
        });
        CHECK(who == "CN=Ada");
    }
    SUBCASE("without") // which the client of TLS 1.3 learns with its first read
    {
        n.run([&]() -> awaitable<void> {
            rill::stream s = co_await n.connect();
            CHECK(co_await test::error_of(s.reader().read(1)) == tls_errc::refused_by_peer);
        });
        CHECK(who.empty());
        CHECK(server.statistics().handshake_errors == 1);
    }
}

TEST_CASE("for_name: each name has its certificate, a star is one label")
{
    hosts n;
    const auto files = n.authority.issue({"wild", {"DNS:*.example.com"}});
    n.server_side.for_name("*.example.com", tls_context::server(files.certificate, files.key));
    const auto server = n.serve(test::echo_back);
    CHECK_FALSE(n.failure("a.example.com"));
    CHECK_FALSE(n.failure("server"));
    CHECK(contains(n.failure("a.b.example.com")->what(), "'CN=localhost'"));
}

TEST_CASE("resumption: a second connection resumes the first one's session, unless that is off")
{
    hosts n;
    bool on = true;
    SUBCASE("on") {}
    SUBCASE("off")
    {
        on = false;
        n.client_side.resumption(false);
    }
    const auto server = n.serve(test::echo_back);
    const auto talk = [&]() -> awaitable<bool> {
        rill::stream s = co_await n.connect();
        CHECK(co_await echoed(s, "x") == "x"); // the tickets come with it
        co_return s.tls()->resumed();
    };
    CHECK_FALSE(n.run(talk));
    CHECK(n.run(talk) == on);
}

TEST_CASE("reload: later connections get the new certificate, sessions and connections go on")
{
    hosts n;
    const auto server = n.serve(test::echo_back);
    n.run([&]() -> awaitable<void> {
        rill::stream before = co_await n.connect();
        CHECK(co_await echoed(before, "x") == "x");
        n.authority.issue({"localhost", {"DNS:renewed"}});
        n.server_side.reload();
        rill::stream resumed = co_await n.connect();
        CHECK(resumed.tls()->resumed());
        rill::stream after = co_await n.connect("renewed");
        CHECK(after.tls()->peer_certificates()[0].names == std::vector<std::string>{"renewed"});
        CHECK(co_await echoed(before, "y") == "y");
    });
}

TEST_CASE("reload: a file that cannot be used changes nothing")
{
    hosts n;
    const auto server = n.serve(test::echo_back);
    n.authority.write("localhost.key", "no key");
    CHECK_THROWS_AS(n.server_side.reload(), rill::tls_error);
    CHECK_FALSE(n.failure());
}

TEST_CASE("TLS-04: a handshake that takes too long ends with connection_aborted, and says so")
{
    hosts n;
    n.client_side.handshake_timeout(5s);
    test::keeper silent;
    const auto server = n.listen(silent.handler());
    const auto begun = n.loop.now();
    const auto why = n.failure();
    REQUIRE(why);
    CHECK(why->code() == error::connection_aborted);
    CHECK(contains(why->what(), "no handshake within 5s"));
    CHECK(n.loop.now() - begun < 6s);
    CHECK_THROWS_AS(n.client_side.handshake_timeout(0s), std::invalid_argument);
}

TEST_CASE("TLS-04: a client that says nothing is let go by the server, and counted")
{
    hosts n;
    n.server_side.handshake_timeout(5s);
    const auto server = n.serve(test::echo_back);
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 7);
        CHECK(co_await s.reader().read_all() == "");
    });
    CHECK(server.statistics().handshake_errors == 1);
    CHECK(server.connections() == 0);
}

TEST_CASE("TLS-05: a cancelled handshake closes the connection quietly")
{
    hosts n;
    test::keeper silent;
    const auto server = n.listen(silent.handler());
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 7);
        CHECK_THROWS_AS(
            co_await rill::timeout(1s, s.start_tls(n.client_side, "server")), rill::timeout_error
        );
        CHECK(s.writer().is_closing());
        co_await s.writer().wait_closed();
    });
    n.loop.advance(1s);
    CHECK(n.loop.run(silent.streams.front().reader().read_all()).size() > 0);
}

TEST_CASE("TLS-07: the peer's end in the handshake is a reset")
{
    hosts n;
    const auto server = n.listen([](rill::stream) -> awaitable<void> { co_return; });
    const auto why = n.failure();
    REQUIRE(why);
    CHECK(why->code() == error::connection_reset);
}

TEST_CASE("plain text where TLS is expected is told from a broken handshake")
{
    hosts n;
    const auto server = n.listen([](rill::stream s) -> awaitable<void> {
        s.writer().write("HTTP/1.1 400 Bad Request\r\n\r\n");
        co_await s.reader().read_all();
    });
    const auto why = n.failure();
    REQUIRE(why);
    CHECK(why->code() == tls_errc::not_tls);
    const auto secured =
        n.listen(test::echo_back, "*:8", rill::server_options().tls(n.server_side));
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 8);
        s.writer().write("GET / HTTP/1.1\r\n\r\n");
        co_await s.reader().read_all();
    });
    CHECK(secured.statistics().handshake_errors == 1);
}

TEST_CASE("TLS-09, SW-12: start_tls on a live connection; what came before it is the handshake's")
{
    hosts n;
    const auto server = n.listen([&](rill::stream s) -> awaitable<void> {
        CHECK(co_await s.reader().read_line() == "STARTTLS\n");
        s.writer().write("ready\n");
        co_await rill::sleep(1s); // the client's hello is held by the reader then
        co_await s.reader().fill();
        co_await s.start_tls(n.server_side);
        co_await test::echo_back(std::move(s));
    });
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 7);
        s.writer().write("STARTTLS\n");
        CHECK(co_await s.reader().read_line() == "ready\n");
        co_await s.start_tls(n.client_side, "server");
        CHECK(co_await echoed(s, "secret") == "secret");
    });
}

TEST_CASE("start_tls: all that was written before leaves in the clear, however slow the peer is")
{
    hosts n;
    const std::string plain(16'000'000, 'p'); // more than any socket takes
    const auto server = n.listen([&](rill::stream s) -> awaitable<void> {
        CHECK(co_await s.reader().read_exactly(plain.size()) == plain);
        co_await s.start_tls(n.server_side);
        co_await test::echo_back(std::move(s));
    });
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 7);
        s.writer().options().watermarks(2 * plain.size(), plain.size());
        s.writer().write(plain);
        co_await s.start_tls(n.client_side, "server");
        CHECK(co_await echoed(s, "secret") == "secret");
    });
}

TEST_CASE("SW-12: a command that comes before the handshake is not taken for one inside of it")
{
    hosts n;
    std::string seen;
    const auto server = n.listen([&](rill::stream s) -> awaitable<void> {
        co_await s.reader().read_line();
        s.writer().write("ready\n");
        CHECK(co_await test::error_of(s.start_tls(n.server_side)) == tls_errc::not_tls);
        seen = co_await s.reader().read_all();
    });
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 7);
        s.writer().write("STARTTLS\nMAIL FROM:<eve@example.com>\n");
        CHECK(co_await s.reader().read_line() == "ready\n");
        co_await s.reader().read_all();
    });
    CHECK(seen == "");
}

TEST_CASE("TLS-11: TLS in TLS works and closes cleanly")
{
    hosts n;
    const auto server = n.serve([&](rill::stream s) -> awaitable<void> {
        co_await s.start_tls(n.server_side);
        co_await test::echo_back(std::move(s));
    });
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await n.connect();
        co_await s.start_tls(n.client_side, "localhost");
        const std::string text(100'000, 'x');
        CHECK(co_await echoed(s, text) == text);
        s.close();
        co_await s.writer().wait_closed();
    });
}

TEST_CASE("a server that finishes its clients: they read to the end, and what they answer is sent")
{
    hosts n;
    auto server = n.serve([](rill::stream s) -> awaitable<void> {
        s.writer().write("got " + co_await s.reader().read_all());
    });
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await n.connect();
        s.writer().write("half");
        co_await rill::sleep(1s);
        server.finish_clients();
        CHECK(co_await s.reader().read_all() == "got half");
    });
}

TEST_CASE(
    "SR-32: a stream that is destroyed while its handshake runs ends that with operation_aborted"
)
{
    hosts n;
    test::keeper silent;
    const auto server = n.listen(silent.handler());
    n.run([&]() -> awaitable<void> {
        std::optional<rill::stream> s = co_await rill::open_connection("server", 7);
        auto shaking = rill::create_task(s->start_tls(n.client_side, "server"));
        co_await rill::sleep(1s);
        s.reset();
        CHECK(co_await test::error_of(std::move(shaking)) == error::operation_aborted);
    });
}

TEST_CASE("start_tls is refused while somebody reads")
{
    hosts n;
    test::keeper silent;
    const auto server = n.listen(silent.handler());
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 7);
        auto reading = rill::create_task(s.reader().read(1));
        co_await rill::yield();
        CHECK_THROWS_AS(co_await s.start_tls(n.client_side, "server"), std::logic_error);
        reading.cancel();
    });
}

TEST_CASE("open_connection: with TLS it shakes hands with the host, or whom it is told to expect")
{
    hosts n;
    const auto server = n.serve(test::echo_back);
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 7, n.secured());
        CHECK(s.tls()->server_name() == "server");
        CHECK(co_await echoed(s, "x") == "x");
        rill::stream other =
            co_await rill::open_connection("server", 7, n.secured().server_name("localhost"));
        CHECK(other.tls()->server_name() == "localhost");
    });
}

TEST_CASE("open_connection: a handshake that fails is its phase, and the error says why")
{
    hosts n;
    const auto server = n.serve(test::echo_back);
    n.run([&]() -> awaitable<void> {
        try {
            co_await rill::open_connection("server", 7, n.secured().server_name("other.example"));
            FAIL("connected");
        } catch (const rill::connect_error& e) {
            CHECK(e.code() == tls_errc::certificate_refused);
            CHECK(e.phase() == rill::connect_phase::handshake);
            CHECK(contains(e.what(), "connect to server:7: TLS with other.example: "));
        }
    });
}

TEST_CASE("open_connection: a handshake that is slow is said to be, when all the time is over")
{
    hosts n;
    test::keeper silent;
    const auto server = n.listen(silent.handler());
    n.run([&]() -> awaitable<void> {
        try {
            co_await rill::open_connection("server", 7, n.secured().timeout(3s));
            FAIL("connected");
        } catch (const rill::connect_error& e) {
            CHECK(e.code() == rill::condition::timed_out);
            CHECK(contains(e.what(), "timed out after 3s while shaking hands over TLS"));
        }
    });
}

TEST_CASE("CON-06: a server's name without TLS is refused, and a server's context")
{
    hosts n;
    const auto is_refused = [](const rill::connect_options& options) {
        CHECK_THROWS_AS((void)rill::open_connection("server", 7, options), std::invalid_argument);
    };
    is_refused(rill::connect_options().server_name("x"));
    is_refused(rill::connect_options().tls(n.server_side));
}

TEST_CASE("what is written in pieces, small and large, arrives in their order")
{
    hosts n;
    const auto server = n.serve(test::echo_back);
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await n.connect();
        std::string all;
        for (int i = 0; i < 40; ++i) { // a large one is a buffer of its own
            const std::string piece(i % 3 == 0 ? 7'000 : 11, static_cast<char>('a' + i % 26));
            all += piece;
            s.writer().write(std::string(piece));
        }
        CHECK(co_await s.reader().read_exactly(all.size()) == all);
    });
}

TEST_CASE("a context of the program's own is taken as it is, on either side")
{
    hosts n;
    using own_context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
    const own_context there(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
    SSL_CTX_use_certificate_chain_file(there.get(), n.files.certificate.c_str());
    SSL_CTX_use_PrivateKey_file(there.get(), n.files.key.c_str(), SSL_FILETYPE_PEM);
    const own_context here(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    n.server_side = tls_context::server(there.get());
    n.client_side = tls_context::client(here.get());
    const auto server = n.serve(test::echo_back);
    n.run([&]() -> awaitable<void> { // it verifies nothing unless told to
        rill::stream s = co_await n.connect("");
        CHECK(co_await echoed(s, "x") == "x");
    });
    SSL_CTX_set_verify(here.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_load_verify_file(here.get(), n.authority.file().c_str());
    n.client_side = tls_context::client(here.get());
    CHECK_FALSE(n.failure("server"));
    CHECK(n.failure("other.example")->code() == tls_errc::certificate_refused);
    CHECK_THROWS_AS(n.server_side.reload(), std::logic_error);
}

TEST_CASE("a server refuses a client's context at once")
{
    hosts n;
    n.server_side = n.client_side;
    CHECK_THROWS_AS(n.serve(test::echo_back), std::invalid_argument);
}

TEST_CASE("TLS-22: who refuses the other one tells him why")
{
    hosts n;
    std::string told;
    const auto server = n.listen([&](rill::stream s) -> awaitable<void> {
        try {
            co_await s.start_tls(n.server_side);
            co_await s.reader().read_all();
        } catch (const rill::system_error& e) {
            CHECK(e.code() == tls_errc::refused_by_peer);
            told = e.what();
        }
    });
    CHECK(n.failure("other.example")->code() == tls_errc::certificate_refused);
    CHECK(contains(told, "alert bad certificate"));
}

/// Carries bytes from one connection to the other; `spoil` sees them on their way.
awaitable<void> carry(rill::stream& from, rill::stream& to, std::function<void(std::string&)> spoil)
{
    for (;;) {
        std::string some = co_await from.reader().read(64 * 1024);
        if (some.empty())
            co_return;
        spoil(some);
        to.writer().write(some);
        co_await to.writer().drain();
    }
}

TEST_CASE(
    "TLS-08: a record that is changed on its way ends the connection, and nothing of it is read"
)
{
    hosts n;
    bool spoiled = false;
    const auto server = n.serve([](rill::stream s) -> awaitable<void> {
        const auto ec = co_await test::error_of(test::echo_back(std::move(s)));
        CHECK(ec == tls_errc::refused_by_peer);
    });
    const auto between = n.listen(
        [&](rill::stream client) -> awaitable<void> {
            rill::stream behind = co_await rill::open_connection("127.0.0.1", 7);
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                g.create_task(carry(client, behind, [](std::string&) {}));
                co_await carry(behind, client, [&](std::string& some) {
                    if (spoiled)
                        some.back() ^= 1;
                });
                g.cancel();
            });
        },
        "*:8"
    );
    n.run([&]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 8, n.secured());
        CHECK(co_await echoed(s, "good") == "good");
        spoiled = true;
        s.writer().write("bad");
        CHECK(co_await test::error_of(s.reader().read(1)) == tls_errc::broken);
        CHECK(co_await test::error_of(s.writer().drain()) == tls_errc::broken);
    });
}

/// Both sides of a connection in one task group: a handshake, a line each way, and the end.
awaitable<void> converse(rill::stream& a, rill::stream& b, tls_context here, tls_context there)
{
    const auto answer = [&]() -> awaitable<void> {
        co_await b.start_tls(there);
        b.writer().write(co_await b.reader().read_line());
        const std::string rest = co_await b.reader().read_all();
        CHECK(rest.empty());
        b.close();
        co_await b.writer().wait_closed();
    };
    co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
        g.create_task(answer());
        co_await a.start_tls(here, "server");
        a.writer().write("hello\n");
        const std::string line = co_await a.reader().read_line();
        CHECK(line == "hello\n");
        a.close();
        co_await a.writer().wait_closed();
    });
}

struct contexts {
    test::tls_authority authority;
    test::tls_files files = authority.issue_local();
    tls_context server_side = tls_context::server(files.certificate, files.key);
    tls_context client_side = tls_context::client().trust(authority.file());
};

TEST_CASE("records may come in pieces of any size")
{
    const contexts c;
    for (const std::size_t size : {1, 2, 3, 5, 64, 1000}) {
        CAPTURE(size);
        test::loop loop;
        auto pair = rill::testing::stream_pair(
            loop.executor(), rill::testing::pair_options().capacity(size)
        );
        loop.run([&]() -> awaitable<void> {
            co_await converse(pair.first, pair.second, c.client_side, c.server_side);
        });
    }
}

TEST_CASE("R19: TLS that is interrupted at any suspension ends, and leaves nothing behind")
{
    const contexts c;
    const std::size_t n = test::at_every_suspension([&](test::scenario& s) {
        auto pair = rill::testing::stream_pair(s.executor());
        s.run([&]() -> awaitable<void> {
            co_await converse(pair.first, pair.second, c.client_side, c.server_side);
        });
    });
    CHECK(n > 5);
}

} // namespace
