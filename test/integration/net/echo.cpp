// SPDX-License-Identifier: BSL-1.0

// The echo service's behaviour, on real sockets.

#include <support/live.hpp>

#include <rill/conf/load.hpp>
#include <rill/conf/print.hpp>
#include <rill/open_connection.hpp>
#include <rill/server.hpp>

#include <echo.hpp>

#include <fstream>
#include <iterator>

namespace {

using namespace test;
using rill::awaitable;

/// The service's session behind a server of the test's own.
struct service {
    echo::session_settings settings;
    rill::server server;

    explicit service(const echo::session_settings& s, const char* at = "127.0.0.1:0")
        : settings(s)
        , server(
              [this](rill::stream client) { return echo::session(std::move(client), settings); },
              rill::listen_address::parse(at)
          )
    {}

    awaitable<rill::stream> connect()
    {
        return rill::open_connection("127.0.0.1", rill::port_of(server.local_endpoint()));
    }
};

echo::session_settings lines()
{
    echo::session_settings s;
    s.mode = echo::mode::line;
    return s;
}

TEST_CASE("echo, raw: every byte comes back, in any pieces")
{
    live l;
    l.run([]() -> awaitable<void> {
        service echo((echo::session_settings()));
        rill::stream s = co_await echo.connect();
        for (const std::size_t size : {1u, 100u, 1024u, 10'240u, 102'400u, 1'000'000u}) {
            const std::string sent(size, static_cast<char>('a' + size % 26));
            s.writer().write(sent);
            CHECK((co_await s.reader().read_exactly(size) == sent));
        }
        s.writer().write_eof();
        CHECK((co_await s.reader().read_all()).empty());
    });
}

TEST_CASE("echo, line: whole lines come back, the unfinished last one included")
{
    live l;
    l.run([]() -> awaitable<void> {
        service echo(lines());
        rill::stream s = co_await echo.connect();
        s.writer().write("one\ntw");
        CHECK(co_await s.reader().read_line() == "one\n");
        s.writer().write("o\nthree");
        CHECK(co_await s.reader().read_line() == "two\n");
        s.writer().write_eof();
        CHECK(co_await s.reader().read_all() == "three");
    });
}

TEST_CASE("echo, line: a line over 64 KiB ends the connection, and others go on")
{
    live l;
    l.run([]() -> awaitable<void> {
        service echo(lines());
        rill::stream other = co_await echo.connect();
        rill::stream s = co_await echo.connect();
        s.writer().write(std::string(200'000, 'x'));
        try {
            const std::string answer = co_await s.reader().read_all();
            CHECK(answer.empty());
        } catch (const rill::system_error& error) {
            CHECK(error.code() == boost::asio::error::connection_reset);
        }
        other.writer().write("fine\n");
        CHECK(co_await other.reader().read_line() == "fine\n");
    });
    CHECK(l.reported.empty());
}

TEST_CASE("echo: conf/echo.toml shows every key at its default")
{
    std::ifstream file(RILL_SOURCE_DIR "/conf/echo.toml");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    CHECK(text == rill::conf::reference<echo::config>());
}

} // namespace
