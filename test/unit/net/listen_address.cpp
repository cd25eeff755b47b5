// SPDX-License-Identifier: BSL-1.0
#include <rill/listen_address.hpp>

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
    CHECK(rill::listen_address::parse("[::1]:80").text() == "[::1]:80");
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
    says(":80", "it has no host");
    says("127.0.0.1:", "\"\" is no port");
    says("127.0.0.1:65536", "\"65536\" is no port");
    says("127.0.0.1:-1", "\"-1\" is no port");
    says("127.0.0.1:80 ", "\"80 \" is no port");
    says("::1:80", "IPv6 stands in brackets");
    says("[127.0.0.1]:80", "only IPv6 stands in brackets");
    says("localhost:80", "\"localhost\" is no IP address");
    says("1.2.3:80", "is no IP address");
    says("unix:", "is empty");
    says("unix:/" + std::string(200, 'x'), "at most");
}

TEST_CASE("listen_address: only fixed TCP ports can be shared by several servers")
{
    CHECK(rill::listen_address::parse("127.0.0.1:80").shareable());
    CHECK(rill::listen_address::parse("*:80").shareable());
    CHECK_FALSE(rill::listen_address::parse("*:0").shareable());
    CHECK_FALSE(rill::listen_address::parse("unix:/x").shareable());
}

TEST_CASE("endpoint: the port of a TCP endpoint, and none of a unix one")
{
    CHECK(rill::port_of(rill::listen_address::parse("[::1]:80").endpoints().front()) == 80);
    CHECK(rill::port_of(rill::listen_address::parse("unix:/x").endpoints().front()) == 0);
}

} // namespace
