// SPDX-License-Identifier: BSL-1.0
#include "proxy_dialogue.hpp"

#include <rill/error.hpp>

#include <boost/asio/error.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace {

using namespace std::string_literals;
using rill::proxy;
using rill::net_detail::proxy_dialogue;

namespace error = boost::asio::error;

/// What a dialogue has sent, and how much of what came it took.
struct outcome {
    std::string sent;
    std::size_t taken = 0;
    bool over = false;
    rill::error_code ec;
    std::string what;
};

/// Talks to a proxy that answers `answers`, all of it at once or in two pieces.
outcome talk(const proxy& via, const std::string& host, std::string_view answers, std::size_t cut)
{
    outcome o;
    const auto dialogue = rill::net_detail::ask(via, host, 443);
    o.sent = dialogue->take_output();
    for (std::string_view piece : {answers.substr(0, cut), answers.substr(cut)}) {
        while (!piece.empty() && !dialogue->over() && !o.ec) {
            try {
                const std::size_t n = dialogue->receive(piece);
                piece.remove_prefix(n);
                o.taken += n;
                o.sent += dialogue->take_output();
            } catch (const rill::system_error& e) {
                o.ec = e.code();
                o.what = e.what();
            }
        }
    }
    o.over = dialogue->over();
    return o;
}

/// The same at every split, which makes no difference.
outcome talk(const proxy& via, const std::string& host, std::string_view answers)
{
    const outcome whole = talk(via, host, answers, answers.size());
    for (std::size_t cut = 0; cut < answers.size(); ++cut) {
        const outcome split = talk(via, host, answers, cut);
        CHECK(split.over == whole.over);
        CHECK(split.ec == whole.ec);
        if (whole.ec)
            continue;
        CHECK(split.sent == whole.sent);
        CHECK(split.taken == whole.taken);
    }
    return whole;
}

const proxy plain_http = proxy::parse("http://host");
const proxy plain_socks = proxy::parse("socks5h://host");
const proxy socks_with_user = proxy::parse("socks5h://ada:secret@host");

