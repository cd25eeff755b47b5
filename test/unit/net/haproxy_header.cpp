// SPDX-License-Identifier: BSL-1.0
#include "haproxy_header.hpp"

#include <rill/error.hpp>
#include <rill/random.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::string_literals;
using rill::proxy_protocol;
using rill::relayed_addresses;
using rill::net_detail::haproxy_header;
using rill::net_detail::haproxy_header_of;

const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;

rill::endpoint tcp(const std::string& address, unsigned short port)
{
    return boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address(address), port);
}

rill::endpoint unix_socket(const std::string& path)
{
    return boost::asio::local::stream_protocol::endpoint(path);
}

/// "source to destination", "own" where none are told of, "more" if it is not complete; or what is
/// wrong. And how many bytes were the header's.
struct reading {
    std::string text;
    std::size_t taken = 0;

    bool operator==(const reading&) const = default;
};

reading read(const std::vector<std::string_view>& pieces)
{
    haproxy_header header;
    reading r;
    try {
        for (const std::string_view piece : pieces)
            r.taken += header.receive(piece);
    } catch (const rill::system_error& e) {
        CHECK_FALSE(header.complete());
        r.text = e.what();
        return r;
    }
    if (!header.complete())
        r.text = "more";
    else if (const auto& a = header.addresses())
        r.text = to_string(a->source) + " to " + to_string(a->destination);
    else
        r.text = "own";
    return r;
}

/// The same whole, at every split and byte by byte, with and without something behind it.
reading read(std::string_view data)
{
    const reading whole = read(std::vector{data});
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < data.size(); ++i) {
        INFO("split at ", i);
        bytes.push_back(data.substr(i, 1));
        const reading split = read({data.substr(0, i), data.substr(i)});
        CHECK(split.text == whole.text);
        if (whole.taken > 0)
            CHECK(split.taken == whole.taken);
    }
    CHECK(read(bytes).text == whole.text);
    return whole;
}

std::string block(int version_and_command, int family, std::size_t length, const std::string& rest)
{
    std::string text = signature;
    for (const int byte :
         {version_and_command,
          family,
          static_cast<int>(length >> 8),
          static_cast<int>(length & 0xff)})
        text += static_cast<char>(byte);
    return text + rest;
}

const std::string v4_addresses("\x01\x02\x03\x04\x05\x06\x07\x08\x30\x39\x01\xbb", 12);

std::string v6_addresses()
{
    std::string a(16, '\0');
    a[15] = 1;
    std::string b(16, '\0');
    b[0] = '\x20';
    b[1] = '\x01';
    return a + b + "\x30\x39\x01\xbb";
}

TEST_CASE("haproxy header: version 1: a line says who it was")
{
    const std::string line = "PROXY TCP4 1.2.3.4 5.6.7.8 12345 443\r\n";
    CHECK(read(line + "GET /") == reading{"1.2.3.4:12345 to 5.6.7.8:443", line.size()});
    CHECK(read("PROXY TCP6 ::1 2001:DB8::2 0 65535\r\n").text == "[::1]:0 to [2001:db8::2]:65535");
    CHECK(read("PROXY TCP6 ::ffff:1.2.3.4 ::1 1 2\r\n").text == "[::ffff:1.2.3.4]:1 to [::1]:2");
    CHECK(read("PROXY UNKNOWN\r\n") == reading{"own", 15});
    CHECK(read("PROXY UNKNOWN ffff:: what ever 1\r\nx") == reading{"own", 34});
}

TEST_CASE("haproxy header: version 1: 107 bytes are enough for any line, and one more is too many")
{
    const std::string longest = "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n";
    REQUIRE(longest.size() == haproxy_header::longest_v1);
    CHECK(read(longest).text == "own");
    const std::string much = "PROXY UNKNOWN " + std::string(92, 'x') + "\r\n";
    CHECK(read(much).text.find("more than 107 bytes") != std::string::npos);
    CHECK(read(longest.substr(0, 106)).text == "more");
}

