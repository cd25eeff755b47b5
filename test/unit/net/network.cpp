// SPDX-License-Identifier: BSL-1.0
#include <rill/network.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

namespace {

bool contains(std::string_view network, const char* address)
{
    return rill::network::parse(network).contains(boost::asio::ip::make_address(address));
}

std::string refusal(std::string_view text)
{
    try {
        rill::network::parse(text);
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return "accepted";
}

TEST_CASE("network: it contains what begins as it does, to the bit")
{
    CHECK(contains("10.0.0.0/8", "10.255.255.255"));
    CHECK_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
    CHECK(contains("192.0.2.128/25", "192.0.2.128"));
    CHECK_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
    CHECK(contains("192.0.2.7", "192.0.2.7"));
    CHECK_FALSE(contains("192.0.2.7", "192.0.2.6"));
    CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
    CHECK_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
    CHECK(contains("::1", "::1"));
    CHECK_FALSE(contains("::1", "::2"));
}

TEST_CASE("network: of a prefix of 0 is everybody of the family, and nobody of the other")
{
    CHECK(contains("0.0.0.0/0", "203.0.113.9"));
    CHECK_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
    CHECK(contains("::/0", "2001:db8::1"));
    CHECK_FALSE(contains("::/0", "203.0.113.9"));
}

TEST_CASE("network: an IPv4 address in IPv6's clothes is that IPv4 address")
{
    CHECK(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
    CHECK_FALSE(contains("::/0", "::ffff:10.1.2.3"));
    CHECK(contains("::ffff:10.0.0.0/104", "10.1.2.3"));
    CHECK(rill::network::parse("::ffff:10.0.0.0/104") == rill::network::parse("10.0.0.0/8"));
}

TEST_CASE("network: its text has the prefix")
{
    CHECK(to_string(rill::network::parse("10.0.0.0/8")) == "10.0.0.0/8");
    CHECK(to_string(rill::network::parse("192.0.2.7")) == "192.0.2.7/32");
    CHECK(to_string(rill::network::parse("2001:DB8::/32")) == "2001:db8::/32");
    CHECK(to_string(rill::network::parse("::ffff:10.0.0.0/104")) == "10.0.0.0/8");
}

TEST_CASE("network: what is wrong is said, with the text")
{
    const auto says = [](std::string_view text, const std::string& part) {
        const std::string why = refusal(text);
        INFO(why);
        CHECK(why.find(part) != std::string::npos);
        CHECK(why.find("\"" + std::string(text) + "\" is no network") != std::string::npos);
    };
    says("", "\"\" is no IP address");
    says("localhost", "\"localhost\" is no IP address");
    says("10.0.0/8", "\"10.0.0\" is no IP address");
    says("10.0.0.0/", "\"\" is no length of a prefix");
    says("10.0.0.0/-1", "\"-1\" is no length of a prefix");
    says("10.0.0.0/8 ", "\"8 \" is no length of a prefix");
    says("10.0.0.0/33", "IPv4 has 32 bits");
    says("::/129", "IPv6 has 128 bits");
    says("10.0.0.1/8", "10.0.0.0/8 is the network, 10.0.0.1 the address alone");
    says("2001:db8::1/32", "2001:db8::/32 is the network, 2001:db8::1 the address alone");
    says("fe80::1%1", "with a zone");
}

} // namespace