TEST_CASE("http_connect: asks for the target, and takes a 2xx answer to its end and no further")
{
    const std::string answer = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
    const outcome o = talk(plain_http, "example.com", answer + "220 hello\r\n\r\n");
    CHECK(o.sent == "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
    CHECK(o.over);
    CHECK(o.taken == answer.size());
}

TEST_CASE("http_connect: IPv6 stands in brackets, and a user is told as Basic credentials")
{
    const auto sent = [](const char* url, const char* host) {
        return rill::net_detail::ask(proxy::parse(url), host, 443)->take_output();
    };
    CHECK(sent("http://h", "::1").starts_with("CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n"));
    const auto credentials = [&](const char* url) {
        const std::string all = sent(url, "x");
        const std::size_t at = all.find("Basic ") + 6;
        return all.substr(at, all.find("\r\n", at) - at);
    };
    CHECK(
        credentials("http://Aladdin:open sesame@h") == "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    ); // RFC 7617
    CHECK(credentials("http://a:b@h") == "YTpi");
    CHECK(credentials("http://a:bc@h") == "YTpiYw==");
    CHECK(credentials("http://a:bcd@h") == "YTpiY2Q=");
}

TEST_CASE(
    "http_connect: interim answers, bare line feeds and what is said of a content are passed over"
)
{
    const std::string answer = "HTTP/1.1 103 Early Hints\r\n\r\n"
                               "HTTP/1.0 204 Fine\nContent-Length: 5\n\n";
    const outcome o = talk(plain_http, "x", answer + "12345");
    CHECK(o.over);
    CHECK(o.taken == answer.size());
}

TEST_CASE("http_connect: other answers are errors that quote them")
{
    const auto answered = [](const char* status) {
        return talk(plain_http, "x", "HTTP/1.1 " + std::string(status) + "\r\n\r\n");
    };
    const outcome denied = answered("407 Proxy Authentication Required");
    CHECK(denied.ec == error::access_denied);
    CHECK(denied.what.find("the proxy answered \"407 Proxy Authentication Required\"") == 0);
    CHECK(answered("502 Bad Gateway").ec == error::host_unreachable);
    CHECK(answered("504 Gateway Timeout").ec == error::timed_out);
    CHECK(answered("405 Method Not Allowed").ec == error::connection_refused);
    CHECK(answered("302 Found").ec == error::connection_refused);
}

TEST_CASE("http_connect: what is not HTTP, or has no end, is an error")
{
    const auto protocol_error = boost::system::errc::protocol_error;
    CHECK(talk(plain_http, "x", "SSH-2.0-OpenSSH\r\n\r\n").ec == protocol_error);
    CHECK(talk(plain_http, "x", "HTTP/1.1 2x0 Fine\r\n\r\n").ec == protocol_error);
    CHECK(talk(plain_http, "x", "HTTP/1.1 -20 Fine\r\n\r\n").ec == protocol_error);
    CHECK(talk(plain_http, "x", "HTTP/1.1\r\n\r\n").ec == protocol_error);
    const std::string endless = "HTTP/1.1 200 Fine\r\n" + std::string(17 * 1024, 'x');
    CHECK(talk(plain_http, "x", endless, 100).ec == error::message_size);
}

TEST_CASE("socks5: a name goes to the proxy as it is, and an address as an address")
{
    const std::string answer = "\5\0"s + "\5\0\0\1\x7f\0\0\1\0\7"s;
    const outcome name = talk(plain_socks, "example.com", answer + "220 hello");
    CHECK(name.sent == "\5\1\0"s + "\5\1\0\3\x0b"s + "example.com" + "\1\xbb"s);
    CHECK(name.over);
    CHECK(name.taken == answer.size());
    CHECK(talk(plain_socks, "192.0.2.7", answer).sent == "\5\1\0"s + "\5\1\0\1\xc0\0\2\7\1\xbb"s);
    const std::string six = "\x20\1\x0d\xb8"s + std::string(11, '\0') + "\1"s;
    CHECK(talk(plain_socks, "2001:db8::1", answer).sent == "\5\1\0\5\1\0\4"s + six + "\1\xbb"s);
}

TEST_CASE("socks5: the address in the answer may be of any kind")
{
    const std::string six = "\5\0\5\0\0\4"s + std::string(16, '\1') + "\0\7"s;
    const std::string name = "\5\0\5\0\0\3\3abc\0\7"s;
    for (const std::string& answer : {six, name}) {
        const outcome o = talk(plain_socks, "x", answer + "more");
        CHECK(o.over);
        CHECK(o.taken == answer.size());
    }
}

TEST_CASE("socks5: a user is offered, and told if the proxy wants that (RFC 1929)")
{
    const std::string connected = "\5\0\0\1\0\0\0\0\0\0"s;
    const std::string request = "\5\1\0\3\1x\1\xbb"s;
    const outcome asked = talk(socks_with_user, "x", "\5\2\1\0"s + connected);
    CHECK(asked.sent == "\5\2\0\2"s + "\1\3ada\6secret"s + request);
    CHECK(asked.over);
    const outcome not_asked = talk(socks_with_user, "x", "\5\0"s + connected);
    CHECK(not_asked.sent == "\5\2\0\2"s + request);
    CHECK(not_asked.over);
}

TEST_CASE("socks5: what the proxy refuses is an error that says so")
{
    const outcome wrong = talk(socks_with_user, "x", "\5\2\1\1"s);
    CHECK(wrong.ec == error::access_denied);
    CHECK(wrong.what.find("user or password is wrong") != std::string::npos);
    CHECK(talk(plain_socks, "x", "\5\xff"s).what.find("it wants a user") != std::string::npos);
    CHECK(talk(socks_with_user, "x", "\5\xff"s).ec == error::access_denied);
    CHECK(talk(plain_socks, "x", "\5\2"s).ec == error::access_denied); // was not offered
    const auto reply = [](char code) {
        return talk(plain_socks, "x", "\5\0\5"s + code + "\0\1\0\0\0\0\0\0"s).ec;
    };
    CHECK(reply(1) == error::connection_refused);
    CHECK(reply(2) == error::access_denied);
    CHECK(reply(3) == error::network_unreachable);
    CHECK(reply(4) == error::host_unreachable);
    CHECK(reply(5) == error::connection_refused);
    CHECK(reply(6) == error::timed_out);
    CHECK(reply(7) == error::operation_not_supported);
    CHECK(reply(8) == error::address_family_not_supported);
    CHECK(reply(99) == error::connection_refused);
}

TEST_CASE("socks5: what is not SOCKS 5 is an error")
{
    const auto protocol_error = boost::system::errc::protocol_error;
    CHECK(talk(plain_socks, "x", "HTTP/1.1 400").ec == protocol_error);
    CHECK(talk(plain_socks, "x", "\5\0\4\0\0\1"s).ec == protocol_error);
    CHECK(talk(plain_socks, "x", "\5\0\5\0\0\2"s).ec == protocol_error);
}

} // namespace