TEST_CASE("haproxy header: version 1: every wrong line is refused")
{
    for (const std::string& line : {
             "PROXY\r\n"s,
             "PROXY \r\n"s,
             "PROXY TCP4\r\n"s,
             "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n"s,
             "PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n"s,
             "PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n"s,
             "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n"s,
             "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n"s,
             "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n"s,
             "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n"s,
             "PROXY TCP4 1.2.3.4 1 2\r\n"s,
             "PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n"s,
             "PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n"s,
             "PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n"s,
             "PROXY TCP4 1.2.3.4\0 5.6.7.8 1 2\r\n"s,
             "PROXY TCP4 ::1 ::2 1 2\r\n"s,
             "PROXY TCP6 1.2.3.4 ::2 1 2\r\n"s,
             "PROXY TCP6 ::1%lo ::2 1 2\r\n"s,
             "PROXY TCP6 [::1] ::2 1 2\r\n"s,
             "PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n"s,
             "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n"s,
             "PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n"s,
             "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n"s,
             "PROXY TCP4 1.2.3.4 5.6.7.8 0x1 2\r\n"s,
             "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n"s,
             "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\r\n"s,
             "PROXY UNKNOWN\n"s,
             "PROXYS UNKNOWN\r\n"s,
             "PING\r\n"s,
         }) {
        INFO(line);
        CHECK(read(line).text.starts_with("the header of the PROXY protocol: "));
    }
}

TEST_CASE("haproxy header: a client that speaks for itself is refused at its first byte")
{
    CHECK(read("G").text.find("does not begin with one") != std::string::npos);
    CHECK(read("PO").text.find("does not begin with one") != std::string::npos);
    CHECK(read("\r\nG").text.find("does not begin with one") != std::string::npos);
    CHECK(read("\x16\x03\x01").text.find("does not begin with one") != std::string::npos);
    CHECK(read("") == reading{"more", 0});
    CHECK(read("P").text == "more");
}

TEST_CASE("haproxy header: version 2: a block says who it was, and more, which is skipped")
{
    const std::string plain = block(0x21, 0x11, 12, v4_addresses);
    CHECK(read(plain + "GET /") == reading{"1.2.3.4:12345 to 5.6.7.8:443", plain.size()});
    CHECK(read(block(0x21, 0x21, 36, v6_addresses())).text == "[::1]:12345 to [2001::]:443");
    const std::string more = block(0x21, 0x11, 12 + 300, v4_addresses + std::string(300, '\x04'));
    CHECK(read(more + "\r\n") == reading{"1.2.3.4:12345 to 5.6.7.8:443", more.size()});
    std::string paths(216, '\0');
    paths.replace(0, 9, "/run/from");
    paths.replace(108, 4, "\0abs"s);
    CHECK(read(block(0x21, 0x31, 216, paths)).text == "unix:/run/from to unix:@abs");
}

TEST_CASE(
    "haproxy header: version 2: where nothing is told of, the connection's own addresses count"
)
{
    CHECK(read(block(0x20, 0x00, 0, "")) == reading{"own", 16});
    CHECK(read(block(0x20, 0x11, 12, v4_addresses)).text == "own"); // LOCAL, whatever it says
    CHECK(read(block(0x20, 0xff, 3, "abc")).text == "own");
    CHECK(read(block(0x21, 0x00, 0, "")).text == "own");
    CHECK(read(block(0x21, 0x00, 5, "abcde")).text == "own");
    CHECK(read(block(0x21, 0x12, 12, v4_addresses)).text == "own"); // UDP
    CHECK(read(block(0x21, 0x22, 36, v6_addresses())).text == "own");
}

TEST_CASE("haproxy header: version 2: every wrong block is refused, once its head is there")
{
    for (const std::string& head : {
             block(0x11, 0x11, 12, ""),     // version
             block(0x31, 0x11, 12, ""),     // version
             block(0x22, 0x11, 12, ""),     // command
             block(0x21, 0x10, 12, ""),     // protocol
             block(0x21, 0x13, 12, ""),     // protocol
             block(0x21, 0x01, 12, ""),     // family
             block(0x21, 0x41, 12, ""),     // family
             block(0x21, 0x11, 11, ""),     // too short
             block(0x21, 0x21, 35, ""),     // too short
             block(0x21, 0x31, 215, ""),    // too short
             block(0x21, 0x12, 11, ""),     // too short
             block(0x21, 0x11, 4081, ""),   // too long
             block(0x20, 0x00, 0xffff, ""), // too long
         }) {
        INFO(head.substr(12));
        CHECK(read(head).text.starts_with("the header of the PROXY protocol: "));
    }
    const std::string longest = block(0x21, 0x11, 4080, v4_addresses + std::string(4068, 'x'));
    CHECK(read(std::vector<std::string_view>{longest}).taken == haproxy_header::longest_v2);
    CHECK(read(block(0x21, 0x11, 12, v4_addresses.substr(1))).text == "more");
}

