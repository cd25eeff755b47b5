// SPDX-License-Identifier: BSL-1.0
#include <rill/proxy.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

namespace {

using rill::proxy;

std::string refusal_of(const char* url)
{
    try {
        proxy::parse(url);
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return "";
}

TEST_CASE("proxy: a URL has protocol, host, port, user and password")
{
    const proxy p = proxy::parse("http://ada:secret@proxy.example:3128");
    CHECK(p.protocol() == proxy::kind::http);
    CHECK(p.host() == "proxy.example");
    CHECK(p.port() == 3128);
    CHECK(p.user() == "ada");
    CHECK(p.password() == "secret");
}

TEST_CASE("proxy: without a port it is that of the protocol, and without a user there is none")
{
    CHECK(proxy::parse("http://host").port() == 80);
    CHECK(proxy::parse("socks5://host/").port() == 1080);
    CHECK(proxy::parse("socks5h://host").protocol() == proxy::kind::socks5h);
    CHECK(proxy::parse("socks5://host").user().empty());
    CHECK(proxy::parse("socks5://ada@host").user() == "ada");
    CHECK(proxy::parse("socks5://ada@host").password().empty());
}

TEST_CASE("proxy: IPv6 stands in brackets, special characters are escaped or not")
{
    CHECK(proxy::parse("http://[::1]:8080").host() == "::1");
    CHECK(proxy::parse("http://[::1]").port() == 80);
    CHECK(proxy::parse("http://a%40b:p%3Aq@host").user() == "a@b");
    CHECK(proxy::parse("http://a%40b:p%3Aq@host").password() == "p:q");
    CHECK(proxy::parse("http://ada:p@ss:w@host").password() == "p@ss:w");
}

TEST_CASE("proxy: its text has no credentials, and can be parsed")
{
    CHECK(to_string(proxy::parse("http://ada:secret@host")) == "http://host:80");
    CHECK(to_string(proxy::parse("socks5h://[::1]:9")) == "socks5h://[::1]:9");
}

TEST_CASE("proxy: what is none is refused, with the reason and without the password")
{
    CHECK(refusal_of("host:3128").find("its scheme is not one of") != std::string::npos);
    CHECK(refusal_of("https://host").find("its scheme is not one of") != std::string::npos);
    CHECK(refusal_of("http://").find("it has no host") != std::string::npos);
    CHECK(refusal_of("http://ho st").find("it has no host") != std::string::npos);
    CHECK(refusal_of("http://host:0").find("\"0\" is no port") != std::string::npos);
    CHECK(refusal_of("http://host:65536").find("\"65536\" is no port") != std::string::npos);
    CHECK(refusal_of("http://::1:80").find("IPv6 stands in brackets") != std::string::npos);
    CHECK(refusal_of("http://[nine]:80").find("is no IPv6 address") != std::string::npos);
    CHECK(refusal_of("http://host/path").find("is no host") != std::string::npos);
    CHECK(refusal_of("http://a%3Ab:c@host").find("its user has a colon") != std::string::npos);
    const std::string long_password = "socks5://a:" + std::string(256, 'x') + "@host";
    CHECK(refusal_of(long_password.c_str()).find("more than 255 bytes") != std::string::npos);
    const std::string shown = refusal_of("http://ada:sec%zzret@host");
    CHECK(shown.find("its password has a % that is no escape") != std::string::npos);
    CHECK(shown.find("ret") == std::string::npos);
}

} // namespace
