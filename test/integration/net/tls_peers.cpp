// SPDX-License-Identifier: BSL-1.0

// TLS with a program that is not ours: OpenSSL's own client and server.

#include <support/network.hpp>
#include <support/output_of.hpp>
#include <support/s_server.hpp>
#include <support/tls_authority.hpp>

#include <rill/run.hpp>
#include <rill/timeout.hpp>
#include <rill/to_thread.hpp>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;
using rill::tls_context;
using rill::tls_errc;

template <class F>
auto run(F body)
{
    return rill::run([&]() { return rill::timeout(60s, body()); });
}

struct certificates {
    test::tls_authority authority;
    test::tls_files files = authority.issue_local();
    tls_context server_side = tls_context::server(files.certificate, files.key);
    tls_context client_side = tls_context::client().trust(authority.file());
};

awaitable<void> answer_a_line(rill::stream s)
{
    s.writer().write("you said " + co_await s.reader().read_line());
}

/// What s_client prints that sends a line to our server.
std::string answer_to_s_client(const certificates& c, const std::string& options)
{
    return run([&]() -> awaitable<std::string> {
        rill::server server(
            answer_a_line,
            rill::listen_address::parse("127.0.0.1:0"),
            rill::server_options().tls(c.server_side)
        );
        const std::string command = "echo hello | openssl s_client -quiet -connect 127.0.0.1:" +
                                    std::to_string(rill::port_of(server.local_endpoint())) +
                                    " -verify_return_error " + options;
        co_return co_await rill::to_thread([command] { return test::output_of(command); });
    });
}

awaitable<rill::stream>
connect_to(const test::s_server& server, const tls_context& context, std::string name)
{
    rill::stream s = co_await rill::open_connection("127.0.0.1", server.port());
    co_await s.start_tls(context, std::move(name));
    co_return std::move(s);
}

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

TEST_CASE("TLS-01: OpenSSL's client talks to a server, in TLS 1.2 and 1.3")
{
    certificates c;
    const std::string trust = "-CAfile " + c.authority.file() + " -verify_hostname localhost ";
    CHECK(contains(answer_to_s_client(c, trust + "-tls1_2"), "you said hello"));
    CHECK(contains(answer_to_s_client(c, trust + "-tls1_3"), "you said hello"));
    c.server_side.min_version(rill::tls_version::v1_3);
    CHECK_FALSE(contains(answer_to_s_client(c, trust + "-tls1_2"), "you said hello"));
}

TEST_CASE("TLS-03: OpenSSL's client finds the certificate right, and wrong for another name")
{
    const certificates c;
    const std::string trust = "-CAfile " + c.authority.file();
    CHECK(contains(answer_to_s_client(c, trust + " -verify_hostname other"), "mismatch"));
    CHECK(contains(answer_to_s_client(c, "-no-CAfile -no-CApath"), "verify error"));
}

TEST_CASE("client certificates: OpenSSL's client shows one, or is refused")
{
    certificates c;
    const auto ada = c.authority.issue({"Ada", {}});
    c.server_side.client_ca(c.authority.file());
    const std::string trust = "-CAfile " + c.authority.file() + " ";
    const std::string shown = "-cert " + ada.certificate + " -key " + ada.key;
    CHECK(contains(answer_to_s_client(c, trust + shown), "you said hello"));
    CHECK(contains(answer_to_s_client(c, trust), "certificate required"));
}

TEST_CASE("TLS-01, TLS-12: a client talks to OpenSSL's server, in TLS 1.2 and 1.3, and closes")
{
    certificates c;
    for (const char* version : {"-tls1_2", "-tls1_3"}) {
        CAPTURE(version);
        const test::s_server server(c.files, {version});
        run([&]() -> awaitable<void> {
            rill::stream s = co_await connect_to(server, c.client_side, "localhost");
            s.writer().write("hello\n");
            CHECK(co_await s.reader().read_line() == "olleh\n");
            s.close();
            co_await s.writer().wait_closed();
        });
    }
}

TEST_CASE("TLS-23: the server's new keys and tickets are taken while a client reads")
{
    certificates c;
    const test::s_server server(c.files, {"-tls1_3", "-num_tickets", "4"});
    run([&]() -> awaitable<void> {
        for (const bool resumed : {false, true}) {
            rill::stream s = co_await connect_to(server, c.client_side, "localhost");
            s.writer().write("hello\n");
            CHECK(co_await s.reader().read_line() == "olleh\n");
            CHECK(s.tls()->resumed() == resumed);
            s.close();
            co_await s.writer().wait_closed();
        }
    });
}

TEST_CASE("a server without a version in common says so, and that is told")
{
    certificates c;
    c.client_side.min_version(rill::tls_version::v1_3);
    const test::s_server server(c.files, {"-tls1_2"});
    const auto why = run([&]() -> awaitable<rill::error_code> {
        co_return co_await test::error_of(connect_to(server, c.client_side, "localhost"));
    });
    CHECK(why == tls_errc::refused_by_peer);
}

} // namespace