TEST_CASE("haproxy header: what is written is read")
{
    const relayed_addresses v4{tcp("1.2.3.4", 1), tcp("5.6.7.8", 65535)};
    const relayed_addresses v6{tcp("::1", 0), tcp("2001:db8::2", 443)};
    const relayed_addresses mixed{tcp("1.2.3.4", 1), tcp("::1", 2)};
    const relayed_addresses mapped{tcp("::ffff:1.2.3.4", 1), tcp("5.6.7.8", 2)};
    const relayed_addresses scoped{tcp("fe80::1%1", 1), tcp("fe80::2%1", 2)};
    for (const proxy_protocol v : {proxy_protocol::v1, proxy_protocol::v2}) {
        const auto again = [v](const relayed_addresses& a) {
            return read(haproxy_header_of(v, a)).text;
        };
        CHECK(again(v4) == "1.2.3.4:1 to 5.6.7.8:65535");
        CHECK(again(v6) == "[::1]:0 to [2001:db8::2]:443");
        CHECK(again(mixed) == "[::ffff:1.2.3.4]:1 to [::1]:2");
        CHECK(again(mapped) == "1.2.3.4:1 to 5.6.7.8:2");
        CHECK(again(scoped) == "[fe80::1]:1 to [fe80::2]:2");
        CHECK(read(haproxy_header_of(v, std::nullopt)).text == "own");
        CHECK(again({tcp("1.2.3.4", 1), unix_socket("/run/x")}) == "own");
    }
    const relayed_addresses paths{unix_socket("/run/from"), unix_socket("\0to"s)};
    CHECK(read(haproxy_header_of(proxy_protocol::v2, paths)).text == "unix:/run/from to unix:@to");
    CHECK(haproxy_header_of(proxy_protocol::v1, paths) == "PROXY UNKNOWN\r\n");
    CHECK(
        haproxy_header_of(proxy_protocol::v2, v4) ==
        block(0x21, 0x11, 12, "\1\2\3\4\5\6\7\x08\0\1\xff\xff"s)
    );
}

TEST_CASE(
    "haproxy header: 10 000 random inputs end in one of its three ways, and never take too much"
)
{
    rill::random_source random(1);
    const std::vector<std::string> seeds{
        "PROXY TCP4 1.2.3.4 5.6.7.8 12345 443\r\n",
        "PROXY TCP6 ::1 2001:DB8::2 0 65535\r\n",
        "PROXY UNKNOWN\r\n",
        block(0x21, 0x11, 12, v4_addresses),
        block(0x21, 0x21, 36, v6_addresses()),
        block(0x21, 0x31, 216, std::string(216, 'x')),
        block(0x20, 0x00, 0, ""),
    };
    std::size_t refused = 0;
    for (int i = 0; i < 10'000; ++i) {
        std::string input = seeds[random() % seeds.size()] + "tail";
        for (auto changes = random() % 4; changes > 0; --changes)
            input[random() % input.size()] = static_cast<char>(random());
        if (random() % 4 == 0)
            input.resize(random() % input.size());
        haproxy_header header;
        std::string_view left = input;
        try {
            while (!left.empty() && !header.complete()) {
                const std::string_view piece = left.substr(0, 1 + random() % 40);
                const std::size_t taken = header.receive(piece);
                REQUIRE(taken <= piece.size());
                REQUIRE((taken == piece.size() || header.complete()));
                left.remove_prefix(taken);
            }
        } catch (const rill::system_error&) {
            ++refused;
        }
    }
    CHECK(refused > 1000);
    CHECK(refused < 9000);
}

} // namespace
