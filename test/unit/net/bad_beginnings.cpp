// SPDX-License-Identifier: BSL-1.0
//
// Connections that begin with what is no TLS and no header of the PROXY protocol, by the thousand.
#include "tls_hosts.hpp"
#include <support/held_bytes.hpp>
#include <support/sanitized.hpp>

#include <rill/network.hpp>

#include <cstddef>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;

constexpr int tries = test::sanitized ? 300 : 10'000;

using random = std::mt19937;

std::size_t below(random& numbers, std::size_t end)
{
    return numbers() % end;
}

/// What a client says before it waits, or ends its half.
using beginning = std::function<std::string(random&)>;

std::string bytes(random& numbers, std::size_t most)
{
    std::string text(1 + below(numbers, most), '\0');
    for (char& c : text)
        c = static_cast<char>(below(numbers, 256));
    return text;
}

/// A handshake record that says it has a hello of `length` bytes.
std::string hello(random& numbers, unsigned length, std::size_t sent)
{
    std::string text{"\x16\x03\x01\x40\x00\x01", 6};
    for (const unsigned shift : {16U, 8U, 0U})
        text += static_cast<char>(length >> shift & 0xff);
    text += "\x03\x03";
    while (text.size() < sent)
        text += static_cast<char>(below(numbers, 256));
    return text;
}

awaitable<void> begin(unsigned short port, std::string text, bool ends)
{
    rill::stream s = co_await rill::open_connection("server", port);
    s.writer().write(text);
    if (ends)
        s.writer().write_eof();
    co_await test::error_of(s.reader().read_all());
}

/// The memory that the second half of the tries has left.
std::ptrdiff_t kept_after(test::two_hosts& n, unsigned short port, const beginning& make)
{
    random numbers(7);
    const auto run = [&](int count) {
        n.run([&]() -> awaitable<void> {
            for (int i = 0; i < count; ++i)
                co_await begin(port, make(numbers), below(numbers, 2) == 0);
        });
        n.loop.advance(1min);
    };
    run(tries / 2);
    const test::growth since;
    run(tries / 2);
    return static_cast<std::ptrdiff_t>(since.bytes());
}

TEST_CASE("R13: a TLS port gets rid of what is no hello, and keeps nothing of it")
{
    const beginning kinds[] = {
        [](random& r) { return bytes(r, 1000); },
        [](random&) { return std::string("GET / HTTP/1.1\r\nHost: server\r\n\r\n"); },
        [](random& r) { return hello(r, 500, 10 + below(r, 490)); },
        [](random& r) { return hello(r, 0xffffff, 20'000); },
        [](random&) { return std::string(); },
    };
    for (const beginning& kind : kinds) {
        INFO("kind ", &kind - kinds);
        test::tls_hosts n;
        const auto server = n.serve(test::echo_back);
        CHECK(kept_after(n, 7, kind) < 50'000);
        CHECK(server.connections() == 0);
        CHECK(server.statistics().handshake_errors >= tries);
        CHECK(server.statistics().handler_errors == 0);
        CHECK(n.loop.reported().empty());
    }
}

TEST_CASE("R13: whoever has to begin with a header of the PROXY protocol and does not is got rid of"
)
{
    const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);
    const std::string starts[] = {
        "",
        "PROXY ",
        "PROXY TCP4 ",
        "PROXY TCP6 ::1 ",
        "PROXY UNKNOWN",
        signature,
        signature + "\x21"
    };
    test::two_hosts n;
    const auto server = n.listen(
        test::echo_back,
        "*:7",
        rill::server_options().proxy_protocol_from(rill::network::parse("10.0.0.0/8"))
    );
    const auto kept = kept_after(n, 7, [&](random& r) {
        return starts[below(r, std::size(starts))] + bytes(r, 300);
    });
    CHECK(kept < 50'000);
    CHECK(server.connections() == 0);
    CHECK(
        server.statistics().proxy_protocol_errors >= tries * 9 / 10
    ); // chance may write a good one
    CHECK(n.loop.reported().empty());
}

} // namespace
