// SPDX-License-Identifier: BSL-1.0
#include <support/network.hpp>

#include <rill/connect_address.hpp>

#include <stdexcept>
#include <string>

namespace {

using rill::awaitable;
using rill::connect_address;

std::string refusal(std::string_view text)
{
    try {
        connect_address::parse(text);
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return "accepted";
}

bool is_refused(std::string_view text, const std::string& why)
{
    return refusal(text).find(
               "\"" + std::string(text) + "\" is no address to connect to: " + why
           ) == 0;
}

TEST_CASE("connect_address: names, addresses and unix sockets, as they are written")
{
    for (const char* text :
         {"db.example:5432", "127.0.0.1:1", "[::1]:65535", "unix:/run/x.sock", "unix:@name"})
        CHECK(to_string(connect_address::parse(text)) == text);
    const auto tcp = connect_address::parse("[::1]:80");
    CHECK(tcp.host() == "::1");
    CHECK(tcp.port() == 80);
    CHECK_FALSE(tcp.is_unix());
    const auto unix_socket = connect_address::parse("unix:/run/x");
    CHECK(unix_socket.path() == "/run/x");
    CHECK(unix_socket.is_unix());
}

TEST_CASE("connect_address: what is none is refused, with the reason")
{
    CHECK(is_refused("", "it has no port"));
    CHECK(is_refused("db", "it has no port"));
    CHECK(is_refused("[::1]", "it has no port"));
    CHECK(is_refused("db:", "\"\" is no port"));
    CHECK(is_refused("db:65536", "\"65536\" is no port"));
    CHECK(is_refused("db:0", "nobody listens on port 0"));
    CHECK(is_refused(":80", "\"\" is neither an IP address nor a name"));
    CHECK(is_refused("*:80", "\"*\" is neither an IP address nor a name"));
    CHECK(is_refused("::1:80", "IPv6 stands in brackets"));
    CHECK(is_refused("[127.0.0.1]:80", "only IPv6 stands in brackets"));
    CHECK(is_refused("1.2.3:80", "\"1.2.3\" is neither an IP address nor a name"));
    CHECK(is_refused("unix:", "the path of a unix socket is empty"));
}

TEST_CASE("connect_address: a connection is opened to it")
{
    test::two_hosts n;
    const auto tcp = n.listen(test::echo_back, "*:7");
    const auto unix_socket = n.listen(test::echo_back, "unix:@x");
    const auto here = n.server.enter();
    n.loop.run([]() -> awaitable<void> {
        for (const char* at : {"server:7", "127.0.0.1:7", "unix:@x"}) {
            rill::stream s = co_await rill::open_connection(connect_address::parse(at));
            s.writer().write("x");
            CHECK(co_await s.reader().read_exactly(1) == "x");
        }
    });
}

} // namespace
