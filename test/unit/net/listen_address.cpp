// SPDX-License-Identifier: BSL-1.0
#include <rill/listen_address.hpp>
#include <rill/testing/loop.hpp>
#include <rill/testing/network.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

namespace {

std::string parsed(std::string_view text)
{
    std::string all;
    for (const rill::endpoint& e : rill::listen_address::parse(text).endpoints())
        all += (all.empty() ? "" : " ") + rill::to_string(e);
    return all;
}

std::string refusal(std::string_view text)
{
    try {
        rill::listen_address::parse(text);
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return "accepted";
}

TEST_CASE("listen_address: addresses, all interfaces and unix paths")
{
    CHECK(parsed("127.0.0.1:7007") == "127.0.0.1:7007");
    CHECK(parsed("0.0.0.0:0") == "0.0.0.0:0");
    CHECK(parsed("[::1]:80") == "[::1]:80");
    CHECK(parsed("*:65535") == "0.0.0.0:65535 [::]:65535");
    CHECK(parsed("unix:/run/echo.sock") == "unix:/run/echo.sock");
    CHECK(parsed("unix:relative path") == "unix:relative path");
    CHECK(parsed("unix:@abstract") == "unix:@abstract");
    CHECK(parsed(":80") == "0.0.0.0:80 [::]:80");
    CHECK(rill::listen_address::parse("[::1]:80").text() == "[::1]:80");
}

TEST_CASE("listen_address: a name is to be looked up, and an inherited socket to be found")
{
    const auto name = rill::listen_address::parse("web-1.localhost:80");
    REQUIRE(name.places().size() == 1);
    CHECK(name.places()[0].host == "web-1.localhost");
    CHECK(name.places()[0].port == 80);
    CHECK(name.endpoints().empty());
    const auto inherited = rill::listen_address::parse("fd:web");
    CHECK(inherited.places()[0].inherited_name == "web");
    CHECK(inherited.endpoints().empty());
}

TEST_CASE("SRV-15: what is listed twice counts once, whatever it is")
{
    const auto all = rill::listen_address::parse_list(
        {"127.0.0.1:80", "*:81", "[::]:81", "127.0.0.1:80", "a:1", "a:2", "a:1", "fd:x", "fd:x"}
    );
    CHECK(all.text() == "127.0.0.1:80, *:81, a:1, a:2, fd:x");
    CHECK(all.endpoints().size() == 3);
    CHECK_THROWS_AS(rill::listen_address::parse_list({}), std::invalid_argument);
}

TEST_CASE("SRV-15: a look-up puts the addresses of each name in its place, without duplicates")
{
    rill::testing::loop loop;
    rill::testing::network net(loop);
    net.names().set("two", {"127.0.0.1", "::1"});
    loop.run([]() -> rill::awaitable<void> {
        const auto at = co_await rill::look_up(
            rill::listen_address::parse_list({"two:80", "[::1]:80", "unix:@x"})
        );
        REQUIRE(at.places().size() == 2);
        CHECK(at.places()[0].host.empty());
        CHECK(at.places()[0].endpoints.size() == 2);
        CHECK(at.text() == "two:80, unix:@x");
    });
}

TEST_CASE("listen_address: what is wrong is said, with the text")
{
    const auto says = [](std::string_view text, const std::string& part) {
        const std::string why = refusal(text);
        INFO(why);
        CHECK(why.find(part) != std::string::npos);
        CHECK(why.find("\"" + std::string(text) + "\"") != std::string::npos);
    };
    says("", "it has no port");
    says("127.0.0.1", "it has no port");
    says("[::1]", "it has no port");
    says("127.0.0.1:", "\"\" is no port");
    says("127.0.0.1:65536", "\"65536\" is no port");
    says("127.0.0.1:-1", "\"-1\" is no port");
    says("127.0.0.1:80 ", "\"80 \" is no port");
    says("::1:80", "IPv6 stands in brackets");
    says("[127.0.0.1]:80", "only IPv6 stands in brackets");
    says("1.2.3:80", "\"1.2.3\" is neither an IP address nor a name");
    says("[localhost]:80", "neither an IP address nor a name");
    says("http://localhost:80", "neither an IP address nor a name");
    says("a b:80", "neither an IP address nor a name");
    says("fd:", "neither the name nor the number");
    says("unix:", "is empty");
    says("unix:/" + std::string(200, 'x'), "at most");
}

TEST_CASE("endpoint: the port of a TCP endpoint, and none of a unix one")
{
    CHECK(rill::port_of(rill::listen_address::parse("[::1]:80").endpoints().front()) == 80);
    CHECK(rill::port_of(rill::listen_address::parse("unix:/x").endpoints().front()) == 0);
}

} // namespace
